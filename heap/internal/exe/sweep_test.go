package exe

import (
	"debug/dwarf"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// checkSweep compares what a sweep finds with what package dwarf does, which looks at
// everything.
func checkSweep(t *testing.T, f *File) {
	t.Helper()
	want := map[dwarf.Offset]top{}
	r := f.debug.data.Reader()
	isGo := false
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		if e.Tag == dwarf.TagCompileUnit {
			isGo = e.Val(dwarf.AttrLanguage) == int64(langGo)
			if isGo {
				continue // into its children
			}
		}
		if isGo && e.Tag != 0 {
			want[e.Offset] = topOf(e)
		}
		r.SkipChildren()
	}
	if len(want) < 1000 {
		t.Errorf("package dwarf finds only %d entries", len(want))
	}
	f.debug.sweep.each(f.img.debug("info"), func(u *unit, e *top) {
		w, ok := want[e.offset]
		if !ok || w.tag != e.tag || string(w.name) != string(e.name) || !slices.Equal(w.location, e.location) || w.typ != e.typ || w.low != e.low || w.high != e.high || w.descriptor != e.descriptor {
			t.Fatalf("at %#x the sweep finds %+v, want %+v", e.offset, *e, w)
		}
		delete(want, e.offset)
	})
	if len(want) > 0 {
		t.Errorf("the sweep has missed %d entries", len(want))
	}
}

// topOf is what a sweep finds of an entry.
func topOf(e *dwarf.Entry) (o top) {
	o.tag, o.offset, o.descriptor = e.Tag, e.Offset, number(e.Val(attrRuntimeType))
	if name, ok := e.Val(dwarf.AttrName).(string); ok {
		o.name = []byte(name)
	}
	o.location, _ = e.Val(dwarf.AttrLocation).([]byte)
	o.typ, _ = e.Val(dwarf.AttrType).(dwarf.Offset)
	o.low, _ = e.Val(dwarf.AttrLowpc).(uint64)
	switch high := e.Val(dwarf.AttrHighpc).(type) {
	case uint64:
		o.high = high
	case int64:
		o.high = o.low + uint64(high)
	}
	return o
}

// TestSweepOfDamaged sweeps sections with bytes that have been changed. It must come to an
// end, and find nothing outside of them.
func TestSweepOfDamaged(t *testing.T) {
	img, err := openImage(build(t, target{"linux", "amd64", nil, Full}))
	if err != nil {
		t.Fatal(err)
	}
	defer img.file.Close()
	info := img.debug("info")
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		// A part of it, from its beginning.
		info, how := slices.Clone(info[:1+rnd.IntN(1<<16)]), slices.Clone(img.debug("abbrev"))
		info[rnd.IntN(min(len(info), 16))] ^= 1 << rnd.IntN(8)
		for range rnd.IntN(20) {
			info[rnd.IntN(len(info))] = byte(rnd.Uint32())
			how[rnd.IntN(len(how))] = byte(rnd.Uint32())
		}
		s := sweep{order: img.order, abbrev: how, addr: img.debug("addr"), abbrevs: map[format][]abbrev{}}
		s.each(info, func(u *unit, e *top) {
			if int(e.offset) >= len(info) || int(u.base) > int(e.offset) {
				t.Fatalf("found an entry at %#x of the unit at %#x, in a section of %#x bytes", e.offset, u.base, len(info))
			}
			s.address(u, e.location)
		})
	}
}

// TestTypesOfC checks that what C calls int is not what Go does.
func TestTypesOfC(t *testing.T) {
	out, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(out)) != "1" {
		t.Skip("there is no C compiler for this system, or CGO_ENABLED=0")
	}
	prog := t.TempDir() + "/cgo"
	cmd := exec.Command("go", "build", "-o", prog, "../../testdata/cgo")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	img, err := openImage(prog)
	if err != nil {
		t.Fatal(err)
	}
	defer img.file.Close()
	f := open(t, prog, dumpOf(img))
	if typ := f.TypeNamed("int"); typ == nil || typ.Size != img.ptrSize {
		t.Errorf("int is %+v, want one of %d bytes", typ, img.ptrSize)
	}
	checkSweep(t, f)
}
