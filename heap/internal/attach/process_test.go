//go:build linux && amd64

package attach

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// dump is a dump with what the objects have.
type dump struct {
	*graph.Heap
	objects map[uint64]string // contents, but those that change; and pointers
}

func readDump(t *testing.T, path string) dump {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := graph.Read(b)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	d := dump{h, map[uint64]string{}}
	_, err = record.Read(b, func(_ *record.Dump, o record.Object) error {
		d.objects[o.Addr] = fmt.Sprint(o.Size, slices.Collect(record.Offsets(b[o.At+o.Stored:])))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What is read from outside is what the process writes itself.
func TestAgainstWriteHeapDump(t *testing.T) {
	for _, b := range builds {
		t.Run(b.name, func(t *testing.T) {
			b.skipUnlessLong(t)
			own := filepath.Join(t.TempDir(), "own")
			p := start(t, b.make(t, "things"), own)
			path, _ := p.read(t)
			compare(t, readDump(t, own), readDump(t, path))
			p.ask(t, "alive?")
			p.untouched(t)
		})
	}
}

// compare compares a dump that a process has written with one that was read of it a
// moment later.
func compare(t *testing.T, own, ours dump) {
	t.Helper()
	compareObjects(t, own, ours)
	compareGoroutines(t, own.Dump, ours.Dump)
	if !slices.Equal(sortedFinalizers(own.Dump), sortedFinalizers(ours.Dump)) {
		t.Errorf("%d finalizers, want %d, or others", len(ours.Dump.Finalizers), len(own.Dump.Finalizers))
	}
	if !reflect.DeepEqual(own.Dump.Itabs, ours.Dump.Itabs) {
		t.Errorf("%d itabs, want %d, or others", len(ours.Dump.Itabs), len(own.Dump.Itabs))
	}
	for _, s := range [][2]record.Segment{{own.Dump.Data, ours.Dump.Data}, {own.Dump.BSS, ours.Dump.BSS}} {
		if s[0].Addr != s[1].Addr || len(s[0].Contents) != len(s[1].Contents) || string(s[0].Pointers) != string(s[1].Pointers) {
			t.Errorf("the segment at %#x of %d bytes is one at %#x of %d, or has other pointers", s[0].Addr, len(s[0].Contents), s[1].Addr, len(s[1].Contents))
		}
	}
	// The program has 200 cleanups; WriteHeapDump leaves them out.
	if n := len(ours.Dump.Cleanups); n < 200 || n > 220 {
		t.Errorf("%d cleanups", n)
	}
	ours.Dump.Params.CPUs = own.Dump.Params.CPUs // a stripped program does not tell
	if own.Dump.Params != ours.Dump.Params {
		t.Errorf("parameters %+v, want %+v", ours.Dump.Params, own.Dump.Params)
	}
}

func compareObjects(t *testing.T, own, ours dump) {
	t.Helper()
	reached, lost, otherwise := 0, 0, 0
	s, o := own.Search(graph.Guide{}), ours.Search(graph.Guide{})
	for addr, want := range own.objects {
		id := own.Find(addr)
		if id == graph.None || !s.Reached(id) {
			continue // garbage, which the process may have used again since
		}
		reached++
		got, ok := ours.objects[addr]
		switch {
		case !ok || !o.Reached(ours.Find(addr)):
			lost++
		case got != want:
			otherwise++
		}
	}
	// A goroutine or two do something between the two dumps.
	if reached < 100_000 || lost > 5 || otherwise > 5 {
		t.Errorf("of %d objects that roots lead to, %d are lost and %d have another size or other pointers", reached, lost, otherwise)
	}
}

func compareGoroutines(t *testing.T, own, ours *record.Dump) {
	t.Helper()
	byID := map[uint64]*record.Goroutine{}
	for i := range own.Goroutines {
		byID[own.Goroutines[i].ID] = &own.Goroutines[i]
	}
	equal := 0
	for i := range ours.Goroutines {
		g := &ours.Goroutines[i]
		w := byID[g.ID]
		if w == nil {
			t.Errorf("goroutine %d is only in ours", g.ID)
			continue
		}
		delete(byID, g.ID)
		if sameStack(w, g) && w.System == g.System && w.CreatedBy == g.CreatedBy && w.Addr == g.Addr {
			equal++
		}
	}
	if len(byID) > 0 || equal < len(own.Goroutines)-6 { // the main one, and the runtime's
		t.Errorf("of %d goroutines, %d are the same and %d are lost", len(own.Goroutines), equal, len(byID))
	}
}

func sameStack(a, b *record.Goroutine) bool {
	return slices.EqualFunc(a.Frames, b.Frames, func(x, y record.Frame) bool {
		return x.SP == y.SP && x.PC == y.PC && x.Entry == y.Entry && x.Func == y.Func && len(x.Contents) == len(y.Contents) &&
			slices.Equal(slices.Collect(record.Offsets(x.Pointers)), slices.Collect(record.Offsets(y.Pointers)))
	}) && a.Status == b.Status && a.WaitReason == b.WaitReason && len(a.Defers) == len(b.Defers)
}

func sortedFinalizers(d *record.Dump) []record.Finalizer {
	list := slices.Clone(d.Finalizers)
	slices.SortFunc(list, func(a, b record.Finalizer) int { return int(int64(a.Object - b.Object)) })
	return list
}

// times is how often something is done: more in a long test, which -count repeats.
func times(short, long int) int {
	switch {
	case os.Getenv("WEAKREF_LONG") != "":
		return long
	case testing.Short():
		return min(short, 6)
	}
	return short
}

// firmNodes counts the nodes in a dump to which roots lead by more than left-overs on
// stacks. It removes the dump.
func firmNodes(t *testing.T, path string) int {
	t.Helper()
	const magic = 0x5eed5eed5eed0001
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := graph.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	s := h.Search(graph.Guide{})
	firm := map[uint64]bool{}
	for id := range graph.ID(h.Len()) {
		if c := h.Contents(id); len(c) == 64 && binary.LittleEndian.Uint64(c) == magic && s.Firm(id) {
			firm[binary.LittleEndian.Uint64(c[8:])] = true
		}
	}
	os.Remove(path)
	return len(firm)
}

// Nothing that running goroutines hold is lost, wherever they are stopped.
func TestUnderLoad(t *testing.T) {
	const nodes = 4 * 1000
	p := start(t, build{}.make(t, "runners"))
	tries := 0
	for i := range times(8, 200) {
		path, st := p.read(t)
		tries = max(tries, st.Tries)
		if n := firmNodes(t, path); n != nodes {
			t.Fatalf("look %d: roots lead to %d of %d nodes", i, n, nodes)
		}
	}
	p.ask(t, "alive?")
	p.untouched(t)
	t.Logf("stopped up to %d times for one look", tries)
}

// readForEver reads a process again and again, until it is killed.
func readForEver(pid string) {
	n, err := strconv.Atoi(pid)
	if err != nil {
		panic(err)
	}
	fmt.Println("reading")
	for {
		var s *suspendedError
		if _, err := Process(n, io.Discard); err != nil && !errors.As(err, &s) {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// Whoever reads a process may be killed at any moment: the process works on and has
// lost no answer.
func TestReaderIsKilled(t *testing.T) {
	p := start(t, build{}.make(t, "runners"))
	p.read(t) // or skip
	for i := range times(8, 200) {
		p.killReader(t, []os.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM}[i%3])
		p.ask(t, strconv.Itoa(i))
	}
	p.untouched(t)
}

// killReader has another process read the target, and kills that one meanwhile.
func (p *target) killReader(t *testing.T, by os.Signal) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), readsProcess+"="+strconv.Itoa(p.pid()))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 8)
	io.ReadFull(out, said)
	time.Sleep(rand.N(30 * time.Millisecond)) // any moment will do
	c.Process.Signal(by)
	rest, _ := io.ReadAll(out)
	c.Wait()
	if strings.TrimSpace(string(said)+string(rest)) != "reading" {
		t.Fatalf("it was not killed while it read: %s%s", said, rest)
	}
}
