package remote

import (
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref"
)

// exports are the objects that a node has given a Ref. A number is given once: its
// upper bits say in which shelf the object is, the others count.
//
//	number  63        48 47                            0
//	       ┌────────────┬───────────────────────────────┐
//	       │ shelf + 1  │ counts the exports of the node│
//	       └────────────┴───────────────────────────────┘
type exports struct {
	node  *Node
	count atomic.Uint64

	byType  sync.Map // reflect.Type → shelf
	shelves atomic.Pointer[[]shelf]
	mu      sync.Mutex // held to make a shelf
}

const (
	shelfShift = 48
	maxShelves = 1<<(64-shelfShift) - 1
)

// shelf has the objects of one type.
type shelf interface {
	pin(number uint64) any // a strong pointer, or nil
	has(number uint64) bool
	remove(number uint64) bool
	len() int
}

// shelfOf is the shelf of a type.
type shelfOf[T any] struct {
	base    uint64
	objects weakref.ValueMap[uint64, T]
}

func (s *shelfOf[T]) pin(number uint64) any {
	if p, ok := s.objects.Load(number); ok {
		return p
	}
	return nil
}

func (s *shelfOf[T]) has(number uint64) bool {
	_, ok := s.objects.Load(number)
	return ok
}

func (s *shelfOf[T]) remove(number uint64) bool {
	_, ok := s.objects.LoadAndDelete(number)
	return ok
}

func (s *shelfOf[T]) len() int { return s.objects.Len() }

// find returns the shelf of a number, or nil.
func (e *exports) find(number uint64) shelf {
	shelves := e.shelves.Load()
	i := number >> shelfShift
	if shelves == nil || i == 0 || i > uint64(len(*shelves)) {
		return nil
	}
	return (*shelves)[i-1]
}

func (e *exports) has(number uint64) bool {
	s := e.find(number)
	return s != nil && s.has(number)
}

func (e *exports) pin(number uint64) any {
	if s := e.find(number); s != nil {
		return s.pin(number)
	}
	return nil
}

func (e *exports) remove(number uint64) bool {
	s := e.find(number)
	return s != nil && s.remove(number)
}

func (e *exports) len() (sum int) {
	if shelves := e.shelves.Load(); shelves != nil {
		for _, s := range *shelves {
			sum += s.len()
		}
	}
	return sum
}

// shelfFor returns the shelf of a type, made if it is missing.
func shelfFor[T any](e *exports) *shelfOf[T] {
	t := reflect.TypeFor[T]()
	if s, ok := e.byType.Load(t); ok {
		return s.(*shelfOf[T])
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s, ok := e.byType.Load(t); ok {
		return s.(*shelfOf[T])
	}
	var shelves []shelf
	if old := e.shelves.Load(); old != nil {
		shelves = *old
	}
	if len(shelves) == maxShelves {
		panic("remote: objects of too many types exported")
	}
	s := &shelfOf[T]{base: uint64(len(shelves)+1) << shelfShift}
	s.objects.OnCollect = e.node.owner.died
	shelves = append(shelves[:len(shelves):len(shelves)], s)
	e.shelves.Store(&shelves)
	e.byType.Store(t, s)
	return s
}

// Export gives an object of this process a Ref, which is valid in every process. It
// does not keep *p, and nothing is sent or stored elsewhere. Each call gives another
// Ref, so export an object once and keep its Ref beside it.
//
// It panics for what cannot be referenced weakly; [weakref.Check] tells before. It takes what it
// takes a [weakref.ValueMap] to store an object, about a microsecond, and some 50 bytes until
// the object is collected.
func Export[T any](n *Node, p *T) Ref {
	s := shelfFor[T](&n.exports)
	number := s.base | n.exports.count.Add(1)
	s.objects.Store(number, p)
	return Ref{n.id, number}
}

// Local returns the object of a Ref in the process of its owner, as a strong pointer.
// It reports false if the object is gone or of another type, if the Ref is another
// node's, or if the session of this node is over.
func Local[T any](n *Node, r Ref) (*T, bool) {
	if r.session != n.id || n.ctx.Err() != nil {
		return nil, false
	}
	s, ok := n.exports.find(r.number).(*shelfOf[T])
	if !ok {
		return nil, false
	}
	return s.objects.Load(r.number)
}

// Withdraw ends a Ref of this node now, without waiting for the collector: it is gone
// for everyone, its watchers are told that it was [Closed], and its name is free.
// Holds that exist keep the object until they are released. It reports whether the
// object was there.
func (n *Node) Withdraw(r Ref) bool {
	if r.session != n.id || !n.exports.remove(r.number) {
		return false
	}
	n.owner.gone(r.number, Closed)
	return true
}
