//lint:file-ignore U1000 what only holds something is not used otherwise

package main

import (
	"container/list"
	"container/ring"
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/weakref-go/weakref"
)

type Point struct{ X, Y int }

type BigKey struct{ id [40]int }

type BigElem struct {
	pad [20]int
	t   *Target
}

type Room struct {
	Name  string
	seats map[string]*Target
}

type Node struct {
	next *Node
	val  *Target
}

type Tree struct {
	left, right *Tree
	val         *Target
}

type closer interface{ Close() error }

type file struct{ t *Target }

func (f *file) Close() error { use(f.t); return nil }

// Embedding an interface and a pointer.
type Wrapped struct {
	closer
	*Room
}

type Cache[K comparable, V any] struct {
	entries map[K]*entry[V]
	last    *entry[V]
}

type entry[V any] struct {
	value V
	hits  int
}

type holder struct{ t *Target }

type big struct {
	head [8]int
	ts   [100]Target
}

type Entry struct {
	key *User // the classic mistake: the value refers to its key
	t   *Target
}

type freeList struct {
	items []*Target
}

type tagged struct {
	n int
	t *Target
}

var (
	sessions   = map[string]*Target{}
	byID       = map[int]*Target{}
	byPoint    = map[Point]*Target{}
	byBigKey   = map[BigKey]*Target{}
	bigElems   = map[string]BigElem{}
	byTarget   = map[*Target]bool{}
	groups     = map[string][]*Target{}
	sets       = map[any]struct{}{}
	rooms      [3]Room
	plugins    []any
	ifaces     []closer
	hot        *Target
	queue      []*Target
	stack      []*Target
	chain      *Node
	tree       *Tree
	lru        = list.New()
	wheel      *ring.Ring
	weakCache  = map[weak.Pointer[User]]*Entry{}
	kept       *User
	ownKeys    weakref.KeyMap[User, *Entry]
	ownValues  weakref.KeyMap[User, Entry]
	wrapped    Wrapped
	users      Cache[string, *Target]
	current    atomic.Pointer[holder]
	config     atomic.Value
	free       freeList
	jobs       = make(chan *Target, 8)
	events     = make(chan tagged, 4)
	lastErr    error
	raw        unsafe.Pointer
	pages      *[4096]byte
	nested     struct{ inner struct{ list [2][]*Target } }
	pairs      [][2]*Target
	matrix     map[string]map[int]*Target
	boxed      any
	ptrToSlice *[]*Target
	ptrToPtr   **Target
)

//go:noinline
func containers() {
	sessions["alice"] = nil
	sessions["user-42"] = held("small map", `main.sessions["user-42"]`)
	for i := range 100 {
		byID[i] = &Target{}
	}
	byID[1042] = held("map that has grown", `main.byID[1042]`)
	byPoint[Point{3, 4}] = held("map with a struct as key", `main.byPoint[main.Point{X: 3, Y: 4}]`)
	byBigKey[BigKey{[40]int{7}}] = held("map with large keys", `main.byBigKey[main.BigKey{id: [40]int{7, 0, 0, 0, …}}]`)
	bigElems["x"] = BigElem{t: held("map with large elements", `main.bigElems["x"].t`)}
	byTarget[held("key of a map", `main.byTarget[key (*main.Target)(ADDR)]`)] = true
	groups["admins"] = []*Target{nil, held("slice in a map", `main.groups["admins"][1]`)}
	sets[held("key of a map of any", `main.sets[key (*main.Target)(ADDR)].(*main.Target)`)] = struct{}{}
	matrix = map[string]map[int]*Target{"row": {5: held("map of maps", `main.matrix["row"][5]`)}}
	rooms[1].seats = map[string]*Target{"1A": held("array of structs of maps", `main.rooms[1].seats["1A"]`)}
	plugins = append(plugins, 1, "two", held("slice of any", `main.plugins[2].(*main.Target)`))
	ifaces = append(ifaces, nil, &file{held("slice of interfaces", `main.ifaces[1].(*main.file).t`)})
	lists()
	wrappers()
	channels()
	slices()
}

