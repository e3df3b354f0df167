package mapfile

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestMap(t *testing.T) {
	for _, want := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("0123456789"), 10_000)} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Map(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(m.Bytes, want) {
			t.Errorf("mapped %d bytes, want %d", len(m.Bytes), len(want))
		}
		if err := m.Close(); err != nil || m.Close() != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func TestReadBytes(t *testing.T) {
	f, err := os.Open("mapfile_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, _, err := readBytes(f, 15); err != nil || string(b) != "package mapfile" {
		t.Errorf("read %q, %v", b, err)
	}
	if _, _, err := readBytes(f, 1<<20); err == nil {
		t.Error("read more than there is")
	}
}

func TestNotRegular(t *testing.T) {
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Map(f); err == nil {
		t.Error("mapped a directory")
	}
}
