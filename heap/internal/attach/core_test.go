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

// damaged is memory of which one word in so many has another value.
type damaged struct {
	memory
	seed, every uint64
}

func (d damaged) read(addr uint64, b []byte) int {
	n := d.memory.read(addr, b)
	for at := -addr % 8; at+8 <= uint64(n); at += 8 {
		r := rand.NewPCG(d.seed, addr+at)
		if r.Uint64()%d.every != 0 {
			continue
		}
		old := le.Uint64(b[at:])
		le.PutUint64(b[at:], []uint64{0, ^old, old + 1, old << 1, 1 << (r.Uint64() % 64), old ^ 1<<(r.Uint64()%64), r.Uint64(), addr}[r.Uint64()%8])
	}
	return n
}

// TestDamagedRecords has the runtime's records in the memory of a program be damaged.
// What is in them is not to be believed.
func TestDamagedRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("the core file is large")
	}
	core, exe, _ := dumpCore(t)
	whole, err := os.ReadFile(core)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseCore(whole)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	failed := 0
	for i := range uint64(times(4, 100)) {
		p, err := openProgram(f)
		if err != nil {
			t.Fatal(err)
		}
		every := uint64(1000) << (i % 14)
		x := newExtractor(damaged{&coreMemory{segments: c.segments, elf: p.elf, slide: c.entry - p.elf.Entry}, i, every}, p)
		x.threads, x.final = c.threads, true
		err = x.locate(c.entry)
		if err == nil {
			_, err = x.write(io.Discard)
		}
		if err != nil {
			failed++
			t.Logf("one word in %d is damaged: %v", every, err)
		}
	}
	if failed == 0 {
		t.Error("nothing was found damaged")
	}
}

// stretch is memory from one address to another.
type stretch struct{ from, to uint64 }

func (m stretch) read(addr uint64, b []byte) int {
	if addr < m.from || addr >= m.to {
		return 0
	}
	return int(min(uint64(len(b)), m.to-addr))
}

// TestSizesAreNotBelieved: what a damaged record says does not make this process ask for
// more memory than there is.
func TestSizesAreNotBelieved(t *testing.T) {
	const from, n = 0xc000000000, 5*arena + 3<<20
	s := newSpace(stretch{from, from + n})
	for _, c := range []struct {
		addr, n uint64
		there   bool
	}{
		{from, n, true},
		{from, n + 1, false},
		{from, 1 << 45, false},
		{from, 1<<64 - from, false},
		{from + 1, ^uint64(0), false},
		{from - 2*arena, 3 * arena, false},
		{0, 0, true},
	} {
		if got := s.there(c.addr, c.n); got != c.there {
			t.Errorf("%d bytes at %#x are there: %t", c.n, c.addr, got)
		}
	}
	if b := s.bytes(from, 1<<32-1); b != nil || s.err == nil {
		t.Errorf("%d bytes were read, %v", len(b), s.err)
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
