//lint:file-ignore U1000 what only holds something is not used otherwise

package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref"
)

// The commonest package variable is a pointer to a composite literal. The literal
// has no symbol of its own.

type Hub struct {
	mu    sync.Mutex
	ch    chan *Target
	rooms map[string]*Room
	pool  sync.Pool
	spare typedPool[Room]
}

type typedPool[T any] struct{ items, pointers sync.Pool }

type jar struct {
	*cookiejar.Jar
	t *Target
}

type row struct {
	name string
	room *Room
}

// wide is pointed to in the middle, and as a whole.
type wide struct {
	name string
	mid  [3]int
	t    *Target
}

type onlyPool struct {
	name string
	buf  sync.Pool
	m    map[string]*Target
	last *Target
}

var (
	litPtr             = &Room{seats: map[string]*Target{}}
	litNested          = &Node{next: &Node{next: &Node{}}}
	litPtrs            = []*Room{{}, {}, {}}
	litStructs         = []Room{{}, {}}
	litAny      any    = &Room{}
	litIface    closer = &file{}
	litErr      error  = &failure{}
	litSyncMap         = &sync.Map{}
	litAnon            = struct{ a *Room }{&Room{}}
	litAnonPtr         = &struct{ t *Target }{}
	litGeneric         = &Cache[int, *Target]{}
	litMap             = map[string]*Room{"a": {}}
	litArray           = &[2]*Target{}
	litSlicePtr        = &[]*Target{nil}
	litEmbedded        = &Wrapped{Room: &Room{}}
	litMutex           = &struct {
		sync.Mutex
		m map[int]*Target
	}{}
	litTable    = [...]row{{"a", &Room{}}, {"b", &Room{}}}
	litTablePtr = &[...]row{{"a", &Room{}}, {"b", &Room{}}}
	litHub      = &Hub{rooms: map[string]*Room{}}
	litAtomic   = &struct{ p atomic.Pointer[holder] }{}
	litKeyMap   = &weakref.KeyMap[User, Entry]{}
	litTwice    = &litPtr2
	litPtr2     = &Room{}
	litMatrix   = [][]*Room{{{}}, {{}, {}}}
	litAnys     = []any{1, &Room{}, "two"}
	litIfaces   = []closer{&file{}, &Wrapped{closer: &file{}}}
	litDeep     = &struct{ in struct{ list []*Node } }{}
	litFuncs    = &struct{ onQuit []func() }{}
	litLog      = &struct{ ctx context.Context }{context.Background()}
	litHead     = &Node{}
	fromInit    = newRoom(initSeats)
	initSeats   = map[string]*Target{}
	copied      = *litPtr3 // a value
	litPtr3     = &Room{}
	shadow      = litPtr4 // two variables lead to one literal
	litPtr4     = &Room{}
	litWord     = &Node{}
	litLonger   = &Node{}
	midFirst    struct {
		mid   *int
		whole []*wide
	}
	litTree = &Tree{left: &Tree{right: &Tree{}}, right: &Tree{}}
)

func newRoom(seats map[string]*Target) *Room { return &Room{seats: seats} }

//go:noinline
func seat(name, want string) map[string]*Target { return map[string]*Target{"x": held(name, want)} }

