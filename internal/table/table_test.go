package table

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/internal/handle"
)

// A target is what the handles of the tests refer to.
type target struct {
	n int
	_ *target
}

// hashes are the hash functions that every test of behaviour runs with.
var hashes = map[string]func(int) uint64{
	"good":     goodHash,
	"constant": func(int) uint64 { return 0x9e3779b97f4a7c15 },
	"low bits": func(k int) uint64 { return goodHash(k) & 0x3ff },
	"top bits": func(k int) uint64 { return goodHash(k) &^ (1<<58 - 1) },
	"one tag":  func(k int) uint64 { return goodHash(k) &^ 0x7f },
}

func goodHash(k int) uint64 {
	h := (uint64(k) + 1) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

func TestMain(m *testing.M) { boxtest.Main(m) }

// under runs a test with every hash function.
func under(t *testing.T, f func(t *testing.T, hash func(int) uint64)) {
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) { f(t, hash) })
	}
}

// isSlow reports whether a hash leads many keys to few groups, so that a test had
// better not use too many.
func isSlow(hash func(int) uint64) bool {
	var v View[int]
	homes := make(map[uint64]bool)
	for i := range 100 {
		homes[v.home(hash(i))%maxGroups] = true
	}
	return len(homes) < 50
}

// intTable is the smallest container: int to *target.
type intTable struct {
	Table[int]
	hash func(int) uint64

	mu   sync.Mutex
	dead []int
}

func newIntTable(hash func(int) uint64) *intTable {
	t := &intTable{hash: hash}
	t.Policy.Hash = func(s *Slot[int], _ handle.H) (uint64, bool) { return hash(s.Side), true }
	t.Policy.Dead = func(keys []int) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.dead = append(t.dead, keys...)
	}
	return t
}

func (t *intTable) load(k int) *target {
	s := FindKey(t.Read(t.hash(k)), t.hash(k), k)
	if s == nil {
		return nil
	}
	ref := s.Ref()
	if ref == nil {
		return nil
	}
	return handle.Strong[target](ref)
}

func (t *intTable) store(k int, p *target) {
	ref := handle.Of(p)
	l := t.Lock(t.hash(k))
	defer l.Unlock()
	if s := FindKey(l.View(), t.hash(k), k); s != nil {
		if s.IsDead() {
			l.Bury(s)
		}
		l.Set(s, ref)
		return
	}
	l.Insert(ref, k)
}

func (t *intTable) delete(k int) {
	l := t.Lock(t.hash(k))
	defer l.Unlock()
	if s := FindKey(l.View(), t.hash(k), k); s != nil && s.Ref() != nil {
		if s.IsDead() {
			l.Bury(s)
		} else {
			l.Remove(s)
		}
	}
}

func (t *intTable) keys() []int {
	var keys []int
	for s, stale := range t.Slots {
		if stale {
			panic("a slot is stale although nobody writes")
		}
		keys = append(keys, s.Side)
	}
	slices.Sort(keys)
	return keys
}

func (t *intTable) takeDead() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	dead := t.dead
	t.dead = nil
	slices.Sort(dead)
	return dead
}

