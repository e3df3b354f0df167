package leak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// helperEnv is set in a process that was started to read a dump.
const helperEnv = "WEAKREF_LEAK_HELPER"

// helperTimeout bounds how long a helper may take.
const helperTimeout = 5 * time.Minute

var helped atomic.Bool // the program calls Helper, so it can be started as a helper

// Helper lets dumps be read by a process of their own, so that the memory and
// time for it are not taken from the service. Call it first in main, before
// anything with an effect:
//
//	func main() {
//		leak.Helper()
//		…
//	}
//
// When a watcher has an explanation to make, it starts the program's executable
// once more with the dump as a file. There, Helper reads the dump, answers and
// exits. In the service itself, it returns at once.
//
// The initialization of packages runs in that process as well. It has the lowest
// priority, is the first to go if memory runs out (on Linux), and is ended after
// five minutes. Not on Windows.
func Helper() {
	if os.Getenv(helperEnv) == "" {
		helped.Store(runtime.GOOS != "windows")
		return
	}
	modest()
	if err := help(os.NewFile(3, "dump"), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// help answers the question on in about the dump in f.
func help(f, in, out *os.File) error {
	var q question
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return err
	}
	found, err := answer(f, q)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(found)
}

// modest makes this process give way to others.
func modest() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(20)
	giveWay()
}

// askHelper has a question answered by a process of its own.
func askHelper(f *os.File, q question) (*findings, error) {
	exe := executable()
	if exe == "" {
		return nil, errors.New("the program does not know its executable")
	}
	in, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), helperTimeout)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), helperEnv+"=1")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	cmd.ExtraFiles = []*os.File{f}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the helper that was to read the dump: %w: %.500s", err, strings.TrimSpace(stderr.String()))
	}
	found := new(findings)
	if err := json.Unmarshal(out, found); err != nil || !found.fits(q) {
		return nil, fmt.Errorf("the helper that was to read the dump did not answer: does main write something before it calls leak.Helper? (%v)", err)
	}
	return found, nil
}

// fits says whether findings can be those that were asked for.
func (f *findings) fits(q question) bool {
	wrong := func(way int) bool { return way < -1 || way >= len(f.Why) }
	return len(f.Ways) == len(q.Hidden) && !slices.ContainsFunc(f.Ways, wrong) && !slices.Contains(f.Why, nil)
}
