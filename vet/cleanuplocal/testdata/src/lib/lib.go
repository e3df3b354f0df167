package lib

import "weak"

type Registry[T any] struct{ all []weak.Pointer[T] }

func (r *Registry[T]) Add(p *T) { r.all = append(r.all, weak.Make(p)) }
