package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// verdict is what became of a fault.
type verdict string

const (
	caught   verdict = "caught"
	survived verdict = "SURVIVED"
	unusable verdict = "UNUSABLE" // it does not apply, or does not compile
)

type result struct {
	fault
	verdict
	evidence string // which test has noticed, and how
	output   string
}

// try puts a fault in and runs its tests.
func try(root string, f fault) result {
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return result{f, unusable, err.Error(), ""}
	}
	defer os.RemoveAll(dir)
	overlay, err := f.overlay(root, dir)
	if err != nil {
		return result{f, unusable, err.Error(), ""}
	}
	var last string
	for _, test := range f.tests {
		pkg, pattern, _ := strings.Cut(test, " ")
		out, err := goTest(root, overlay, []string{pkg}, append([]string{"-run=" + pattern}, f.args...))
		last = out
		switch {
		case err == nil:
			continue
		case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
			return result{f, unusable, "it does not compile", out}
		default:
			return result{f, caught, pkg + ": " + evidence(out), out}
		}
	}
	return result{f, survived, "no test of " + strings.Join(f.tests, ", ") + " notices", last}
}

// overlay writes the files with the fault into dir, and the list of them that the
// go command wants.
func (f fault) overlay(root, dir string) (string, error) {
	contents, err := f.apply(root)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string)
	for file, content := range contents {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = path
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, list, 0o600)
}

// apply returns the files with the fault in them.
func (f fault) apply(root string) (map[string]string, error) {
	contents := make(map[string]string)
	for _, e := range f.edits {
		text, ok := contents[e.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return nil, fmt.Errorf("%s has %d places, not one, with the text\n%s\nThe code has changed: change the fault, too", e.file, n, e.old)
		}
		contents[e.file] = strings.Replace(text, e.old, e.new, 1)
	}
	return contents, nil
}

// goTest runs tests and returns what they print. The first that fails will do, and
// a test that hangs has noticed, too.
func goTest(root, overlay string, packages, args []string) (string, error) {
	cmd := exec.Command("go", "test", "-short", "-failfast", "-count=1", "-vet=off", "-gcflags=-dwarf=false", "-timeout=120s")
	if overlay != "" { // programs that a test builds have the fault, too
		cmd.Env = append(os.Environ(), strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	cmd.Args = append(cmd.Args, slices.Concat(args, packages)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return "", err
	}
	return string(out), err
}

var (
	failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	fatal      = regexp.MustCompile(`(?m)^(?:panic|fatal error): .*$`)
	timedOut   = regexp.MustCompile(`test timed out after \S+\s+running tests:\s+(\S+)`)
)

// evidence returns what has noticed a fault.
func evidence(out string) string {
	if m := timedOut.FindStringSubmatch(out); m != nil {
		return m[1] + " hangs"
	}
	if m := failedTest.FindStringSubmatch(out); m != nil {
		return m[1]
	}
	if m := fatal.FindString(out); m != "" {
		return "the process ends: " + m
	}
	return "the tests fail"
}

// repository returns the root of the repository.
func repository() (string, error) {
	out, err := exec.Command("go", "env", "GOWORK").Output()
	if err != nil {
		return "", err
	}
	if work := strings.TrimSpace(string(out)); work != "" && work != "off" {
		return filepath.Dir(work), nil
	}
	return "", errors.New("not in the workspace: run this from the root of the repository")
}
