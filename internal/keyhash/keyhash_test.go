package keyhash

import (
	"fmt"
	"math"
	"testing"
	"unsafe"
)

type named int16

type compound struct {
	a string
	b any
	c [2]float64
}

func TestEqualKeysHaveEqualHashes(t *testing.T) {
	testEqual(t, 42, 42)
	testEqual(t, named(-3), named(-3))
	testEqual(t, uint8(7), uint8(7))
	testEqual(t, "abc", fmt.Sprint("a", "bc"))
	testEqual(t, 0.0, math.Copysign(0, -1))
	testEqual(t, compound{"x", 1, [2]float64{1, 2}}, compound{"x", 1, [2]float64{1, 2}})
	testEqual[any](t, "abc", fmt.Sprint("a", "bc"))
	p := new(int)
	testEqual(t, p, p)
	c := make(chan int)
	testEqual(t, c, c)
}

func testEqual[K comparable](t *testing.T, a, b K) {
	t.Helper()
	h := Make[K]()
	if h.Hash(a) != h.Hash(b) {
		t.Errorf("%T: %v and %v have different hashes", a, a, b)
	}
	other := Make[K]()
	if h.Hash(a) == other.Hash(a) {
		t.Errorf("%T: two Hashers agree", a)
	}
}

func TestUncomparable(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("hashing a slice in an interface did not panic")
		}
	}()
	h := Make[any]()
	h.Hash([]int{1})
}

// TestSpread counts how keys of common patterns fall into buckets chosen by
// different bits of the hash. A good hash fills them like a random one; the bound
// is many standard deviations away from that.
func TestSpread(t *testing.T) {
	const n, buckets = 1 << 16, 1 << 8
	patterns := map[string]func(i uint64) uint64{
		"sequence":  func(i uint64) uint64 { return i },
		"negative":  func(i uint64) uint64 { return -i },
		"times 64":  func(i uint64) uint64 { return i << 6 },
		"times 4Ki": func(i uint64) uint64 { return i << 12 },
		"high bits": func(i uint64) uint64 { return i << 40 },
		"two runs":  func(i uint64) uint64 { return i>>8<<32 | i&0xff },
		"addresses": func(i uint64) uint64 { return 0xc000_0000_00 + i*48 },
		"squares":   func(i uint64) uint64 { return i * i },
	}
	for name, key := range patterns {
		for trial := range 20 {
			h := Make[uint64]()
			for _, shift := range []int{0, 7, 14, 32, 48, 56} {
				var count [buckets]int
				for i := range uint64(n) {
					count[h.Hash(key(i))>>shift%buckets]++
				}
				chi := 0.0
				for _, c := range count {
					d := float64(c) - n/buckets
					chi += d * d / (n / buckets)
				}
				// The sum is about buckets for random hashes, with a deviation of 23.
				if chi > 4*buckets {
					t.Errorf("%s, trial %d, bits from %d: chi-squared %.0f for %d buckets", name, trial, shift, chi, buckets)
				}
			}
		}
	}
}

func TestSmallIntegersUseAllBits(t *testing.T) {
	h := Make[int8]()
	seen := make(map[uint64]bool)
	for i := math.MinInt8; i <= math.MaxInt8; i++ {
		seen[h.Hash(int8(i))] = true
	}
	if len(seen) != 256 {
		t.Errorf("%d hashes of 256 keys", len(seen))
	}
}

func TestSizes(t *testing.T) {
	if h := Make[int](); uintptr(h.size) != unsafe.Sizeof(0) {
		t.Errorf("size of int %d", h.size)
	}
	if h := Make[string](); h.size != 0 {
		t.Errorf("size of string %d", h.size)
	}
}

// TestKinds checks that bad hashes are bad, and good again afterwards.
func TestKinds(t *testing.T) {
	for kind, want := range map[Kind]int{Good: 1000, OneHash: 1, Truncated: 256} {
		restore := Use(kind)
		h := Make[uintptr]()
		restore()
		seen := make(map[uint64]bool)
		for k := range uintptr(1000) {
			seen[h.Hash(k)] = true
		}
		if len(seen) != want {
			t.Errorf("kind %d: %d hashes of 1000 keys, want %d", kind, len(seen), want)
		}
	}
	for _, want := range []bool{
		truncatedAgrees[uint16](0x0102, 0x0302), truncatedAgrees[int32](-1, 0xff), truncatedAgrees(1<<40|7, int64(7)),
		!truncatedAgrees[uint16](0x0102, 0x0103), !truncatedAgrees[uint32](1, 1<<24), !truncatedAgrees[uint64](1, 1<<56),
	} {
		if !want {
			t.Error("a truncated hash is not of the lowest byte")
		}
	}
	h := Make[int]()
	if h.Hash(1) == h.Hash(2) || h.Hash(1) == h.Hash(257) {
		t.Error("hashes are bad although no test asks for it")
	}
}

// truncatedAgrees reports whether two keys have the same hash if it is truncated.
func truncatedAgrees[K comparable](a, b K) bool {
	restore := Use(Truncated)
	defer restore()
	h := Make[K]()
	return h.Hash(a) == h.Hash(b)
}
