// Clock makes programs whose wall clock can be set while they run, by themselves: brokers
// whose clock steps, beside others whose clock does not. Without root there is no other way:
// time namespaces leave the wall clock alone, and programs in Go do not ask the C library,
// which could be told to lie.
//
// It prints the path of an overlay, with which package time adds something to the wall clock
// of the machine. The monotonic clock, and with it all timers, are as they were, as if the
// clock of the machine had been set:
//
//	go test -tags steppedclock -overlay $(go run ./remote/remotetest/clock) -run TestClock ./remote/remotetest
//	go run  -tags steppedclock -overlay $(go run ./remote/remotetest/clock) ./remote/remotetest/soak
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	path, err := overlay()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clock:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}

// overlay writes the changed files of package time where caches are, and the list of them.
func overlay() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	std := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	now, err := changed(filepath.Join(std, "time.go"))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "weakref-clock")
	list := map[string]map[string]string{"Replace": {
		filepath.Join(std, "time.go"): filepath.Join(dir, "time.go"),
		filepath.Join(std, "step.go"): filepath.Join(dir, "step.go"),
	}}
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for name, content := range map[string]string{"time.go": now, "step.go": step, "overlay.json": string(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "overlay.json"), nil
}

const (
	reads = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {\n" // in time.Now
	adds  = "\tsec, nsec, mono := runtimeNow()\n\tsec += stepped.Load()\n\tif mono == 0 {\n"
	step  = `package time

import "sync/atomic"

var stepped atomic.Int64

// StepWall sets the wall clock of this process forward by some seconds, or back.
func StepWall(seconds int64) { stepped.Add(seconds) }
`
)

// changed returns the file in which time.Now is, with the step.
func changed(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), reads); n != 1 {
		return "", fmt.Errorf("%s: time.Now is not as it was: change what is replaced there", file)
	}
	return strings.Replace(string(text), reads, adds, 1), nil
}