//go:noinline
func literals() {
	litPtr.seats["x"] = held("pointer to a literal", `main.litPtr.seats["x"]`)
	litNested.next.next.val = held("literal in a literal", `main.litNested.next.next.val`)
	litPtrs[1].seats = seat("slice of pointers to literals", `main.litPtrs[1].seats["x"]`)
	litStructs[1].seats = seat("slice of literals", `main.litStructs[1].seats["x"]`)
	litAny.(*Room).seats = seat("literal in any", `main.litAny.(*main.Room).seats["x"]`)
	litIface.(*file).t = held("literal in an interface", `main.litIface.(*main.file).t`)
	litErr.(*failure).t = held("literal that is an error", `main.litErr.(*main.failure).t`)
	litSyncMap.Store("x", held("pointer to a sync.Map", `main.litSyncMap["x"].(*main.Target)`))
	litAnon.a.seats = seat("literal in an anonymous struct", `main.litAnon.a.seats["x"]`)
	litAnonPtr.t = held("pointer to an anonymous struct", `main.litAnonPtr.t`)
	litGeneric.entries = map[int]*entry[*Target]{7: {value: held("literal of a generic type", `main.litGeneric.entries[7].value`)}}
	litMap["a"].seats = seat("literal in a map", `main.litMap["a"].seats["x"]`)
	litArray[1] = held("pointer to an array", `main.litArray[1]`)
	(*litSlicePtr)[0] = held("pointer to a slice literal", `main.litSlicePtr[0]`)
	litEmbedded.Room.seats = seat("embedded literal", `main.litEmbedded.Room.seats["x"]`)
	litMutex.m = map[int]*Target{3: held("literal with an embedded mutex", `main.litMutex.m[3]`)}
	litTable[1].room.seats = seat("table of literals", `main.litTable[1].room.seats["x"]`)
	litTablePtr[1].room.seats = seat("pointer to a table", `main.litTablePtr[1].room.seats["x"]`)
	litHub.ch = make(chan *Target, 4)
	litHub.ch <- held("channel of a literal", `main.litHub.ch buffer[0]`)
	litHub.rooms["r"] = &Room{seats: seat("literal with a pool", `main.litHub.rooms["r"].seats["x"]`)}
	litHub.pool.Put(&Room{})
	litHub.spare.items.Put(&Room{})
	litAtomic.p.Store(&holder{held("atomic pointer in a literal", `main.litAtomic.p.t`)})
	litKeyMap.Store(kept, Entry{t: held("pointer to a KeyMap", `main.litKeyMap[weak ADDR].t`)})
	(*litTwice).seats = seat("pointer to a variable", `main.litPtr2.seats["x"] || main.litTwice.seats["x"]`)
	litMatrix[1][1].seats = seat("slices of slices", `main.litMatrix[1][1].seats["x"]`)
	litAnys[1].(*Room).seats = seat("literal in a slice of any", `main.litAnys[1].(*main.Room).seats["x"]`)
	litIfaces[1].(*Wrapped).closer.(*file).t = held("interface in a slice of interfaces", `main.litIfaces[1].(*main.Wrapped).closer.(*main.file).t`)
	litDeep.in.list = []*Node{nil, {val: held("slice in structs of a literal", `main.litDeep.in.list[1].val`)}}
	f := held("closure in a literal", `main.litFuncs.onQuit[0] → func main.literals.func1 captures f`)
	litFuncs.onQuit = append(litFuncs.onQuit, func() { use(f) })
	m := held("method value in a literal", `main.litFuncs.onQuit[1] → func main.literals.func2 captures bound → method value main.(*Target).onEvent bound to receiver`)
	bound := m.onEvent
	litFuncs.onQuit = append(litFuncs.onQuit, func() { bound(1) })
	litLog.ctx = context.WithValue(litLog.ctx, ctxKey{}, held("context in a literal", `main.litLog.ctx.Value(main.ctxKey{}).(*main.Target)`))
	litHead.val = held("literal behind the head of a list", `main.litHead.next.next.val`)
	litHead = &Node{next: &Node{next: litHead}}
	litWord.val = held("longer way from a variable", `main.litLonger.next.next.val`)
	litLonger.next = &Node{next: &Node{val: litWord.val}}
	litWord = &Node{next: litWord} // no variable leads to the literal any more
	w := &wide{name: "wide", t: held("beside what a pointer into the middle leads to", `main.midFirst.mid (in *main.wide).t`)}
	midFirst.mid, midFirst.whole = &w.mid[1], []*wide{w}
	initSeats["x"] = held("order of initialization", `main.initSeats["x"] || main.fromInit.seats["x"]`)
	copied.seats = seat("copy of a literal", `main.copied.seats["x"]`)
	shadow.seats = seat("literal that two variables lead to", `main.shadow.seats["x"] || main.litPtr4.seats["x"]`)
	litTree.left.right.val = held("tree of literals", `main.litTree.left.right.val`)
	http.DefaultClient.Jar = &jar{t: held("http.DefaultClient", `http.DefaultClient.Jar.(*main.jar).t`)}
	http.DefaultTransport.(*http.Transport).OnProxyConnectResponse = nil
	http.DefaultTransport.(*http.Transport).TLSNextProto = nil
	locals()
}

// poolsAgain is closed when pools are to be used once more: the runtime's lists have those
// that were used since the last collection but one.
var poolsAgain = make(chan struct{})

// usePools uses them.
func usePools() {
	close(poolsAgain)
	litFuncs.onQuit[2]()
	litHub.pool.Put(&Room{})
	litHub.spare.items.Put(&Room{})
	waitUntilBlocked()
}

// What only a local variable or a closure leads to, with a pool in it, to which the
// runtime leads too.
//
//go:noinline
func locals() {
	o := &onlyPool{name: "closure", m: map[string]*Target{}}
	o.buf.Put(&Room{})
	o.m["x"] = held("struct with a pool in a closure", `main.litFuncs.onQuit[2] → func main.locals.func1 captures o → *main.onlyPool.m["x"]`)
	litFuncs.onQuit = append(litFuncs.onQuit, func() { o.buf.Put(&Room{}) })
	go poolOwner()
	go fieldOnly()
	go sender(make(chan *Room))
	slots()
}

//go:noinline
func poolOwner() {
	o := &onlyPool{name: "local", m: map[string]*Target{}}
	o.buf.Put(&Room{})
	<-poolsAgain
	o.buf.Put(&Room{})
	o.m["x"] = held("struct with a pool in a local variable", `goroutine N [chan receive] main.poolOwner (literals.go:@owner) o.m["x"]`)
	<-block // @owner
	use(o)
}

// Only a field of the variable is needed behind the wait.
//
//go:noinline
func fieldOnly() {
	type db struct {
		head *onlyPool
		name string
	}
	d := &db{head: &onlyPool{name: "field", m: map[string]*Target{}}}
	<-poolsAgain
	d.head.buf.Put(&Room{})
	d.head.m["x"] = held("field of a local variable", `goroutine N [chan receive] main.fieldOnly (literals.go:@field) head.m["x"]`)
	head := d.head
	use(d)
	<-block // @field
	use(head)
}

//go:noinline
func sender(c chan *Room) {
	r := &Room{seats: seat("value of a send in a local variable", `goroutine N [chan send] main.sender (literals.go:@sender) sending → *main.Room.seats["x"]`)}
	c <- r // @sender
}

// The channel is in a slot beside that of the slice, where the slice would have its
// capacity if that were needed.
//
//go:noinline
func slots() {
	buf := new([4096]byte)
	note("slice of a goroutine", `goroutine N [chan receive] main.slots.func1 (literals.go:@slots) b`, buf)
	b := buf[:]
	t := time.NewTicker(time.Hour)
	note("channel that a goroutine ranges over", `goroutine N [chan receive] main.slots.func1 (literals.go:@slots) receiving from`,
		(*[96]byte)(reflect.ValueOf(t.C).UnsafePointer()))
	go func() {
		for range t.C { // @slots
			b[0]++
		}
	}()
}
