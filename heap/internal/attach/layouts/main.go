// Command layouts writes the part of layouts.txt that belongs to the version of Go
// that runs it, or checks it:
//
//	go generate ./heap/internal/attach
//	GOTOOLCHAIN=go1.27.3 go generate ./heap/internal/attach
//	go run ./heap/internal/attach/layouts -check
//
// It builds a program and reads its DWARF. What has no entry there has another name in
// this version of Go, or is gone: then the code that reads it has to change, too.
package main

import (
	"debug/elf"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/attach"
)

//go:embed program.go.txt
var program string

func main() {
	check := flag.Bool("check", false, "write nothing, and fail if the table would change")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "layouts:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	path, err := tablePath()
	if err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	layouts, err := attach.ReadLayouts(string(old))
	if err != nil {
		return err
	}
	l, err := current()
	if err != nil {
		return err
	}
	layouts[attach.Version(runtime.Version())] = l
	text := attach.FormatLayouts(layouts)
	switch {
	case text == string(old):
		return nil
	case check:
		return fmt.Errorf("%s is not that of %s; make it with: GOTOOLCHAIN=%s go generate ./heap/internal/attach",
			filepath.Base(path), runtime.Version(), runtime.Version())
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// tablePath finds the table beside the package.
func tablePath() (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/weakref-go/weakref/heap/internal/attach").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "layouts.txt"), nil
}

// current makes the layout of the version of Go that runs.
func current() (attach.Layout, error) {
	dir, err := os.MkdirTemp("", "layouts-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-o", bin, source)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	f, err := elf.Open(bin)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := f.DWARF()
	if err != nil {
		return nil, err
	}
	l, err := attach.LayoutFromDWARF(d)
	if err != nil {
		return nil, err
	}
	if missing := l.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("%s has no %s", runtime.Version(), strings.Join(missing, ", "))
	}
	return l, nil
}
