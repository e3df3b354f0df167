package live

import (
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/weaktest"
)

type object struct{ _ [4]*int }

// count returns how many containers are known.
func count() int {
	known.mu.Lock()
	defer known.mu.Unlock()
	return len(known.all)
}

// TestTheDeadAreForgotten checks it for those that are listed, and for those whose making
// is recorded although nobody lists them.
func TestTheDeadAreForgotten(t *testing.T) {
	v := new(object)
	make := func(n int) {
		for range n {
			new(weakref.Set[object]).Add(v)
		}
	}
	list := func() { Each(func(uint64, []uintptr, described.State) bool { return true }) }
	make(5000)
	list()
	weaktest.Eventually(t, "few are known", func() bool { list(); return count() < 500 })

	defer Record(Record(true))
	for range 10 {
		make(2000)
		runtime.GC()
	}
	weaktest.Eventually(t, "few are known", func() bool { make(2000); return count() < 8000 })
	runtime.KeepAlive(v)
}

func TestFind(t *testing.T) {
	var s weakref.Set[object]
	v := new(object)
	s.Add(v)
	ids := make(map[uint64]bool)
	Each(func(id uint64, _ []uintptr, s described.State) bool {
		if ids[id] {
			t.Errorf("number %d twice", id)
		}
		ids[id] = true
		if Find(id) != s {
			t.Errorf("Find(%d) is another", id)
		}
		return true
	})
	if len(ids) == 0 || Find(1<<60) != nil {
		t.Errorf("%v", ids)
	}
	runtime.KeepAlive(&s)
	runtime.KeepAlive(v)
}

// TestCollectedWhileListed has a container die in the middle of a listing that has not
// come to it: the rest of the listing does not have it, and has what comes behind it.
func TestCollectedWhileListed(t *testing.T) {
	v := new(object)
	add := func() *weakref.Set[object] {
		s := new(weakref.Set[object])
		s.Add(v)
		return s
	}
	first, dies, last := add(), add(), add()
	var ids []uint64
	Each(func(id uint64, _ []uintptr, _ described.State) bool { ids = append(ids, id); return true })
	ids = ids[len(ids)-3:]
	gone := weakref.Make(dies)
	runtime.KeepAlive(dies)
	dies = nil
	var listed []uint64
	Each(func(id uint64, _ []uintptr, _ described.State) bool {
		if id == ids[0] {
			weaktest.MustCollect(t, gone)
			// Upkeep may still be at what is listed of it.
			weaktest.Eventually(t, "its listing is gone", func() bool { return Find(ids[1]) == nil })
		}
		if id >= ids[0] {
			listed = append(listed, id)
		}
		return true
	})
	if !slices.Equal(listed, []uint64{ids[0], ids[2]}) {
		t.Errorf("listed %v of %v", listed, ids)
	}
	runtime.KeepAlive(first)
	runtime.KeepAlive(last)
	runtime.KeepAlive(v)
}

// TestWeak checks that what package heap is asked about refers to a container, and does
// not hold it.
func TestWeak(t *testing.T) {
	v := new(object)
	s := new(weakref.Set[object])
	s.Add(v)
	var id uint64
	Each(func(last uint64, _ []uintptr, _ described.State) bool { id = last; return true })
	holder := Weak(Find(id))
	p := holder.(*struct{ p weak.Pointer[byte] }).p
	if p.Value() == nil {
		t.Error("it refers to nothing")
	}
	runtime.KeepAlive(s)
	s = nil
	weaktest.Eventually(t, "the container dies", func() bool { return p.Value() == nil })
	runtime.KeepAlive(holder)
	runtime.KeepAlive(v)
}
