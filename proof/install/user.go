package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A user has a Go installation, a network and nothing else.
type user struct {
	tmp     string // for modules
	gopath  string
	version string
	env     []string
}

func newUser(tmp, proxy, version string) (*user, error) {
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		return nil, err
	}
	cache, others, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	// What has been downloaded once is not downloaded again: the module cache is laid out
	// as a proxy is. With -trimpath, what has been compiled once is not compiled again:
	// the module cache has another path each time.
	proxies := fileURL(proxy) + "," + fileURL(filepath.Join(cache, "cache", "download")) + "," + others
	u := &user{tmp: tmp, gopath: filepath.Join(tmp, "gopath"), version: version}
	u.env = append(os.Environ(), "GOPATH="+u.gopath, "GOMODCACHE=", "GOBIN=", "GOWORK=off", "GOFLAGS=-modcacherw -trimpath",
		"GOPROXY="+proxies, "GONOSUMDB="+modulePath, "GONOPROXY=", "GOPRIVATE=",
		"PATH="+filepath.Join(u.gopath, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return u, nil
}

func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// doAll does everything, and reports all that failed.
func (u *user) doAll() error {
	var errs []error
	for _, s := range []struct {
		name string
		do   func(u *user, dir string) error
	}{
		{"go get the packages, build, vet and test with them", (*user).library},
		{"go get of the root brings nothing else", (*user).alone},
		{"go get the modules for metrics, and run with them", (*user).metrics},
		{"build for other systems", (*user).elsewhere},
		{"go install the command", (*user).command},
		{"go install weakvet, go vet -vettool", (*user).vettool},
		{"go get -tool weakvet, go tool", (*user).tool},
		{"go install the command for Windows", (*user).commandElsewhere},
	} {
		dir, err := os.MkdirTemp(u.tmp, "module")
		if err != nil {
			return err
		}
		start := time.Now()
		verdict := "ok"
		if err := s.do(u, dir); err != nil {
			verdict = "FAILED"
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
		fmt.Printf("%-6s %5.1f s  %s\n", verdict, time.Since(start).Seconds(), s.name)
	}
	return errors.Join(errs...)
}

// library is a program that uses the packages, and a test that does.
func (u *user) library(dir string) error {
	return u.all(
		u.module(dir, map[string]string{"main.go": program, "main_test.go": programTest}),
		u.run(dir, "go", "get", modulePath+"@"+u.version, modulePath+"/cache", modulePath+"/heap", modulePath+"/weaktest"),
		u.run(dir, "go", "mod", "tidy"),
		u.run(dir, "go", "vet", "./..."),
		u.run(dir, "go", "test", "./..."),
		u.says("a document", dir, "go", "run", "."),
	)()
}

// alone sees to it that who requires the module requires nothing else.
func (u *user) alone(dir string) error {
	if err := u.all(
		u.module(dir, map[string]string{"main.go": program, "main_test.go": programTest}),
		u.run(dir, "go", "get", "-t", "./..."),
	)(); err != nil {
		return err
	}
	out, err := u.output(dir, "go", "list", "-m", "all")
	if lines := strings.Count(out, "\n"); err == nil && lines != 2 {
		err = fmt.Errorf("go list -m all has %d lines, not the program's and one more:\n%s", lines, out)
	}
	return err
}

// metrics is a program that is scraped.
func (u *user) metrics(dir string) error {
	return u.all(
		u.module(dir, map[string]string{"main.go": scraped}),
		u.run(dir, "go", "get", modulePath+"/metrics/prom@"+u.version, modulePath+"/metrics/otel@"+u.version),
		u.run(dir, "go", "mod", "tidy"),
		u.run(dir, "go", "vet", "./..."),
		u.says("weakref_container_entries 1", dir, "go", "run", "."),
	)()
}

func (u *user) elsewhere(dir string) error {
	steps := []func() error{
		u.module(dir, map[string]string{"main.go": program, "main_test.go": programTest}),
		u.run(dir, "go", "get", "-t", "./..."),
	}
	for _, target := range targets {
		steps = append(steps,
			u.run(dir, append(target, "go", "build", "./...")...),
			u.run(dir, append(target, "go", "vet", "./...")...)) // compiles the test
	}
	return u.all(steps...)()
}

var targets = [][]string{
	{"env", "GOOS=windows", "GOARCH=amd64"},
	{"env", "GOOS=darwin", "GOARCH=arm64"},
}

func (u *user) command(dir string) error {
	return u.all(
		u.run(dir, "go", "install", modulePath+"/cmd/weakref@"+u.version),
		u.says(u.version, dir, "weakref", "version"),
		u.module(dir, map[string]string{"m.go": misuse}),
		u.finds(dir, "weakref", "vet"),
	)()
}

// commandElsewhere leaves other systems than Windows to .ci/run, which builds them from
// the folder.
func (u *user) commandElsewhere(dir string) error {
	return u.run(dir, "env", "GOOS=windows", "GOARCH=amd64", "go", "install", modulePath+"/cmd/weakref@"+u.version)()
}

func (u *user) vettool(dir string) error {
	tool := filepath.Join(u.gopath, "bin", "weakvet")
	return u.all(
		u.run(dir, "go", "install", modulePath+"/vet/cmd/weakvet@"+u.version),
		u.module(dir, map[string]string{"m.go": misuse}),
		u.finds(dir, "go", "vet", "-vettool="+tool, "./..."),
		u.finds(dir, tool, "./..."),
	)()
}

func (u *user) tool(dir string) error {
	return u.all(
		u.module(dir, map[string]string{"m.go": misuse}),
		u.run(dir, "go", "get", "-tool", modulePath+"/vet/cmd/weakvet@"+u.version),
		u.finds(dir, "go", "tool", "weakvet", "./..."),
	)()
}

// all does one thing after the other, until one fails.
func (u *user) all(steps ...func() error) func() error {
	return func() error {
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
}

// module begins a module with some files.
func (u *user) module(dir string, files map[string]string) func() error {
	return func() error {
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				return err
			}
		}
		return u.run(dir, "go", "mod", "init", "example.com/user")()
	}
}

func (u *user) run(dir string, args ...string) func() error {
	return func() error {
		_, err := u.output(dir, args...)
		return err
	}
}

// says checks what a command prints.
func (u *user) says(want, dir string, args ...string) func() error {
	return func() error {
		out, err := u.output(dir, args...)
		if err == nil && !strings.Contains(out, want) {
			err = fmt.Errorf("%s does not say %q:\n%s", strings.Join(args, " "), want, out)
		}
		return err
	}
}

// finds checks that a command fails because of what [misuse] does wrong.
func (u *user) finds(dir string, args ...string) func() error {
	return func() error {
		out, err := u.output(dir, args...)
		if err == nil || !strings.Contains(out, "m.go:5:12: nothing but this weak pointer refers to the new object") {
			return fmt.Errorf("%s has not found what is wrong:\n%s", strings.Join(args, " "), out)
		}
		return nil
	}
}

// output runs a command and returns all that it prints.
func (u *user) output(dir string, args ...string) (string, error) {
	if filepath.Base(args[0]) == args[0] && args[0] != "go" && args[0] != "env" {
		args[0] = filepath.Join(u.gopath, "bin", args[0])
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, u.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

const program = `package main

import (
	"context"
	"fmt"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/heap"
)

type document struct{ title string }

var documents = cache.Cache[string, document]{
	Load: func(_ context.Context, title string) (*document, error) { return &document{title}, nil },
}

func main() {
	d, err := documents.Get(context.Background(), "a document")
	if err != nil {
		panic(err)
	}
	if _, err := heap.Why(weakref.Make(d)); err != nil {
		fmt.Println(err)
	}
	fmt.Println(d.title)
}
`

const scraped = `package main

import (
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/metrics"
	weakrefotel "github.com/weakref-go/weakref/metrics/otel"
	"github.com/weakref-go/weakref/metrics/prom"
)

type document struct{ title string }

func main() {
	documents := weakref.Set[document]{Name: "documents"}
	d := &document{"a document"}
	documents.Add(d)
	if _, err := weakrefotel.Register(noop.Meter{}, new(metrics.Source)); err != nil {
		panic(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(new(prom.Collector))
	families, err := registry.Gather()
	if err != nil {
		panic(err)
	}
	for _, f := range families {
		if f.GetName() == "weakref_container_entries" {
			fmt.Println(f.GetName(), f.Metric[0].GetGauge().GetValue())
		}
	}
	runtime.KeepAlive(d)
}
`

const programTest = `package main

import (
	"context"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

func TestForgotten(t *testing.T) {
	d, err := documents.Get(context.Background(), "another")
	if err != nil {
		t.Fatal(err)
	}
	r := weakref.Make(d)
	d = nil
	weaktest.MustCollect(t, r)
}
`

const misuse = `package user

import "weak"

var Weak = weak.Make(&struct{ next, last *int }{})
`