//go:noinline
func lists() {
	t := held("list of ten", `main.chain.next{9}.val`)
	for range 10 {
		chain = &Node{next: chain}
	}
	last := chain
	for last.next != nil {
		last = last.next
	}
	last.val = t
	tree = &Tree{left: &Tree{right: &Tree{val: held("tree", `main.tree.left.right.val`)}}}
	lru.PushBack(held("container/list", `main.lru.root.next.Value.(*main.Target)`))
	wheel = ring.New(3)
	wheel.Move(1).Value = held("container/ring", `main.wheel.next.Value.(*main.Target)`)
	u := &User{Name: "weak key"}
	note("value of a weak map that refers to its key", `main.weakCache[weak.Pointer[main.User]{u: ADDR}].key`, u)
	weakCache[weak.Make(u)] = &Entry{key: u}
	for range 1000 { // many segments
		ownKeys.Store(&User{}, nil)
	}
	u = &User{Name: "key"}
	note("value of a KeyMap that refers to its key", `main.ownKeys[weak ADDR].key`, u)
	ownKeys.Store(u, &Entry{key: u})
	kept = &User{Name: "kept"}
	ownValues.Store(kept, Entry{t: held("value of a KeyMap", `main.ownValues[weak ADDR].t`)})
}

//go:noinline
func wrappers() {
	wrapped.closer = &file{held("embedded interface", `main.wrapped.closer.(*main.file).t`)}
	wrapped.Room = &Room{seats: map[string]*Target{"x": held("embedded pointer", `main.wrapped.Room.seats["x"]`)}}
	users.entries = map[string]*entry[*Target]{"u": {value: held("generic type", `main.users.entries["u"].value`)}}
	current.Store(&holder{held("atomic.Pointer", `main.current.t`)})
	config.Store(&holder{held("atomic.Value", `main.config.(*main.holder).t`)})
	lastErr = fmt.Errorf("request: %w", &failure{held("wrapped error", `main.lastErr.(*fmt.wrapError).err.(*main.failure).t`)})
	raw = unsafe.Pointer(held("unsafe.Pointer", `main.raw`))
	nested.inner.list[1] = []*Target{held("nested arrays and structs", `main.nested.inner.list[1][0]`)}
	pairs = append(pairs, [2]*Target{nil, held("slice of arrays", `main.pairs[0][1]`)})
	boxed = [2]*Target{nil, held("array in an interface", `main.boxed.([2]*main.Target)[1]`)}
	ptrToSlice = &[]*Target{held("pointer to a slice", `main.ptrToSlice[0]`)}
	p := held("pointer to a pointer", `main.ptrToPtr`)
	ptrToPtr = &p
}

type failure struct{ t *Target }

func (f *failure) Error() string { use(f.t); return "failure" }
func (f *failure) Unwrap() error { return errors.ErrUnsupported }

//go:noinline
func channels() {
	jobs <- nil
	jobs <- held("channel buffer", `main.jobs buffer[1]`)
	events <- tagged{1, held("channel of structs", `main.events buffer[0].t`)}
}

//go:noinline
func slices() {
	b := new(big)
	hot = &b.ts[57]
	note("pointer into an array", `main.hot.Self`, func() *User {
		b.ts[57].Self = &User{Name: "interior"}
		return b.ts[57].Self
	}())
	// The array keeps what a slice has left behind, on either side.
	for range 6 {
		queue = append(queue, nil)
		stack = append(stack, nil)
	}
	queue[1] = held("before a slice", `main.queue[-2, before the start]`)
	queue = queue[3:]
	stack[4] = held("beyond a slice", `main.stack[4, beyond the length 2]`)
	stack = stack[:2]
	for range 3 {
		free.items = append(free.items, held("free list", ""))
		cases = cases[:len(cases)-1]
	}
	free.items[2] = held("free list", `main.free.items[2]`)
	pages = new([4096]byte)
	note("array without pointers", `main.pages`, pages)
	held("garbage", "")
}
