package design

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/weakref-go/weakref/internal/keyhash"
)

// BenchmarkHash hashes keys in ways that were weighed in
// docs/decisions/0004-hash.md.
func BenchmarkHash(b *testing.B) {
	integers := make([]uint64, 1024)
	strings := make([]string, len(integers))
	for i := range integers {
		integers[i] = uint64(i)
		strings[i] = "key-" + strconv.Itoa(i)
	}
	hashInts, hashStrings := keyhash.Make[uint64](), keyhash.Make[string]()
	one, seed := newOneFold(), maphash.MakeSeed()
	benchmarkHash(b, "int", "ours", integers, hashInts.Hash)
	benchmarkHash(b, "int", "one-fold", integers, one.hash)
	benchmarkHash(b, "int", "maphash", integers, func(k uint64) uint64 { return maphash.Comparable(seed, k) })
	benchmarkHash(b, "string", "ours", strings, hashStrings.Hash)
	benchmarkHash(b, "string", "maphash", strings, func(k string) uint64 { return maphash.String(seed, k) })
}

// oneFold is the first half of what keyhash does.
type oneFold struct{ a, b uint64 }

func newOneFold() oneFold { return oneFold{rand.Uint64(), rand.Uint64() | 1} }

func (h *oneFold) hash(k uint64) uint64 {
	hi, lo := bits.Mul64(k^h.a, h.b)
	return hi ^ lo
}

var sink uint64

func benchmarkHash[K any](b *testing.B, key, way string, keys []K, hash func(K) uint64) {
	b.Run("key="+key+"/way="+way, func(b *testing.B) {
		i := 0
		for b.Loop() {
			sink += hash(keys[i%len(keys)])
			i++
		}
	})
}

// TestOneFoldIsNotEnough shows why there are two: with some secrets, keys of a common pattern
// fall very unevenly into 256 buckets. Random ones would have up to about 105.
func TestOneFoldIsNotEnough(t *testing.T) {
	const keys, buckets, even = 1 << 14, 256, 1 << 14 / 256
	worst := func(hash func(uint64) uint64) (most int) {
		for _, shift := range []int{0, 6, 12, 40} {
			for from := 0; from <= 56; from += 7 {
				var count [buckets]int
				for i := range uint64(keys) {
					count[hash(i<<shift)>>from%buckets]++
				}
				most = max(most, slices.Max(count[:]))
			}
		}
		return most
	}
	var one, two int
	for range 200 {
		h := newOneFold()
		one = max(one, worst(h.hash))
		ours := keyhash.Make[uint64]()
		two = max(two, worst(ours.Hash))
	}
	if one < 2*even || two > 2*even {
		t.Errorf("of %d keys for each bucket, the fullest has %d with one fold and %d with two", even, one, two)
	}
}
