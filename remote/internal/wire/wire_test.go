package wire

import (
	"encoding/binary"
	"testing"
)

func TestReader(t *testing.T) {
	m := binary.AppendUvarint(AppendText([]byte{'x'}, "text"), 300)
	r := Read(append(m, 1, 2))
	if b, s, n := r.Byte(), string(r.Text()), r.Number(); b != 'x' || s != "text" || n != 300 || !r.More() {
		t.Errorf("read %q, %q, %d", b, s, n)
	}
	if b := r.Bytes(2); len(b) != 2 || cap(b) != 2 || r.More() || !r.OK {
		t.Errorf("read %v of cap %d", b, cap(b))
	}
}

// TestShort: everything after the end is zero, however often one asks.
func TestShort(t *testing.T) {
	for name, read := range map[string]func(*Reader) bool{
		"a byte":   func(r *Reader) bool { return r.Byte() == 0 },
		"a number": func(r *Reader) bool { return r.Number() == 0 },
		"bytes":    func(r *Reader) bool { return r.Bytes(3) == nil },
		"a text":   func(r *Reader) bool { return r.Text() == nil },
	} {
		for _, data := range [][]byte{nil, {0x80}} {
			r := Read(data)
			if name == "a byte" {
				r.Bytes(uint64(len(data)))
			}
			for range 2 {
				if !read(&r) || r.OK || r.More() {
					t.Errorf("%s of %v: %+v", name, data, r)
				}
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0x80})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := Read(data)
		for r.More() {
			before := len(r.Rest)
			if len(r.Text()) > before || len(r.Rest) >= before {
				t.Fatalf("%d bytes are left of %d", len(r.Rest), before)
			}
		}
	})
}
