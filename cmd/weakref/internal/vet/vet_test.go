package vet_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/weakref-go/weakref/cmd/weakref/internal/vet"
)

// The command ends the program, so the tests run it in a process of their own:
// this test program with the variable set.
const asCommand = "WEAKREF_TEST_AS_COMMAND"

func root() *cobra.Command {
	c := &cobra.Command{Use: "weakref", SilenceUsage: true}
	c.AddCommand(vet.Command())
	return c
}

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		if err := root().Execute(); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func weakref(t *testing.T, dir string, args ...string) (stderr string, code int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1", "GOWORK=off")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	err = cmd.Run()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	return errs.String(), cmd.ProcessState.ExitCode()
}

func TestFindings(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module m\n\ngo 1.26.0\n")
	write(t, dir, "m.go", `package m

import "weak"

var W = weak.Make(&struct{ a, b *int }{})
`)
	stderr, code := weakref(t, dir, "vet", "./...")
	if code != 3 || !strings.Contains(stderr, "m.go:5:9: nothing but this weak pointer refers to the new object") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if here, code := weakref(t, dir, "vet"); code != 3 || here != stderr {
		t.Errorf("without packages: exit code %d\n%s", code, here)
	}
	stderr, code = weakref(t, dir, "vet", "-tier=most", "./...")
	if code != 2 || !strings.Contains(stderr, "weakref vet: there is no tier") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	write(t, dir, "m.go", "package m\n")
	if stderr, code = weakref(t, dir, "vet", "./..."); code != 0 || stderr != "" {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"vet", "-h"}, {"vet", "-help"}, {"vet", "--help"}} {
		var out bytes.Buffer
		c := root()
		c.SetOut(&out)
		c.SetArgs(args)
		if err := c.Execute(); err != nil || !strings.Contains(out.String(), "-tier warning") {
			t.Errorf("%v: %v\n%s", args, err, out.String())
		}
	}
}
