package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/heap/internal/record"
	"github.com/weakref-go/weakref/heap/internal/test/dumptest"
)

func ignore(*record.Dump, record.Object) error { return nil }

func TestEveryRecord(t *testing.T) {
	b := dumptest.Everything()
	var objects []record.Object
	d, err := record.Read(b, func(_ *record.Dump, o record.Object) error {
		objects = append(objects, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 3 || objects[2].Addr != 0xc000002000 || objects[2].Size != 16 || objects[2].Pointers != 1 {
		t.Errorf("objects %+v", objects)
	}
	if at := objects[1].At; b[at+8] != 1 || b[at+16] != 2 {
		t.Errorf("the contents of the second object are not at %d", at)
	}
	if d.Itabs[0x600000] != 0x500000 || d.Types[0x500000].Name != "main.closer" {
		t.Errorf("itabs %v types %v", d.Itabs, d.Types)
	}
	g := d.Goroutines[0]
	if g.WaitReason != "chan receive" || len(g.Frames) != 2 || g.Frames[0].Func != "main.main" || g.Frames[0].End() != 0xc000200010 {
		t.Errorf("goroutine %+v", g)
	}
	if len(g.Defers) != 1 || g.Defers[0].Func != 0xc000002000 || len(g.Panics) != 1 || g.Panics[0].Data != 0xc000000000 {
		t.Errorf("defers %+v, panics %+v", g.Defers, g.Panics)
	}
	var offs []uint64
	for off := range record.Offsets(d.BSS.Pointers) {
		offs = append(offs, off)
	}
	if !reflect.DeepEqual(offs, []uint64{0, 8}) {
		t.Errorf("pointers of bss at %v", offs)
	}
	if len(d.Finalizers) != 2 || d.Finalizers[0].Queued || !d.Finalizers[1].Queued {
		t.Errorf("finalizers %+v", d.Finalizers)
	}
	if d.HeapObjects != 3 {
		t.Errorf("HeapObjects = %d", d.HeapObjects)
	}
	sites := d.Allocations([]uint64{0xc000000020, 0xc000000000})
	if sites[0] != nil || len(sites[1]) != 1 || sites[1][0] != (record.Call{Func: "main.newUser", File: "/src/main.go", Line: 42}) {
		t.Errorf("allocation sites %v", sites)
	}
}

// A real dump must read to its end and agree with itself.
func TestRealDump(t *testing.T) {
	b := realDump(t)
	n := 0
	var params record.Params
	d, err := record.Read(b, func(d *record.Dump, o record.Object) error {
		n++
		params = d.Params
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if params.Arch != runtime.GOARCH || params.GoVersion != runtime.Version() || 8*params.PtrSize != 32<<(^uint(0)>>63) {
		t.Errorf("parameters %+v", params)
	}
	if uint64(n) < d.HeapObjects {
		t.Errorf("%d objects, fewer than HeapObjects = %d", n, d.HeapObjects)
	}
	found := false
	for _, g := range d.Goroutines {
		for _, f := range g.Frames {
			found = found || strings.Contains(f.Func, "TestRealDump")
		}
	}
	if !found {
		t.Error("the frame of this test is not in the dump")
	}
}

func realDump(t testing.TB) []byte {
	f, err := os.Create(filepath.Join(t.TempDir(), "dump"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	runtime.GC()
	debug.WriteHeapDump(f.Fd())
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Wherever a dump is cut, the reader says so and where.
func TestTruncated(t *testing.T) {
	b := dumptest.Everything()
	for n := range len(b) {
		_, err := record.Read(b[:n], ignore)
		var e *record.Error
		if !errors.As(err, &e) {
			t.Fatalf("cut to %d of %d bytes: error %v", n, len(b), err)
		}
		if !strings.Contains(err.Error(), "was the disk full?") {
			t.Fatalf("cut to %d bytes: %v does not say that the dump was cut", n, err)
		}
		if e.Offset > int64(n) {
			t.Fatalf("cut to %d bytes: offset %d in %v", n, e.Offset, err)
		}
	}
}

func TestErrors(t *testing.T) {
	write := func(f func(w *dumptest.Writer)) []byte {
		w := dumptest.New()
		f(w)
		return w.End()
	}
	for _, tt := range []struct {
		name string
		dump []byte
		want string
	}{
		{"foreign", []byte("\x7fELF and so on, for some length"), "not a heap dump"},
		{"old", []byte("go1.5 heap dump\n and so on"), "not a heap dump"},
		{"no parameters", []byte(dumptest.Header + "\x00"), "record 1 (end) at offset 0x10: the first record is not the parameters"},
		{"unknown tag", write(func(w *dumptest.Writer) { w.Ints(77) }), "record 2 (unknown tag 77)"},
		{"object too large", write(func(w *dumptest.Writer) { w.Ints(1, 0xc000000000, 1<<20) }), "record 2 (object)"},
		{"object larger than any file", write(func(w *dumptest.Writer) { w.Ints(1, 0xc000000000, dumptest.Huge) }), "record 2 (object)"},
		{"pointer outside", write(func(w *dumptest.Writer) {
			w.Object(0xc000000000, 0)
			w.Ints(1, 0xc000000008)
			w.String("01234567")
			w.Pointers(8)
		}), "record 3 (object)"},
		{"kind of pointer", write(func(w *dumptest.Writer) {
			w.Ints(1, 0xc000000000)
			w.String("01234567")
			w.Ints(2, 0, 0)
		}), "unknown kind 2"},
		{"frame of nobody", write(func(w *dumptest.Writer) { w.Frame(0, 0, "f") }), "record 2 (frame)"},
		{"long number", write(func(w *dumptest.Writer) { w.Raw(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f) }), "more than 64 bits"},
		{"second parameters", write((*dumptest.Writer).Begin), "record "},
		{"trailing bytes", append(dumptest.Everything(), 1), "1 bytes follow the end"},
		{"size of pointers", []byte(dumptest.Header + "\x06\x00\x03\x00\x00\x00\x00\x01"), "pointers of 3 bytes"},
		{"long string", write(func(w *dumptest.Writer) { w.Ints(3, 1, 1, dumptest.Huge) }), "record 2 (type)"},
		{"long stack", write(func(w *dumptest.Writer) { w.Ints(16, 1, 1, dumptest.Huge) }), "record 2 (memory profile)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := record.Read(tt.dump, ignore)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestErrorOfTheCallback(t *testing.T) {
	boom := errors.New("boom")
	_, err := record.Read(dumptest.Everything(), func(*record.Dump, record.Object) error { return boom })
	var e *record.Error
	if !errors.As(err, &e) || e.Record != 4 || e.Reason != "boom" {
		t.Errorf("error %v", err)
	}
}

// The runtime tears objects of 2 GiB and more. The reader steps over the hole.
func TestTornObjects(t *testing.T) {
	for _, tt := range []struct {
		arch   string
		size   uint64
		stored int
	}{
		{"amd64", 1<<32 + 5, 5},
		{"arm64", 1<<32 + 5, 5},
		{"amd64", 1 << 33, 0},
		{"arm64", 1<<31 + 100, 0},
	} {
		w := &dumptest.Writer{Arch: tt.arch}
		w.Begin()
		w.Ints(1, 0xc000000000, tt.size)
		w.Raw(make([]byte, tt.stored)...)
		w.Pointers(0, tt.size-8)
		w.Object(0xc800000000, 0xc000000000)
		var got []record.Object
		_, err := record.Read(w.End(), func(_ *record.Dump, o record.Object) error {
			got = append(got, o)
			return nil
		})
		if err != nil || len(got) != 2 || got[0].Stored != tt.stored || got[0].Size != tt.size {
			t.Errorf("%s, %d bytes: objects %+v, error %v", tt.arch, tt.size, got, err)
		}
	}
}

// Numbers are read eight bytes at once where there are as many, and one by one elsewhere.
func TestNumbersOfAnyLength(t *testing.T) {
	var want []uint64
	w := dumptest.New()
	for length := range 64 {
		for _, addr := range []uint64{1 << length, 1<<length + 0x5a5a5a5a5a5a5a5a%(1<<length), 1<<(length+1) - 1} {
			want = append(want, addr)
			w.Object(addr, addr)
		}
	}
	var got []uint64
	d, err := record.Read(w.End(), func(_ *record.Dump, o record.Object) error {
		got = append(got, o.Addr)
		return nil
	})
	if err != nil || !slices.Equal(got, want) || d.Params.PtrSize != 8 {
		t.Errorf("got %#x, want %#x, error %v", got, want, err)
	}
	for length := range 9 { // the last of the file
		kind := uint64(1)<<(7*length) + 99
		w := dumptest.New()
		w.Ints(kind)
		_, err := record.Read(w.Bytes(), ignore)
		if want := fmt.Sprint("unknown tag ", kind); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, and not %q", err, want)
		}
	}
}

// However a hostile file repeats a record, memory stays in proportion to it.
func TestMemoryIsBounded(t *testing.T) {
	const size = 1 << 20
	for name, f := range map[string]func(w *dumptest.Writer, i uint64){
		"types":      func(w *dumptest.Writer, i uint64) { w.Ints(3, i, 0, 0, 0) },
		"itabs":      func(w *dumptest.Writer, i uint64) { w.Itab(i, 0) },
		"goroutines": func(w *dumptest.Writer, i uint64) { w.Goroutine(0, 0, "") },
		"frames": func(w *dumptest.Writer, i uint64) {
			if i == 0 {
				w.Goroutine(0, 0, "")
			}
			w.Frame(0, 0, "")
		},
		"finalizers": func(w *dumptest.Writer, i uint64) { w.Finalizer(0, 0, 0) },
		"roots":      func(w *dumptest.Writer, i uint64) { w.Ints(2, 0, 0) },
		"buckets":    func(w *dumptest.Writer, i uint64) { w.Ints(16, i, 0, 0, 0, 0) },
		"strings":    func(w *dumptest.Writer, i uint64) { w.Ints(2); w.String(w.Words(i)); w.Ints(0) },
	} {
		t.Run(name, func(t *testing.T) {
			w := dumptest.New()
			for i := uint64(0); len(w.Bytes()) < size; i++ {
				f(w, i)
			}
			b := w.End()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := record.Read(b, ignore); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			// Growing slices and maps allocate several times what they end with.
			if used := (after.TotalAlloc - before.TotalAlloc) / uint64(len(b)); used > 100 {
				t.Errorf("%d bytes allocated in all for each byte of the file", used)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(dumptest.Everything())
	f.Add(dumptest.Everything()[:100])
	f.Add(dumptest.New().End())
	small := &dumptest.Writer{PtrSize: 4, BigEndian: true, Arch: "mips"}
	small.Begin()
	small.Object(0x8000000, 0x8000000, 1)
	f.Add(small.End())
	f.Add(realDump(f)[:1<<14])
	f.Fuzz(func(t *testing.T, b []byte) {
		var last record.Object
		d, err := record.Read(b, func(d *record.Dump, o record.Object) error {
			if o.At < 0 || o.At+o.Stored > len(b) {
				t.Fatalf("object outside the file: %+v", o)
			}
			last = o
			return nil
		})
		if err != nil {
			var e *record.Error
			if !errors.As(err, &e) || e.Offset > int64(len(b)) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if !bytes.HasPrefix(b, []byte(dumptest.Header)) {
			t.Fatal("read a file without a header")
		}
		d.Allocations([]uint64{last.Addr})
	})
}
