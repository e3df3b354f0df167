package record

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"testing"
)

// copyDump writes what has been read of a dump.
func copyDump(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out)
	d, err := Read(b, func(d *Dump, o Object) error {
		if out.Len() == 0 && len(w.buf) == len(header) {
			w.Params(d.Params)
		}
		w.Object(o.Addr, b[o.At:o.At+o.Stored])
		for off := range Offsets(b[o.At+o.Stored:]) {
			w.Pointer(off)
		}
		w.EndObject()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for a, typ := range d.Types {
		w.Type(a, typ)
	}
	for i, typ := range d.Itabs {
		w.Itab(i, typ)
	}
	for i := range d.Goroutines {
		w.Goroutine(&d.Goroutines[i])
	}
	w.Data(d.Data)
	w.BSS(d.BSS)
	for _, f := range d.Finalizers {
		w.Finalizer(f)
	}
	for _, c := range d.Cleanups {
		w.Cleanup(c)
	}
	for _, r := range d.Others {
		w.Root(r)
	}
	w.MemStats(d.HeapObjects, d.NumGC)
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read reads a dump: objects by address, and the rest.
func readAll(t *testing.T, b []byte) (map[uint64]string, *Dump) {
	t.Helper()
	objects := map[uint64]string{}
	d, err := Read(b, func(d *Dump, o Object) error {
		pointers := slices.Collect(Offsets(b[o.At+o.Stored:]))
		var text []byte
		for _, p := range pointers {
			text = append(text, byte(p), byte(p>>8), byte(p>>16))
		}
		objects[o.Addr] = string(b[o.At:o.At+o.Stored]) + string(text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects, d
}

func TestWriterRoundTrip(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "dump")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	debug.WriteHeapDump(f.Fd())
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	objects, d := readAll(t, b)
	again, e := readAll(t, copyDump(t, b))
	if len(objects) < 100 || !reflect.DeepEqual(objects, again) {
		t.Errorf("%d objects have become %d, or others", len(objects), len(again))
	}
	d.raw, e.raw, d.buckets, e.buckets, d.samples, e.samples = nil, nil, nil, nil, 0, 0
	d.System, e.System = System{}, System{}
	if !reflect.DeepEqual(d, e) {
		t.Error("what is not an object is not the same")
	}
}

func TestWriterCleanupAndProfile(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	w.Params(Params{PtrSize: 8, ArenaStart: 0x1000, ArenaEnd: 0x9000, Arch: "amd64", GoVersion: "go1.26"})
	big := bytes.Repeat([]byte{7}, 3*bufferSize)
	w.Object(0x2000, big)
	w.Pointer(8)
	w.Pointer(1 << 20)
	w.EndObject()
	cleanup, root := Cleanup{0x2000, 0x3000, 0x4000}, Root{"plugin", 0x5000}
	w.Cleanup(cleanup)
	w.Root(root)
	stack := []Call{{"f", "f.go", 3}, {"main.main", "main.go", 9}}
	w.Bucket(77, 100, 2, 1, stack)
	w.Sample(0x2000, 77)
	n, err := w.Close()
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("%d bytes, %v; want %d", n, err, out.Len())
	}
	objects, d := readAll(t, out.Bytes())
	if got := objects[0x2000]; got != string(big)+"\x08\x00\x00\x00\x00\x10" {
		t.Errorf("the object has %d bytes and ends with %x", len(got), got[len(got)-6:])
	}
	if !slices.Equal(d.Cleanups, []Cleanup{cleanup}) || !slices.Equal(d.Others, []Root{root}) {
		t.Errorf("cleanups %v, other roots %v", d.Cleanups, d.Others)
	}
	if got := d.Allocations([]uint64{0x2000})[0]; !slices.Equal(got, stack) {
		t.Errorf("the stack is %v", got)
	}
}

type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriterKeepsTheFirstError(t *testing.T) {
	w := NewWriter(&full{bufferSize})
	for range 3 {
		w.Object(0x2000, make([]byte, bufferSize))
		w.EndObject()
	}
	if _, err := w.Close(); err != errFull || w.Err() != errFull {
		t.Errorf("the error is %v", err)
	}
}
