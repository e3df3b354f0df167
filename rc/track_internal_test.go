//go:build !rcsched

package rc

import (
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref/weaktest"
)

// Records go with their handles, closed or leaked.
func TestRecordsDoNotPileUp(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler))
	var reported atomic.Int32
	old := OnFault(func(f *Fault) { reported.Add(int32(f.Handles)) })
	defer func() { OnFault(old) }()
	was := Track(true)
	done := make(chan struct{})
	go func() { // whose stack keeps nothing
		defer close(done)
		for range 10 {
			s := New(1, func(int) {})
			s.Clone()
			s.Clone().Close()
			k := New(&hub{}, func(*hub) {})
			k.Clone()
			k.Close() // leaves three
		}
	}()
	<-done
	Track(was)
	weaktest.Eventually(t, "all leaks are reported and no record is left", func() bool {
		records.mu.Lock()
		defer records.mu.Unlock()
		return reported.Load() == 3*10 && len(records.all) == 0 && len(records.blocks) == 0
	})
	records.tell(records.open())
}

// A block may learn that it lost a handle before the handle's own cleanup runs, or
// after.
func TestRecordOfALostHandle(t *testing.T) {
	for _, blockFirst := range []bool{false, true} {
		var all recordTable
		b := new(block[int])
		id := all.add(&record{of: b})
		settle := func() {
			if n := all.settleBlock(b); n != 1 {
				t.Errorf("the block lost %d tracked handles", n)
			}
		}
		collected := func() {
			if f := all.collected(id); f == nil || f.Kind != Leak {
				t.Errorf("reported %v", f)
			}
		}
		if blockFirst {
			settle()
			collected()
		} else {
			collected()
			settle()
		}
		if len(all.all) != 0 || len(all.blocks) != 0 {
			t.Error("the record stays")
		}
	}
}

// The records of a block leave its list in any order.
func TestRecordsOfABlock(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}} {
		var all recordTable
		a, b := new(block[int]), new(block[int])
		var ids []uint32
		for range 4 {
			ids = append(ids, all.add(&record{of: a}))
			all.add(&record{of: b})
		}
		for i, at := range order[:3] {
			all.closed(ids[at])
			n := 0
			for r := all.blocks[a]; r != nil; r = r.next {
				n++
			}
			if n != 3-i {
				t.Errorf("%v: %d records after %d were closed", order, n, i+1)
			}
		}
		if n, m := all.settleBlock(a), all.settleBlock(b); n != 1 || m != 4 || len(all.blocks) != 0 {
			t.Errorf("%v: %d and %d records are left", order, n, m)
		}
	}
}
