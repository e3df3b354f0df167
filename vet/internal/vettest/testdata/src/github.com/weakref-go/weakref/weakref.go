// Package weakref is a fake with the signatures that the checks know.
package weakref

import (
	"iter"
	"weak"
)

type Ref[T any] struct{ p weak.Pointer[T] }

func Make[T any](p *T) Ref[T]             { panic("fake") }
func (r Ref[T]) Value() *T                { panic("fake") }
func (r Ref[T]) Pointer() weak.Pointer[T] { panic("fake") }
func Check[T any](p *T) error             { panic("fake") }

type Boxed[T any] struct {
	V T
	_ *byte
}

func Box[T any](v T) *Boxed[T] { return &Boxed[T]{V: v} }

type Func[A any] struct{ _ func(A) bool }

func Bind[T, A any](owner *T, method func(*T, A)) Func[A] { panic("fake") }
func (f Func[A]) Call(a A) bool                           { panic("fake") }

type Finalizer struct{ _ int }

func Finalize[T, S any, F func(S) | func(S) error](p *T, fn F, arg S) *Finalizer { panic("fake") }
func (f *Finalizer) Run() bool                                                   { panic("fake") }
func (f *Finalizer) Stop() bool                                                  { panic("fake") }

type ValueMap[K comparable, V any] struct {
	Name      string
	OnCollect func(key K)
	m         map[K]weak.Pointer[V]
}

func (m *ValueMap[K, V]) Load(key K) (*V, bool)                                     { panic("fake") }
func (m *ValueMap[K, V]) Store(key K, v *V)                                         { panic("fake") }
func (m *ValueMap[K, V]) LoadOrStore(key K, v *V) (actual *V, loaded bool)          { panic("fake") }
func (m *ValueMap[K, V]) LoadOrCreate(key K, create func() (*V, error)) (*V, error) { panic("fake") }
func (m *ValueMap[K, V]) Swap(key K, v *V) (previous *V, loaded bool)               { panic("fake") }
func (m *ValueMap[K, V]) CompareAndSwap(key K, old, new *V) bool                    { panic("fake") }
func (m *ValueMap[K, V]) Delete(key K)                                              { panic("fake") }
func (m *ValueMap[K, V]) All() iter.Seq2[K, *V]                                     { panic("fake") }

type KeyMap[K, V any] struct{ _ *V }

func (m *KeyMap[K, V]) Load(key *K) (V, bool)                           { panic("fake") }
func (m *KeyMap[K, V]) Store(key *K, v V)                               { panic("fake") }
func (m *KeyMap[K, V]) LoadOrStore(key *K, v V) (actual V, loaded bool) { panic("fake") }

type Slots struct{ _ *int }

type Set[T any] struct{ _ *T }

func (s *Set[T]) Add(p *T) bool { panic("fake") }
func (s *Set[T]) Has(p *T) bool { panic("fake") }

type Interner[T comparable] struct{ _ *T }

func (in *Interner[T]) Intern(v T) *T { panic("fake") }
