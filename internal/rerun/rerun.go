// Package rerun runs a test binary once more, as another process.
package rerun

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Exec is the environment variable with what go test was given as -exec. A program for
// another processor can start itself again only by the same emulator, and is not told
// which that is:
//
//	WEAKREF_TEST_EXEC=qemu-s390x GOARCH=s390x go test -short -exec qemu-s390x .
const Exec = "WEAKREF_TEST_EXEC"

// Command is this program with other arguments, in the same environment but for env.
func Command(env []string, args ...string) (*exec.Cmd, error) {
	exe, err := executable()
	if err != nil {
		return nil, err
	}
	words := append(strings.Fields(os.Getenv(Exec)), exe)
	cmd := exec.Command(words[0], append(words[1:], args...)...)
	cmd.Env = append(os.Environ(), env...)
	return cmd, nil
}

// executable is this program. Under an emulator, the system takes that for it.
func executable() (string, error) {
	if os.Getenv(Exec) != "" {
		return filepath.Abs(os.Args[0])
	}
	return os.Executable()
}

// Test runs one test alone, and returns what it printed. The error is not nil if it
// failed.
func Test(name string, env ...string) (out []byte, err error) {
	cmd, err := Command(env, "-test.run=^"+name+"$")
	if err != nil {
		return nil, err
	}
	return cmd.CombinedOutput()
}

// Args is the arguments of this process without the flags that name files to write: two
// processes must not write one profile.
func Args() (rest []string) {
	for _, a := range os.Args[1:] {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		name = strings.TrimPrefix(name, "test.")
		if !strings.HasSuffix(name, "profile") && name != "trace" && name != "testlogfile" && name != "gocoverdir" && name != "outputdir" {
			rest = append(rest, a)
		}
	}
	return rest
}
