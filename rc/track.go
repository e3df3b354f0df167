package rc

import (
	"cmp"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/internal/callback"
)

// Track turns tracking on or off and returns how it was. While it is on, every
// [Strong] that is made gets a record of where, which is part of all faults about
// the handle, and which [Open] and [VerifyNone] list. A tracked handle costs about
// two microseconds and half a kilobyte more. Tracking changes nothing else.
//
// Handles made while tracking was off are never tracked. Turn it on before the
// first is made: in TestMain for tests.
func Track(on bool) (was bool) { return tracking.Swap(on) }

var tracking atomic.Bool

// OpenHandle describes a tracked handle that has not been closed.
type OpenHandle struct {
	Type   reflect.Type // the type of the value
	Made   Stack        // where the handle was made
	Leaked bool         // the handle has been collected

	id uint32
}

// String describes the handle in one line and adds where it was made.
func (h OpenHandle) String() string {
	what := "open handle"
	if h.Leaked {
		what = "leaked handle"
	}
	return fmt.Sprintf("%v: %s made at:\n%v", h.Type, what, h.Made)
}

// Open returns the tracked handles that are open or were leaked, oldest first.
// Of the leaked ones it knows the last hundred, until [VerifyNone] has reported
// them.
func Open() []OpenHandle { return records.open() }

// TB is the part of testing.TB that [VerifyNone] needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// VerifyNone fails the test if a tracked handle is open or has been leaked, and
// says where each was made. It gives handles that are about to be closed on other
// goroutines half a second. Defer it at the start of a test, or call it after
// m.Run in TestMain; it knows nothing of which test made a handle, so tests that
// run in parallel see each other's.
//
// It tells of each handle once: the tests after the one that left it open do not fail
// for it as well. Handles that are open before the test begins, because all tests
// share them, are left out if they are given as a baseline. The arguments of a deferred
// call are evaluated at once, so this does it:
//
//	defer rc.VerifyNone(t, rc.Open()...)
//
// Tracking must be on, or VerifyNone fails: it could not know.
func VerifyNone(t TB, baseline ...OpenHandle) {
	t.Helper()
	if !tracking.Load() {
		t.Errorf("rc: VerifyNone knows of no handles, because tracking is off; call rc.Track(true) before the first is made, in TestMain for example")
		return
	}
	known := make(map[uint32]bool)
	for _, h := range baseline {
		known[h.id] = true
	}
	open := records.untold(known)
	for wait := time.Millisecond; len(open) > 0 && wait < 500*time.Millisecond; wait *= 2 {
		time.Sleep(wait)
		open = records.untold(known)
	}
	records.tell(open)
	if len(open) == 0 {
		return
	}
	var b strings.Builder
	for _, h := range open {
		fmt.Fprintf(&b, "\n%v", h)
	}
	t.Errorf("rc: %d handles were not closed:%s", len(open), b.String())
}

// track gives the handle a record.
func track[T any](s *Strong[T], b *block[T]) {
	own := b.node != nil
	s.id = records.add(&record{of: b, typ: reflect.TypeFor[T](), made: callers(), settled: own})
	s.anchor.slot.tracked = own
	runtime.AddCleanup(s, recordLost, s.id)
}

// madeHere has the record of a handle, if there is one, say that it was made here. It is
// for handles that another goroutine has made for the caller. s may be nil.
func (s *Strong[T]) madeHere() {
	if s != nil && s.id != 0 {
		records.made(s.id)
	}
}

// recordLost runs on one of the runtime's cleanup goroutines when a tracked
// handle has been collected.
func recordLost(id uint32) {
	if f := records.collected(id); f != nil {
		callback.Go(lostHandles{}, func() { report(f) })
	}
}

// record is what is known of a tracked handle. It stays until the handle has been
// collected, and must not refer to it, nor to its anchor.
type record struct {
	id     uint32
	of     any // the block; nil once the handle is closed
	typ    reflect.Type
	made   Stack
	closed Stack
	leaked bool // collected, not closed
	told   bool // by VerifyNone

	// settled says that the block needs the record no longer: a block whose
	// handles share an anchor asks once which of those it lost had records.
	settled bool
	// Those that are not settled are in a list of their block's.
	prev, next *record
}

