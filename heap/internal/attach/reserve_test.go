//go:build linux && amd64

package attach

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A file has room for the dump before it is written, and ends with it.
func TestReserve(t *testing.T) {
	const n = 3<<20 + 5
	for _, tt := range []struct {
		name     string
		flag     int
		reserved int64
	}{
		{"a file", 0, 4 << 20},
		{"a file that is appended to", os.O_APPEND, 0}, // zeros would come first
	} {
		path := filepath.Join(t.TempDir(), "dump")
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|tt.flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cut := reserve(f, n)
		if fi, err := f.Stat(); err != nil || fi.Size() != tt.reserved {
			t.Errorf("%s: %d bytes are reserved, want %d (%v)", tt.name, fi.Size(), tt.reserved, err)
		}
		io.WriteString(f, "dump")
		if err := cut(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "dump" {
			t.Errorf("%s has %d bytes, %v", tt.name, len(b), err)
		}
	}
}

// What is no file takes a dump all the same.
func TestReserveNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, out := range []io.Writer{new(bytes.Buffer), w} {
		if err := reserve(out, 1<<20)(); err != nil {
			t.Error(err)
		}
	}
	io.WriteString(w, "dump")
	b := make([]byte, 10)
	if n, err := r.Read(b); string(b[:n]) != "dump" {
		t.Errorf("the pipe has %q, %v", b[:n], err)
	}
}
