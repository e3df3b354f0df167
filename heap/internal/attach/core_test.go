//go:build linux && amd64

package attach

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// dumpCore has a program with things in its heap end with a core file, and returns that,
// the program, and the dump that it has written itself.
func dumpCore(t *testing.T) (core, exe, own string) {
	t.Helper()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|/%") {
		t.Skipf("the system puts core files elsewhere: %s", pattern)
	}
	dir := t.TempDir()
	exe, own = build{}.make(t, "things"), filepath.Join(dir, "own")
	c := exec.Command("sh", "-c", `ulimit -c unlimited && exec "$0" "$1"`, exe, own)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOTRACEBACK=crash")
	in, err := c.StdinPipe() // open: the program waits for it
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(out, ready); err != nil {
		t.Fatal(err)
	}
	c.Process.Signal(syscall.SIGABRT)
	c.Wait()
	found, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil || len(found) != 1 {
		t.Skipf("there is no core file: %v (%v)", c.ProcessState, err)
	}
	return found[0], exe, own
}

func TestCore(t *testing.T) {
	if testing.Short() {
		t.Skip("the core file is large")
	}
	core, exe, own := dumpCore(t)
	f, err := os.Open(core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !IsCore(f) {
		t.Error("the core file is none")
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "dump"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := Core(f, exe, out); err != nil {
		t.Fatal(err)
	}
	ours := readDump(t, out.Name())
	compareObjects(t, readDump(t, own), ours)
	if s := ours.Search(graph.Guide{}); s.Count().Reached < 100_000 {
		t.Errorf("%+v", s.Count())
	}
	if _, err := Core(f, "", io.Discard); err == nil {
		t.Error("a core file is read without an executable")
	}
	if _, err := Core(f, os.Args[0], io.Discard); err == nil {
		t.Error("a core file is read with another executable")
	}
	damageCore(t, f, exe)
}

// damageCore cuts a core file short, and changes bytes of it. There must be an error, or
// a dump; the file must not bring this process down.
func damageCore(t *testing.T, f *os.File, exe string) {
	t.Helper()
	whole, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) error {
		c, err := parseCore(b)
		if err != nil {
			return err
		}
		e, err := os.Open(exe)
		if err != nil {
			return err
		}
		defer e.Close()
		p, err := openProgram(e)
		if err != nil {
			return err
		}
		defer p.close()
		_, err = c.write(p, io.Discard)
		return err
	}
	for _, percent := range []int{0, 1, 5, 20, 40, 60, 80} {
		if err := write(whole[:len(whole)*percent/100]); err == nil {
			t.Errorf("a core file cut at %d %% is whole", percent)
		}
	}
	for i := range times(5, 60) {
		b := bytes.Clone(whole)
		r := rand.New(rand.NewPCG(1, uint64(i)))
		for range 1 << (i % 12) {
			at := r.IntN(len(b))
			b[at] ^= byte(1 + r.IntN(255))
		}
		b[r.IntN(4096)] ^= 0x10
		_ = write(b)
	}
}

// syntheticCore is a core file of notes and one segment of memory, of which the notes end
// at 200 and the memory at 300.
func syntheticCore() []byte {
	b := make([]byte, 300)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], uint16(elf.ET_CORE))
	le.PutUint16(b[18:], uint16(elf.EM_X86_64))
	le.PutUint64(b[32:], elfHeader)
	le.PutUint16(b[56:], 2)
	for i, s := range []elf.ProgHeader{{Type: elf.PT_NOTE, Off: 180, Filesz: 20}, {Type: elf.PT_LOAD, Off: 200, Vaddr: 0x10000, Filesz: 100}} {
		e := b[elfHeader+i*elfSegment:]
		le.PutUint32(e, uint32(s.Type))
		le.PutUint64(e[8:], s.Off)
		le.PutUint64(e[16:], s.Vaddr)
		le.PutUint64(e[32:], s.Filesz)
	}
	return b
}

func TestCutCore(t *testing.T) {
	b := syntheticCore()
	c, err := parseCore(b)
	if err != nil || c.missing != 0 || len(c.segments) != 1 || len(c.segments[0].b) != 100 {
		t.Fatalf("%+v, %v", c, err)
	}
	mem := &coreMemory{segments: c.segments, elf: new(elf.File)}
	if n := mem.read(0x10000+90, make([]byte, 20)); n != 10 {
		t.Errorf("%d bytes before the end of the memory are read", n)
	}
	if c, err := parseCore(b[:250]); err != nil || c.missing != 50 {
		t.Errorf("cut inside the memory: %+v, %v", c, err)
	}
	for _, n := range []int{190, 100, 64, 10} {
		if _, err := parseCore(b[:n]); err == nil {
			t.Errorf("cut at %d, there is no error", n)
		}
	}
}

func TestIsCore(t *testing.T) {
	for _, b := range []string{"", "go1.7 heap dump\n", "\x7fELF" + strings.Repeat("\x00", 100)} {
		if IsCore(strings.NewReader(b)) {
			t.Errorf("%.20q is a core file", b)
		}
		if _, err := parseCore([]byte(b)); err == nil {
			t.Errorf("%.20q is taken apart", b)
		}
	}
	if f, err := os.Open(os.Args[0]); err != nil || IsCore(f) || errors.Is(err, io.EOF) {
		t.Errorf("an executable is a core file (%v)", err)
	}
}
