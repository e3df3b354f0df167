package capture

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref/heap/internal/record"
	"github.com/weakref-go/weakref/internal/rerun"
)

func temp(t testing.TB) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "dump")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func read(t testing.TB, f *os.File) *record.Dump {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	d, err := record.Read(b, func(*record.Dump, record.Object) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func modes(t *testing.T, test func(t *testing.T, mode Mode)) {
	t.Run("InProcess", func(t *testing.T) { test(t, InProcess) })
	t.Run("Fork", func(t *testing.T) {
		if !CanFork {
			t.Skip("not on this system")
		}
		test(t, Fork)
	})
}

func TestWrite(t *testing.T) {
	modes(t, func(t *testing.T, mode Mode) {
		f := temp(t)
		procs := runtime.GOMAXPROCS(0)
		st, err := Write(f, mode)
		if err != nil {
			t.Fatal(err)
		}
		if st.Bytes == 0 || st.Pause <= 0 || st.Total < st.Pause || st.Tries == 0 {
			t.Errorf("stats %+v", st)
		}
		if n := runtime.GOMAXPROCS(0); n != procs {
			t.Errorf("GOMAXPROCS is %d, was %d", n, procs)
		}
		if !hasFrame(read(t, f), "TestWrite") {
			t.Error("this test is not in the dump")
		}
	})
}

func hasFrame(d *record.Dump, name string) bool {
	for _, g := range d.Goroutines {
		for _, f := range g.Frames {
			if strings.Contains(f.Func, name) {
				return true
			}
		}
	}
	return false
}

// Dumps of a process that allocates and collects all the time, and makes system
// calls where that is safe.
func TestUnderLoad(t *testing.T) {
	n := 3
	if os.Getenv("WEAKREF_LONG") != "" {
		n = 20
	}
	modes(t, func(t *testing.T, mode Mode) {
		defer load(mode == Fork)()
		for range n {
			f := temp(t)
			if _, err := Write(f, mode); err != nil {
				t.Fatal(err)
			}
			if !hasFrame(read(t, f), "TestUnderLoad") {
				t.Error("this test is not in the dump")
			}
			f.Close()
			os.Remove(f.Name())
		}
	})
}

// load makes a load until the function that it returns is called.
func load(systemCalls bool) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					allocate(i)
				}
				if systemCalls {
					os.Stat("/")
				}
			}
		})
	}
	return func() {
		close(done)
		wg.Wait()
	}
}

var sink [6][][]byte

//go:noinline
func allocate(i int) {
	sink[i] = nil
	for range 100 {
		sink[i] = append(sink[i], make([]byte, 1000))
	}
}

func TestRefusesFiles(t *testing.T) {
	f := temp(t)
	f.WriteString("something")
	if _, err := Write(f, InProcess); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a file that is not empty: %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := Write(w, InProcess); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe: %v", err)
	}
	g := temp(t)
	g.Close()
	if _, err := Write(g, InProcess); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file: %v", err)
	}
}

// A dump that could not be written in full is an error: here, to a file that was
// opened for reading.
func TestWriteErrorIsNoticed(t *testing.T) {
	modes(t, func(t *testing.T, mode Mode) {
		path := filepath.Join(t.TempDir(), "dump")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := Write(f, mode); err == nil {
			t.Error("no error")
		}
	})
}

func TestRefusesManySystemCalls(t *testing.T) {
	// Reading from a pipe in blocking mode is a system call that waits.
	var files []*os.File
	var readers sync.WaitGroup
	for range MaxSystemCalls + 1 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Fd() // blocking from now on
		files = append(files, w)
		readers.Go(func() {
			defer r.Close()
			io.Copy(io.Discard, r)
		})
	}
	defer func() {
		for _, w := range files {
			w.Close()
		}
		// Whatever comes next must not meet them.
		readers.Wait()
	}()
	for inSystemCalls() <= MaxSystemCalls {
		runtime.Gosched()
	}
	if _, err := Write(temp(t), InProcess); !errors.Is(err, ErrSystemCalls) {
		t.Errorf("in the process: %v", err)
	}
	if CanFork {
		if _, err := Write(temp(t), Fork); err != nil {
			t.Errorf("in a copy: %v", err)
		}
	}
}

// A leaked goroutine ends the process if the check is missing, so this runs in a
// process of its own.
func TestRefusesLeakedGoroutines(t *testing.T) {
	if pprof.Lookup("goroutineleak") == nil {
		t.Skip("this version of Go has no profile of leaked goroutines")
	}
	if os.Getenv("CAPTURE_TEST_LEAK") == "" {
		if out, err := rerun.Test("TestRefusesLeakedGoroutines", "CAPTURE_TEST_LEAK=1"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	go func() { <-make(chan int) }()
	p := pprof.Lookup("goroutineleak")
	for p.Count() == 0 {
		p.WriteTo(io.Discard, 0)
	}
	for _, mode := range []Mode{InProcess, Fork} {
		if _, err := Write(temp(t), mode); !errors.Is(err, ErrLeaked) {
			t.Errorf("mode %d: %v", mode, err)
		}
	}
}