// recordTable holds the records of all tracked handles. One mutex will do, for
// everything else about tracking takes longer.
type recordTable struct {
	mu     sync.Mutex
	last   uint32
	all    map[uint32]*record
	blocks map[any]*record // the unsettled ones of a block, as a list
	lost   []*record       // the last of the leaked ones
}

var records recordTable

const lostKept = 100

func (t *recordTable) add(r *record) (id uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = make(map[uint32]*record)
		t.blocks = make(map[any]*record)
	}
	for t.last == 0 || t.all[t.last] != nil { // 0 is no id, and ids come again
		t.last++
	}
	r.id = t.last
	t.all[r.id] = r
	if !r.settled {
		t.link(r)
	}
	return r.id
}

// link puts r on the list of its block. mu is held.
func (t *recordTable) link(r *record) {
	if r.next = t.blocks[r.of]; r.next != nil {
		r.next.prev = r
	}
	t.blocks[r.of] = r
}

// settle takes r off the list of its block. mu is held.
func (t *recordTable) settle(r *record) {
	if r.settled {
		return
	}
	r.settled = true
	if r.next != nil {
		r.next.prev = r.prev
	}
	switch {
	case r.prev != nil:
		r.prev.next = r.next
	case r.next != nil:
		t.blocks[r.of] = r.next
	default:
		delete(t.blocks, r.of)
	}
	r.prev, r.next = nil, nil
}

// closed notes that the handle has been closed, and where.
func (t *recordTable) closed(id uint32) {
	s := callers()
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.all[id]
	t.settle(r)
	r.of, r.closed = nil, s
}

// made notes that the handle was made by the caller.
func (t *recordTable) made(id uint32) {
	s := callers()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all[id].made = s
}

// stacks returns where the handle was made and where it was closed.
func (t *recordTable) stacks(id uint32) (made, closed Stack) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.all[id]
	return r.made, r.closed
}

// collected notes that the handle is gone; it returns the fault if that was a
// leak.
func (t *recordTable) collected(id uint32) *Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.all[id]
	if r.closed != nil {
		delete(t.all, id)
		return nil
	}
	r.leaked = true
	if r.settled {
		delete(t.all, id)
	}
	if !r.told {
		if len(t.lost) == lostKept {
			t.lost = slices.Delete(t.lost, 0, 1)
		}
		t.lost = append(t.lost, r)
	}
	return &Fault{Kind: Leak, Type: r.typ, Handles: 1, Made: r.made}
}

// settleBlock returns how many of the handles that a block has lost have records.
func (t *recordTable) settleBlock(block any) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := t.blocks[block]; r != nil; n++ {
		next := r.next
		t.settle(r)
		if r.leaked {
			delete(t.all, r.id)
		}
		r = next
	}
	return n
}

// open returns the handles that [Open] lists.
func (t *recordTable) open() []OpenHandle {
	return t.list(func(*record) bool { return true })
}

// untold returns those that nobody has been told of, but for the known ones.
func (t *recordTable) untold(known map[uint32]bool) []OpenHandle {
	return t.list(func(r *record) bool { return !r.told && !known[r.id] })
}

func (t *recordTable) list(wanted func(*record) bool) (open []OpenHandle) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rs := slices.Clone(t.lost)
	for _, r := range t.all {
		if r.closed == nil && !r.leaked {
			rs = append(rs, r)
		}
	}
	slices.SortFunc(rs, func(a, b *record) int { return cmp.Compare(a.id, b.id) })
	for _, r := range rs {
		if wanted(r) {
			open = append(open, OpenHandle{r.typ, r.made, r.leaked, r.id})
		}
	}
	return open
}

// tell notes that somebody has been told of the handles, and forgets the lost ones of
// them.
func (t *recordTable) tell(told []OpenHandle) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := make(map[uint32]bool)
	for _, h := range told {
		ids[h.id] = true
		if r := t.all[h.id]; r != nil {
			r.told = true
		}
	}
	t.lost = slices.DeleteFunc(t.lost, func(r *record) bool { return ids[r.id] })
}
