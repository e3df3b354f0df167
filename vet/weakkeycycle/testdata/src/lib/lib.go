package lib

import "weak"

type WeakMap[K, V any] struct{ m map[weak.Pointer[K]]V }
