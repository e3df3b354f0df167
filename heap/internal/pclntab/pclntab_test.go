package pclntab

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"runtime"
	"strings"
	"testing"
)

// The table of this very program must say what the runtime says of it.
func TestTable(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the test reads its own executable, in ELF")
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	section := f.Section(".gopclntab")
	if section == nil {
		t.Skip("the table has no section of its own in this build")
	}
	b, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	pc, _, _, _ := runtime.Caller(0)
	fn := runtime.FuncForPC(pc)
	tab := New(b, f.ByteOrder, 0)
	if tab == nil {
		t.Fatal("no table")
	}
	// Where the code begins is found by the function itself.
	for i := range tab.Len() {
		if tab.Name(i) == fn.Name() {
			tab = New(b, f.ByteOrder, uint64(fn.Entry())-tab.Entry(i))
			break
		}
	}
	got := tab.Find(uint64(pc))
	if got == nil || got.Name != fn.Name() || got.Entry != uint64(fn.Entry()) {
		t.Fatalf("Find gives %+v, want %s", got, fn.Name())
	}
	file, line := got.Line(uint64(pc))
	if wantFile, wantLine := fn.FileLine(pc); file != wantFile || line != wantLine {
		t.Errorf("Line gives %s:%d, want %s:%d", file, line, wantFile, wantLine)
	}
	if !strings.HasSuffix(file, "pclntab_test.go") {
		t.Errorf("the file is %s", file)
	}
	if size := got.FrameSize(uint64(pc)); size <= 0 {
		t.Errorf("the frame has %d bytes", size)
	}
	if tab.Find(tab.Entry(tab.Len())) != nil || tab.Find(tab.Entry(0)-1) != nil {
		t.Error("a function where there is no code")
	}
}

func TestDamage(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, 7), make([]byte, 100), {0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}, {0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 3, 0}} {
		if New(b, binary.LittleEndian, 0) != nil {
			t.Errorf("% x is a table", b)
		}
	}
}
