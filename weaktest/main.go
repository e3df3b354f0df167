package weaktest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/weakref-go/weakref/internal/rerun"
)

// M is the part of [testing.M] that [Main] needs.
type M interface {
	Run() int
}

// Main runs the tests of a package and then looks at what they leave behind:
//
//	func TestMain(m *testing.M) { weaktest.Main(m) }
//
// It runs the tests as always. If they pass, it runs them four to seven times
// more, silently, and fails if the heap grows each time: what [NoGrowth] does for
// a function, it does for the package. Then it runs them once more in a process
// of its own in which the runtime looks for objects that their own finalizer or
// cleanup keeps alive (GODEBUG=checkfinalizers=1), and fails if there are any.
//
// So the tests must be able to run twice in one process, as for -test.count=2, and
// take six to nine times as long. The additional runs are left out with -short,
// for benchmarks, fuzzing and -list, and if the first run took more than ten
// seconds. The environment variable WEAKTEST_MAIN sets this aside: "on" makes
// them always, "off" never.
//
// Main does not return.
func Main(m M) {
	code := m.Run()
	if code == 0 && wanted() {
		code = again(m)
	}
	os.Exit(code)
}

const (
	mainEnv    = "WEAKTEST_MAIN"
	maxMainRun = 10 * time.Second
)

var started = time.Now()

// wanted says whether the additional runs are to be made.
func wanted() bool {
	switch os.Getenv(mainEnv) {
	case "on":
		return true
	case "off":
		return false
	}
	for _, name := range []string{"test.bench", "test.fuzz", "test.list"} {
		if set(name) {
			return false
		}
	}
	return !set("test.short") && time.Since(started) < maxMainRun
}

// set says whether a flag is there and not at its zero value.
func set(name string) bool {
	f := flag.Lookup(name)
	return f != nil && f.Value.String() != "" && f.Value.String() != "false"
}

// again makes the additional runs.
func again(m M) (code int) {
	if grown, err := namedGrowth(func() { silently(m.Run) }); err != nil {
		fmt.Fprintf(os.Stderr, "weaktest: it cannot be said whether the heap grows: %v\n", err)
	} else if grown != "" {
		fmt.Fprintf(os.Stderr, "weaktest: with the tests of the whole package, %s\nFAIL\n", grown)
		return 1
	}
	if report := checkFinalizers(); report != "" {
		fmt.Fprintf(os.Stderr, "weaktest: %s\nFAIL\n", report)
		return 1
	}
	return 0
}

// silently runs the tests without their output.
func silently(run func() int) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer null.Close()
	old := os.Stdout
	defer func() { os.Stdout = old }()
	os.Stdout = null
	run()
}

// checkFinalizers runs the tests in a process in which the runtime checks
// finalizers and cleanups at every collection. It returns what the runtime says,
// "" if nothing.
func checkFinalizers() string {
	debug := "GODEBUG=" + strings.TrimPrefix(os.Getenv("GODEBUG")+",checkfinalizers=1", ",")
	cmd, err := rerun.Command([]string{mainEnv + "=off", debug}, rerun.Args()...)
	if err != nil {
		return err.Error()
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	return "run with GODEBUG=checkfinalizers=1, the tests fail:\n" + issues(out)
}

// issues is the part of the output of a run that tells what is wrong.
func issues(out []byte) string {
	if _, report, ok := bytes.Cut(out, []byte("LIKELY CLEANUP/FINALIZER ISSUES\n")); ok {
		report, _, _ = bytes.Cut(report, []byte("\nfatal error:"))
		return string(bytes.TrimSpace(report))
	}
	var b strings.Builder
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte("checkfinalizers: ")) {
			b.Write(line)
		}
	}
	return strings.TrimSpace(b.String())
}
