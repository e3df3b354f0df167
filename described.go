package weakref

import (
	"reflect"

	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/internal/table"
)

// What the containers' states say of themselves to package inspect. Nothing else calls
// these methods.

func (s *valueState[K, V]) Describe() described.Container {
	st := Stats{Name: s.name}
	s.report(&st)
	return describedAs[ValueMap[K, V]]("ValueMap", st)
}

// EachKey is for those who want to show keys. It yields those of live entries.
func (s *valueState[K, V]) EachKey(yield func(key any) bool) {
	for slot := range s.table.Slots {
		if slot.Ref() != nil && !slot.IsDead() && !yield(slot.Side) {
			return
		}
	}
}

func (s *keyState[K, V]) Describe() described.Container {
	st := Stats{Name: s.name}
	reportTable(&st, &s.table)
	if s.collect != nil {
		st.Pending, st.Panics = s.collect.Pending(), s.collect.Panics()
	}
	return describedAs[KeyMap[K, V]]("KeyMap", st)
}

func (s *setState[T]) Describe() described.Container {
	return describedTable[Set[T]]("Set", s.name, &s.table)
}

func (s *internState[T]) Describe() described.Container {
	return describedTable[Interner[T]]("Interner", s.name, &s.table)
}

func (s *internFuncState[T]) Describe() described.Container {
	return describedTable[InternerFunc[T]]("InternerFunc", s.name, &s.table)
}

// queueListing stands for a queue in the list of what package inspect lists. That is held
// weakly, and a queue may be a variable, to which there are no weak pointers. Only the
// queue refers to it.
type queueListing[E any] struct {
	queue *Queue[E]
	name  string // at first use
}

// Describe is what the queue says of itself to package inspect, which alone calls it.
func (l *queueListing[E]) Describe() described.Container {
	st := l.queue.stats(l.name)
	return described.Container{
		Kind: "Queue", Name: st.Name, Type: reflect.TypeFor[Queue[E]]().String(),
		Len: st.Len, Capacity: st.Capacity, Stats: st,
	}
}

func describedTable[C, S any](kind, name string, t *table.Table[S]) described.Container {
	st := Stats{Name: name}
	reportTable(&st, t)
	return describedAs[C](kind, st)
}

func describedAs[C any](kind string, st Stats) described.Container {
	return described.Container{
		Kind: kind, Name: st.Name, Type: reflect.TypeFor[C]().String(),
		Len: st.Len, Capacity: st.Capacity, Stats: st,
	}
}
