package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// folder is the paths of the Go files in one folder, in order.
type folder []string

// goSource returns the folder of the Go installation's own source.
func goSource(ctx context.Context) (string, error) {
	const advice = "give a folder with Go files as argument"
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local") // nothing is to be downloaded for this
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("no Go source to index: \"go env GOROOT\" failed: %w; %s", err, advice)
	}
	src := filepath.Join(strings.TrimSpace(string(out)), "src")
	if _, err := os.Stat(src); err != nil {
		return "", fmt.Errorf("no Go source to index: the installation that \"go env GOROOT\" names has none: %w; %s", err, advice)
	}
	return src, nil
}

// open returns the files below a folder of the system.
func open(dir string) (*source, error) {
	// An installation may be a link to a folder, which a walk would not follow.
	root, err := filepath.EvalSymlinks(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %s to index: %w", dir, err)
	case err != nil:
		return nil, fmt.Errorf("the folder %s cannot be reached: %w", dir, err)
	}
	info, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file; give the folder that it is in", dir)
	}
	return &source{root: dir, files: os.DirFS(root)}, nil
}

// find returns the Go files of a source, by folder. Like the go command, it leaves
// out what begins with a dot or an underscore, and testdata. It does not follow links
// and takes nothing for a file that is none. A folder that cannot be read is noted.
func (s *source) find(ctx context.Context) ([]folder, error) {
	var all []folder
	index := make(map[string]int) // of a folder in all
	err := fs.WalkDir(s.files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			s.note(&s.unreadable, name, err)
			return nil
		case name != "." && ignored(d.Name()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || path.Ext(name) != ".go":
			return nil
		}
		dir := path.Dir(name)
		i, known := index[dir]
		if !known {
			i = len(all)
			index[dir] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], name)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("there are no Go files in %s or below it", s.root)
		if unreadable := s.unreadable["."]; unreadable != nil {
			return nil, fmt.Errorf("the folder %s cannot be read: %w", s.root, unreadable)
		}
		for _, unreadable := range s.unreadable {
			err = errors.Join(err, unreadable)
		}
	}
	return all, err
}

// ignored reports whether the go command would pass over a file or folder.
func ignored(name string) bool {
	return name[0] == '.' || name[0] == '_' || name == "testdata"
}

// choose returns whole folders, in an order that the seed decides, until they have
// so many files; the last may be cut short.
func choose(all []folder, files int, seed uint64) (chosen []folder, n int) {
	for _, i := range newRand(seed, "choose").Perm(len(all)) {
		f := all[i][:min(len(all[i]), files-n)]
		chosen = append(chosen, f)
		if n += len(f); n == files {
			break
		}
	}
	return chosen, n
}

// newRand returns a source of random numbers of its own for each purpose.
func newRand(seed uint64, purpose string) *rand.Rand {
	var stream uint64
	for _, c := range []byte(purpose) {
		stream = stream<<8 | uint64(c)
	}
	return rand.New(rand.NewPCG(seed, stream))
}
