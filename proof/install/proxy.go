package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// A release is a module of the repository, as it is published.
type release struct {
	module.Version
	dir   string // of the repository, "" for its root
	gomod []byte
	files []zip.File
}

// released lists the modules of a repository with the files of each. Files that are
// not committed belong to it, unless git ignores them.
func released(root, version string) ([]*release, error) {
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	var names []string
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(root, name)); err == nil { // not deleted since
			names = append(names, name)
		}
	}
	dirs := make(map[string]*release)
	var all []*release
	for _, name := range names {
		if path.Base(name) != "go.mod" {
			continue
		}
		r, err := newRelease(root, strings.TrimSuffix(strings.TrimSuffix(name, "go.mod"), "/"), version)
		if err != nil {
			return nil, err
		}
		dirs[r.dir] = r
		if !strings.Contains(r.dir, "testdata") {
			all = append(all, r)
		}
	}
	for _, name := range names {
		r := owner(dirs, name)
		r.files = append(r.files, file{strings.TrimPrefix(strings.TrimPrefix(name, r.dir), "/"), filepath.Join(root, name)})
	}
	for _, r := range all {
		// What the go command does for a module below the root.
		if r.dir != "" && !r.has("LICENSE") {
			r.files = append(r.files, file{"LICENSE", filepath.Join(root, "LICENSE")})
		}
	}
	return all, nil
}

func newRelease(root, dir, version string) (*release, error) {
	name := filepath.Join(root, dir, "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &release{module.Version{Path: modfile.ModulePath(text), Version: version}, dir, text, nil}, nil
}

// owner returns the innermost module that a file lies in.
func owner(dirs map[string]*release, name string) *release {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if r := dirs[dir]; r != nil {
			return r
		}
	}
	return dirs[""]
}

func (r *release) has(name string) bool {
	for _, f := range r.files {
		if f.Path() == name {
			return true
		}
	}
	return false
}

// check says what would keep users from requiring the module.
func (r *release) check() error {
	parsed, err := modfile.Parse(path.Join(r.dir, "go.mod"), r.gomod, nil)
	if err != nil {
		return err
	}
	var errs []error
	for _, rep := range parsed.Replace {
		errs = append(errs, fmt.Errorf("%s/go.mod replaces %s: go install refuses it", r.dir, rep.Old.Path))
	}
	checked, err := zip.CheckFiles(r.files)
	errs = append(errs, err, checked.Err())
	return errors.Join(errs...)
}

// publish writes the module to the folder of a proxy.
func (r *release) publish(proxy string) (size int64, err error) {
	escaped, err := module.EscapePath(r.Path)
	if err != nil {
		return 0, err
	}
	dir := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{r.Version.Version, time.Now().UTC()})
	if err != nil {
		return 0, err
	}
	for name, text := range map[string][]byte{
		"list":                      []byte(r.Version.Version + "\n"),
		r.Version.Version + ".info": info,
		r.Version.Version + ".mod":  r.gomod,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return 0, err
		}
	}
	f, err := os.Create(filepath.Join(dir, r.Version.Version+".zip"))
	if err != nil {
		return 0, err
	}
	if err := errors.Join(zip.Create(f, r.Version, r.files), f.Close()); err != nil {
		return 0, fmt.Errorf("the zip of %s: %w", r.Path, err)
	}
	stat, err := os.Stat(f.Name())
	if err != nil {
		return 0, err
	}
	return stat.Size(), nil
}

// file is a file of the repository, for package zip.
type file struct{ name, source string }

func (f file) Path() string                 { return f.name }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(f.source) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.source) }
