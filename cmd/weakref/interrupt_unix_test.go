//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain is the command itself if a test starts it as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("WEAKREF_TEST_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestInterrupt interrupts a long run of the demo as Ctrl-C does. It ends in order:
// with the figures so far, a word about it, and the exit status of an interrupt.
func TestInterrupt(t *testing.T) {
	c := exec.CommandContext(t.Context(), os.Args[0], "demo", "--json", "--rounds=1000000", ".")
	c.Env = append(os.Environ(), "WEAKREF_TEST_COMMAND=1")
	var out bytes.Buffer
	c.Stdout = &out
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said = append(said, lines.Text())
		if strings.Contains(lines.Text(), "plain map") {
			if err := c.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("ended with %v; said:\n%s", err, strings.Join(said, "\n"))
	}
	if last := said[len(said)-1]; !strings.Contains(last, "interrupted") {
		t.Errorf("the last word is %q", last)
	}
	var report struct {
		Interrupted bool
		Strategies  []struct{ Name string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v in:\n%s", err, &out)
	}
	if !report.Interrupted || len(report.Strategies) != 1 || report.Strategies[0].Name != "map" {
		t.Errorf("%+v", report)
	}
}
