// Command install does what users do before they have seen a line of the code: go get,
// go install, go get -tool, go vet -vettool, each in a fresh module with an empty module
// cache. The modules come from a proxy that it makes from the folder, so it can be run
// before a version is tagged:
//
//	go run ./proof/install
//
// To try something else by hand, have it write the proxy and leave it there:
//
//	go run ./proof/install -proxy /tmp/proxy
//	GOPROXY=file:///tmp/proxy,https://proxy.golang.org GONOSUMDB=github.com/weakref-go/* GOMODCACHE=$(mktemp -d) go get …
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const modulePath = "github.com/weakref-go/weakref"

func main() {
	log.SetFlags(0)
	log.SetPrefix("install: ")
	proxy := flag.String("proxy", "", "write the proxy to this `folder`, and do nothing else")
	flag.Parse()
	if err := run(*proxy); err != nil {
		log.Fatal(err)
	}
}

func run(proxy string) error {
	root, version, err := workspace()
	if err != nil {
		return err
	}
	if proxy != "" {
		if proxy, err = filepath.Abs(proxy); err != nil {
			return err
		}
		return publish(root, version, proxy)
	}
	tmp, err := os.MkdirTemp("", "install")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	proxy = filepath.Join(tmp, "proxy")
	if err := publish(root, version, proxy); err != nil {
		return err
	}
	u, err := newUser(tmp, proxy, version)
	if err != nil {
		return err
	}
	return u.doAll()
}

// workspace returns the folder of go.work, and the version of the root that go.work
// replaces: the next one to be tagged.
func workspace() (root, version string, err error) {
	out, err := exec.Command("go", "env", "GOWORK").Output()
	if err != nil {
		return "", "", err
	}
	work := strings.TrimSpace(string(out))
	if work == "" || work == "off" {
		return "", "", errors.New("run it in the workspace")
	}
	text, err := os.ReadFile(work)
	if err != nil {
		return "", "", err
	}
	_, rest, ok := strings.Cut(string(text), "replace "+modulePath+" ")
	version, _, ok2 := strings.Cut(rest, " =>")
	if !ok || !ok2 {
		return "", "", fmt.Errorf("%s replaces no version of %s", work, modulePath)
	}
	return filepath.Dir(work), version, nil
}

// publish makes the proxy, and says what there is in it.
func publish(root, version, proxy string) error {
	all, err := released(root, version)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range all {
		if err := r.check(); err != nil {
			errs = append(errs, err)
			continue
		}
		size, err := r.publish(proxy)
		errs = append(errs, err)
		fmt.Printf("%-42s %3d files, %4d kB\n", r.Path, len(r.files), size/1000)
	}
	return errors.Join(errs...)
}
