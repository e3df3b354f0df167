package a

import (
	"sync"
	"weak"
	"weakkeycycle/lib"

	"github.com/weakref-go/weakref"
)

type K struct{ name string }

// The bad example of the specification.

type Meta struct{ owner *K }

var bad map[weak.Pointer[K]]*Meta // want `the value can refer to its key \(\*Meta.owner is a \*K\): such an entry keeps its key alive and never goes away; use a weak pointer or an identifier there`

// The good ones.

type weakMeta struct{ owner weak.Pointer[K] }

type idMeta struct{ owner string }

var (
	good1 map[weak.Pointer[K]]*weakMeta
	good2 map[weak.Pointer[K]]idMeta
)

// More of both.

type deep struct {
	list []map[string]*node
}

type node struct {
	next *node
	ch   chan *K
}

type dynamic struct {
	f func() *K
	i any
}

type holder struct {
	m map[weak.Pointer[K]][]*Meta // want `\[\]\*Meta\[i\].owner is a \*K`
	n map[weakref.Ref[K]]deep     // want `deep.list\[i\]\[k\].ch<- is a \*K`
	o map[weak.Pointer[K]]dynamic
	p map[weak.Pointer[K]]*K // want `\*K is a \*K`
	q map[weak.Pointer[K]]K
	r map[*K]*Meta
	s map[string]weak.Pointer[K]
	t map[weak.Pointer[K]]map[*K]bool // want `map\[\*K\]bool.key is a \*K`
}

func made() {
	_ = make(map[weak.Pointer[K]]Meta) // want `Meta.owner`
}

var syncMap sync.Map

func stores(k *K, v any) {
	syncMap.Store(weak.Make(k), &Meta{owner: k}) // want `\*Meta.owner is a \*K`
	syncMap.LoadOrStore(weak.Make(k), Meta{})    // want `Meta.owner is a \*K`
	syncMap.Store(weak.Make(k), &weakMeta{})
	syncMap.Store(weak.Make(k), v)
	syncMap.Store("k", weak.Make(k))
}

type generic[T, V any] struct{ m map[weak.Pointer[T]]V }

func (g *generic[T, V]) get(k *T) V { return g.m[weak.Make(k)] }

var (
	inst1 generic[K, Meta] // want `Meta.owner is a \*K`
	inst2 generic[K, weakMeta]
	inst3 lib.WeakMap[K, *Meta] // want `\*Meta.owner is a \*K`
	inst4 lib.WeakMap[K, int]
)

type slotted struct {
	weakref.Slots
	name string
}

type slottedMeta struct{ owner *slotted }

var (
	km1 weakref.KeyMap[K, Meta] // want `Meta.owner is a \*K`
	km2 weakref.KeyMap[K, weakMeta]
	km3 weakref.KeyMap[slotted, slottedMeta]
)

//weakvet:ignore weakkeycycle the owner is another one
var other map[weak.Pointer[K]]*Meta
