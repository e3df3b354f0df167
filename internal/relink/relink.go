// Package relink gives a running test its names.
//
// "go test" links tests without names of variables and types. When a test fails, it is
// linked once more with them: what has been compiled is in the build cache, so that
// takes a second or two. The executable is a source of names only, and is never run.
// If it does not come about, the failure says less.
package relink

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// namesEnv turns this off: "off".
const namesEnv = "WEAKTEST_NAMES"

// Patience bounds how long linking may take.
var Patience = 30 * time.Second

// testDir is where the sources of the tested package are: "go test" runs tests there.
var testDir, _ = os.Getwd()

// Binary returns the path of the test with names, "" if there is none. It is linked
// when this is first called.
func Binary() string { return binary() }

var binary = sync.OnceValue(func() string {
	if os.Getenv(namesEnv) == "off" || !strings.HasSuffix(strings.TrimSuffix(os.Args[0], ".exe"), ".test") {
		return ""
	}
	dir, err := os.MkdirTemp("", "weaktest-*")
	if err != nil {
		return ""
	}
	path := filepath.Join(dir, "named.test")
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	args, env := buildFlags()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-c", "-vet=off", "-o", path}, args...)...)
	cmd.Dir, cmd.Env = testDir, env
	if cmd.Run() != nil {
		os.RemoveAll(dir)
		return ""
	}
	return unlinked(dir, path)
})

// unlinked takes the file away and returns a path that still leads to it as long as
// this process runs, where the system has such paths.
func unlinked(dir, path string) string {
	if runtime.GOOS != "linux" {
		return path
	}
	f, err := os.Open(path)
	os.RemoveAll(dir)
	if err != nil {
		return ""
	}
	opened = append(opened, f)
	return fmt.Sprintf("/proc/self/fd/%d", f.Fd())
}

// opened keeps the file open.
var opened []*os.File

// buildFlags returns the flags and the environment with which this test was built, but
// for those that take the names away.
func buildFlags() (flags, env []string) {
	env = os.Environ()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, env
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "-ldflags":
			flags = append(flags, "-ldflags="+s.Value+" -s=false -w=false")
		case s.Key == "-compiler", s.Key == "-buildmode" && s.Value == "exe":
		case strings.HasPrefix(s.Key, "-"):
			flags = append(flags, s.Key+"="+s.Value)
		case strings.HasPrefix(s.Key, "GO") || strings.HasPrefix(s.Key, "CGO"):
			env = append(env, s.Key+"="+s.Value)
		}
	}
	return flags, env
}
