package dumptest

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Lines finds the lines of the Go files of a folder that end in a comment "// @name".
func Lines(dir string) (map[string]int, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	lines := map[string]int{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(string(src), "\n") {
			if _, name, ok := strings.Cut(line, "// @"); ok {
				lines[name] = i + 1
			}
		}
	}
	return lines, nil
}

var (
	addrRE      = regexp.MustCompile(`0x[0-9a-f]+`)
	goroutineRE = regexp.MustCompile(`^goroutine \d+`)
	frameRE     = regexp.MustCompile(`frame\+\d+`)
	markerRE    = regexp.MustCompile(`@\w+`)
)

// WantedPath is a path that a test wants, with the lines that it names by their comments.
func WantedPath(want string, lines map[string]int) string {
	return markerRE.ReplaceAllStringFunc(want, func(m string) string { return strconv.Itoa(lines[m[1:]]) })
}

// SamePath says whether a path is what is wanted, or one of several that are separated by
// " || ", but for what differs from run to run.
func SamePath(got, want string) bool {
	for w := range strings.SplitSeq(want, " || ") {
		if normal(got) == normal(w) {
			return true
		}
	}
	return false
}

// normal replaces what differs from run to run.
func normal(text string) string {
	text = goroutineRE.ReplaceAllString(text, "goroutine N")
	text = strings.TrimSuffix(text, "?") // a variable that had to be guessed
	text = frameRE.ReplaceAllString(text, "frame+N")
	return addrRE.ReplaceAllString(text, "ADDR")
}
