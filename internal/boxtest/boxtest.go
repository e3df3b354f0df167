// Package boxtest runs a package's tests a second time with boxed handles, the
// representation that package handle falls back on (see there). The second run is a
// process of its own, because the two kinds of handles do not mix.
package boxtest

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/rerun"
)

// Env is the environment variable that tells a process that it is the second run.
const Env = "WEAKREF_TEST_BOXED"

// InUse reports whether this is the second run.
func InUse() bool { return os.Getenv(Env) != "" }

// Main is a TestMain.
func Main(m *testing.M) {
	flag.Parse()
	if InUse() {
		handle.UseBoxes()
		os.Exit(m.Run())
	}
	code := m.Run()
	if code == 0 && !partial() {
		code = again()
	}
	os.Exit(code)
}

// partial reports whether the flags ask for something else than tests.
func partial() bool {
	for _, name := range []string{"test.bench", "test.fuzz", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return true
		}
	}
	return false
}

func again() int {
	cmd, err := rerun.Command([]string{Env + "=1"}, rerun.Args()...)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Printf("%s\nThe tests with boxed handles failed: %v\n", out, err)
		return 1
	}
	return 0
}
