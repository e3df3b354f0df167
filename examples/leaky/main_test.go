package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	addrRE      = regexp.MustCompile(`0x[0-9a-f]+`)
	goroutineRE = regexp.MustCompile(`goroutine \d+`)
	sampledRE   = regexp.MustCompile(`(?m)^(allocated by|  called by) .*\n`) // now and then, by the memory profiler
)

func run(t *testing.T, args ...string) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "leaky")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(exe, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("leaky %v: %v\n%s", args, err, out)
	}
	text := sampledRE.ReplaceAllString(addrRE.ReplaceAllString(string(out), "ADDR"), "")
	return goroutineRE.ReplaceAllString(text, "goroutine N")
}

// The page about leaks prints what the program prints.
func TestPage(t *testing.T) {
	if strconv.IntSize != 64 {
		t.Skip("the page has the sizes of objects on machines of 64 bits")
	}
	page, err := os.ReadFile("../../docs/why.md")
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(run(t), "== ")[1:]
	if len(answers) != len(leaks) {
		t.Fatalf("%d answers", len(answers))
	}
	for _, a := range answers {
		if !strings.Contains(string(page), "```\n== "+a+"```") {
			t.Errorf("docs/why.md does not have\n== %s", a)
		}
	}
}

func TestFixed(t *testing.T) {
	want := ""
	for _, l := range leaks {
		want += "== " + l.name + "\nthe object has been collected\n"
	}
	if got := run(t, "-fixed"); got != want {
		t.Errorf("with the bugs mended:\n%s", got)
	}
}
