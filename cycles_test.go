package weakref_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref"
)

// session is a key type without Slots.
type session struct {
	user string
	meta *meta
	_    [2]int
}

func (s *session) close() { s.user = "" }

// meta has every way of referring to its session that Cycles sees.
type meta struct {
	owner   *session
	list    []*session
	array   [2]*session
	byName  map[string]*session
	byKey   map[*session]int
	iface   any
	nested  struct{ deep struct{ s *session } }
	pointer unsafe.Pointer
	atom    atomic.Pointer[session]
	value   atomic.Value
	syncMap sync.Map
	fn      func()
	part    *string
	next    *meta
	_       chan *session // which Cycles does not see
	weak    weakref.Ref[session]
	ref     *weakref.ValueMap[int, session]
}

func TestCyclesNamesThePath(t *testing.T) {
	for want, set := range map[string]func(*meta, *session){
		"meta.owner → *weakref_test.session":                                    func(m *meta, s *session) { m.owner = s },
		"meta.list[2] → *weakref_test.session":                                  func(m *meta, s *session) { m.list = []*session{nil, nil, s} },
		"meta.list[1] → *weakref_test.session":                                  func(m *meta, s *session) { m.list = []*session{nil, s}[:0] },
		"meta.array[1] → *weakref_test.session":                                 func(m *meta, s *session) { m.array[1] = s },
		`meta.byName["bob"] → *weakref_test.session`:                            func(m *meta, s *session) { m.byName = map[string]*session{"bob": s} },
		"meta.byKey[a *weakref_test.session] (the key) → *weakref_test.session": func(m *meta, s *session) { m.byKey = map[*session]int{s: 1} },
		"meta.iface.(*weakref_test.session) → *weakref_test.session":            func(m *meta, s *session) { m.iface = s },
		"meta.nested.deep.s → *weakref_test.session":                            func(m *meta, s *session) { m.nested.deep.s = s },
		"meta.pointer → *weakref_test.session":                                  func(m *meta, s *session) { m.pointer = unsafe.Pointer(s) },
		"meta.atom → *weakref_test.session":                                     func(m *meta, s *session) { m.atom.Store(s) },
		"meta.value.v.(*weakref_test.session) → *weakref_test.session":          func(m *meta, s *session) { m.value.Store(s) },
		"meta.syncMap[1] → *weakref_test.session":                               func(m *meta, s *session) { m.syncMap.Store(1, s) },
		"meta.part → *weakref_test.session":                                     func(m *meta, s *session) { m.part = &s.user },
		"meta.next.next.owner → *weakref_test.session": func(m *meta, s *session) {
			m.next = &meta{next: &meta{owner: s}}
			m.next.next.next = m // a ring that has nothing to do with it
		},
		"meta.fn → github.com/weakref-go/weakref_test.(*session).close-fm captures it → *weakref_test.session": func(m *meta, s *session) { m.fn = s.close },
		"": func(m *meta, s *session) {
			m.weak = weakref.Make(s)
			m.ref = new(weakref.ValueMap[int, session])
			m.ref.Store(1, s)
		},
	} {
		var m weakref.KeyMap[session, *meta]
		s, v := &session{user: "bob"}, new(meta)
		set(v, s)
		m.Store(s, v)
		m.Store(&session{user: "other"}, new(meta))
		cycles, complete := m.Cycles()
		if !complete {
			t.Errorf("want %q: not complete", want)
		}
		if want == "" {
			if len(cycles) != 0 {
				t.Errorf("got %v for what keeps nothing", cycles)
			}
			continue
		}
		if len(cycles) != 1 || cycles[0].String() != want || cycles[0].Key.Value() != s {
			t.Errorf("got %q, want %q", cycles, want)
		}
	}
}

func TestCyclesThroughTheKey(t *testing.T) {
	var m weakref.KeyMap[session, *session]
	a := &session{user: "a"}
	b := &session{user: "b", meta: &meta{owner: a}}
	m.Store(a, b)
	cycles, _ := m.Cycles()
	if len(cycles) != 1 || cycles[0].String() != "session.meta.owner → *weakref_test.session" {
		t.Errorf("got %v", cycles)
	}
}

// TestCyclesRing is G9 for keys without Slots.
func TestCyclesRing(t *testing.T) {
	const n = 1000
	var m weakref.KeyMap[object, *object]
	objects := make([]*object, n)
	for i := range objects {
		objects[i] = newObject(i)
	}
	for i, o := range objects {
		m.Store(o, objects[(i+1)%n])
	}
	tail := newObject(-1) // leads to the ring and is none
	m.Store(tail, objects[0])
	m.Store(newObject(-2), nil)
	cycles, complete := m.Cycles()
	if len(cycles) != n || !complete {
		t.Fatalf("%d cycles, complete: %v", len(cycles), complete)
	}
	for _, c := range cycles {
		if c.Key.Value() == tail {
			t.Error("what leads to the ring is reported")
		}
		if len(c.Steps) != n || c.Steps[0] != "object → *weakref_test.object" {
			t.Fatalf("%d steps, the first being %q", len(c.Steps), c.Steps[0])
		}
	}
	if s := cycles[0].String(); !strings.Contains(s, "992 more") || len(s) > 500 {
		t.Errorf("String gives %q", s)
	}

	// Break the ring, and all is well.
	m.Delete(objects[n/2])
	if cycles, _ := m.Cycles(); len(cycles) != 0 {
		t.Errorf("%d cycles are left", len(cycles))
	}
}

func TestCyclesTwoRings(t *testing.T) {
	var m weakref.KeyMap[object, []*object]
	o := make([]*object, 6)
	for i := range o {
		o[i] = newObject(i)
	}
	for from, to := range map[int][]int{0: {1}, 1: {2, 0}, 2: {3}, 3: {4}, 4: {3, 5}} {
		var v []*object
		for _, i := range to {
			v = append(v, o[i])
		}
		m.Store(o[from], v)
	}
	cycles, _ := m.Cycles()
	got := map[int]int{}
	for _, c := range cycles {
		got[slices.Index(o, c.Key.Value())] = len(c.Steps)
	}
	// 2 lies between the rings 0, 1 and 3, 4.
	if len(got) != 4 || got[0] != 2 || got[1] != 2 || got[3] != 2 || got[4] != 2 {
		t.Errorf("keys and lengths %v", got)
	}
}

func TestCyclesLimit(t *testing.T) {
	var m weakref.KeyMap[session, *meta]
	s, v := &session{}, &meta{}
	m.Store(s, v)
	for range 200_000 {
		v = &meta{next: v}
	}
	m.Store(s, v)
	if _, complete := m.Cycles(); complete {
		t.Error("a walk that was cut short is said to be complete")
	}
}

func TestCyclesWithSlots(t *testing.T) {
	var m weakref.KeyMap[slotted, *slotted]
	if cycles, complete := m.Cycles(); cycles != nil || !complete {
		t.Errorf("%v, %v", cycles, complete)
	}
	s := newSlotted(1)
	m.Store(s, s)
	if cycles, complete := m.Cycles(); cycles != nil || !complete {
		t.Errorf("%v, %v", cycles, complete)
	}
}
