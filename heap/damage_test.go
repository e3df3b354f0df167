package heap_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weakref-go/weakref/heap"
)

// Whatever bytes of a dump are wrong, it gives an error or answers, and no panic:
// nothing that is read from it is believed, names neither.
func FuzzDamagedDump(f *testing.F) {
	dir := f.TempDir()
	exe, dump := buildLeaks(f), filepath.Join(dir, "dump")
	cases := runLeaks(f, exe, "dump", dump)
	whole, err := os.ReadFile(dump)
	if err != nil {
		f.Fatal(err)
	}
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		f.Add(seed, uint8(1)<<(seed/2))
	}
	f.Fuzz(func(t *testing.T, seed uint64, flips uint8) {
		path := filepath.Join(t.TempDir(), "damaged")
		if err := os.WriteFile(path, damage(whole, seed, flips), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := heap.Open(path, exe)
		var format *heap.FormatError
		switch {
		case errors.As(err, &format):
			return
		case err != nil:
			t.Skip(err) // the executable does not seem to belong to it
		}
		defer d.Close()
		for i := 0; i < len(cases); i += 5 {
			if o, ok := d.Find(cases[i].Address); ok {
				_ = d.Answer(o, 3).Detail()
				d.Referrers(o, 10)
			}
		}
		d.Unrooted()
		d.Holdings()
		d.Dominators().Types()
		d.Dominators().Chains()
	})
}

// damage changes words of a dump, each to another word of it or by a bit.
func damage(whole []byte, seed uint64, flips uint8) []byte {
	b := slices.Clone(whole)
	rnd := rand.New(rand.NewPCG(seed, 3))
	for range flips % 32 {
		to, from := rnd.IntN(len(b)-8), rnd.IntN(len(b)-8)
		if rnd.IntN(2) == 0 {
			copy(b[to:to+8], whole[from:from+8])
		} else {
			b[to] ^= 1 << rnd.IntN(8)
		}
	}
	return b
}