// TestModel runs random scripts against a map. A target dies when the script says
// so; from then on its key must read as absent, and be reported dead once unless
// it is cleared before anything has noticed.
func TestModel(t *testing.T) {
	under(t, func(t *testing.T, hash func(int) uint64) {
		if !handle.Kill(new(target)) {
			t.Skip("deaths cannot be chosen with boxed handles")
		}
		for seed := range uint64(20) {
			runModel(t, hash, rand.New(rand.NewPCG(seed, 1)))
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	})
}

func runModel(t *testing.T, hash func(int) uint64, rnd *rand.Rand) {
	tab := newIntTable(hash)
	model := make(map[int]*target) // what lives
	dying := make(map[int]bool)    // what has died and may not have been noticed
	var log []string
	space := 10 << rnd.IntN(10)
	for range 2000 {
		k := rnd.IntN(space)
		switch op := rnd.IntN(100); {
		case op < 50:
			log = append(log, fmt.Sprintf("store %d", k))
			p := &target{n: k}
			tab.store(k, p)
			model[k] = p
		case op < 70:
			log = append(log, fmt.Sprintf("delete %d", k))
			tab.delete(k)
			delete(model, k)
		case op < 90:
			if p := model[k]; p != nil {
				log = append(log, fmt.Sprintf("forget %d", k))
				handle.Kill(p)
				delete(model, k)
				dying[k] = true
			}
		case op < 96:
			if got, want := tab.load(k), model[k]; got != want {
				t.Fatalf("load %d = %v, want %v, after %v", k, got, want, log)
			}
		case op < 98:
			log = append(log, "sweep")
			tab.Sweep()
			if len(tab.keys()) != len(model) {
				t.Fatalf("%d entries after a sweep, want %d, after %v", len(tab.keys()), len(model), log)
			}
		case op < 99:
			log = append(log, "check")
			if err := tab.Validate(); err != nil {
				t.Fatalf("%v, after %v", err, log)
			}
		default:
			if rnd.IntN(10) > 0 {
				continue
			}
			log = append(log, "clear")
			tab.Clear()
			clear(model)
			clear(dying)
		}
		for _, d := range tab.takeDead() {
			if !dying[d] {
				t.Fatalf("%d reported dead, after %v", d, log)
			}
			delete(dying, d)
		}
	}
	tab.Sweep()
	for _, d := range tab.takeDead() {
		if !dying[d] {
			t.Fatalf("%d reported dead, after %v", d, log)
		}
		delete(dying, d)
	}
	if len(dying) > 0 {
		t.Fatalf("never reported dead: %v, after %v", dying, log)
	}
	for k, p := range model {
		if tab.load(k) != p {
			t.Fatalf("%d lost, after %v", k, log)
		}
	}
	if tab.Len() != len(model) {
		t.Fatalf("Len %d, want %d", tab.Len(), len(model))
	}
	if err := tab.Validate(); err != nil {
		t.Fatalf("%v, after %v", err, log)
	}
	runtime.KeepAlive(model)
}

func TestGrowAndShrink(t *testing.T) {
	under(t, func(t *testing.T, hash func(int) uint64) {
		n := 50_000
		if isSlow(hash) {
			n = 4_000
		}
		tab := newIntTable(hash)
		targets := make([]*target, n)
		for i := range targets {
			targets[i] = &target{n: i}
			tab.store(i, targets[i])
		}
		if err := tab.Validate(); err != nil {
			t.Fatal(err)
		}
		for i, p := range targets {
			if tab.load(i) != p {
				t.Fatalf("%d lost", i)
			}
		}
		grown := tab.Cap()
		for i := range n - 10 {
			tab.delete(i)
		}
		for range 2 {
			tab.Sweep()
			if err := tab.Validate(); err != nil {
				t.Fatal(err)
			}
		}
		if got := tab.Cap(); got > 100 {
			t.Errorf("%d slots for 10 entries; there were %d", got, grown)
		}
		for i := n - 10; i < n; i++ {
			if tab.load(i) != targets[i] {
				t.Fatalf("%d lost", i)
			}
			tab.delete(i)
		}
		tab.Sweep()
		if tab.Cap() != 0 {
			t.Errorf("%d slots for no entries", tab.Cap())
		}
		runtime.KeepAlive(targets)
	})
}

// TestHashesTakeEffect makes sure that the bad hashes are bad, so that the tests
// that use them test what they mean to.
func TestHashesTakeEffect(t *testing.T) {
	overflows := func(hash func(int) uint64) bool {
		tab := newIntTable(hash)
		p := new(target)
		for i := range 3 * maxGroups * slotsPerGroup {
			tab.store(i, p)
		}
		for _, s := range tab.segments {
			for i := range s.groups {
				if s.groups[i].next.Load() != nil {
					return true
				}
			}
		}
		return false
	}
	for name, hash := range hashes {
		want := name == "constant" || name == "low bits"
		if got := overflows(hash); got != want {
			t.Errorf("hash %q: overflow %v, want %v", name, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	for range 100_000 {
		ctrl := rand.Uint64() & 0x00ff_ffff_ffff_ffff
		for i := range slotsPerGroup {
			if b := ctrl >> (8 * i) & 0xff; b < 0x80 { // an empty slot
				ctrl &^= 0xff << (8 * i)
			}
		}
		hash := rand.Uint64()
		var v View[int]
		m := v.match(ctrl, v.tags(hash))
		for i := range slotsPerGroup {
			b, bit := byte(ctrl>>(8*i)), m>>(8*i+7)&1 == 1
			if b == byte(hash&0x7f|0x80) && !bit {
				t.Fatalf("slot %d of %#x does not match %#x", i, ctrl, hash)
			}
			if b == 0 && bit {
				t.Fatalf("empty slot %d of %#x matches %#x", i, ctrl, hash)
			}
		}
		if m&^highBits != 0 {
			t.Fatalf("match(%#x, %#x) = %#x", ctrl, hash, m)
		}
	}
}
