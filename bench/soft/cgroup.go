//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cgroup is the folder of a control group, of either version.
type cgroup struct {
	dir string
	v2  bool
}

// newCgroup makes a control group beside all others.
func newCgroup(limit int) cgroup {
	g := cgroup{dir: "/sys/fs/cgroup/memory"}
	if _, err := os.Stat(g.dir); err != nil {
		g = cgroup{dir: "/sys/fs/cgroup", v2: true}
	}
	g.dir = filepath.Join(g.dir, "weakref-soft-"+strconv.Itoa(os.Getpid()))
	must(0, os.MkdirAll(g.dir, 0o755))
	must(0, os.WriteFile(filepath.Join(g.dir, g.file("memory.max", "memory.limit_in_bytes")), []byte(strconv.Itoa(limit)), 0o644))
	return g
}

func (g cgroup) file(v2, v1 string) string {
	if g.v2 {
		return v2
	}
	return v1
}

func (g cgroup) procs() string { return filepath.Join(g.dir, "cgroup.procs") }

func (g cgroup) most() int { return g.number(g.file("memory.peak", "memory.max_usage_in_bytes")) }

func (g cgroup) hits() int {
	if !g.v2 {
		return g.number("memory.failcnt")
	}
	_, after, _ := strings.Cut(string(must(os.ReadFile(filepath.Join(g.dir, "memory.events")))), "\nmax ")
	n, _ := strconv.Atoi(strings.Fields(after)[0])
	return n
}

func (g cgroup) number(name string) int {
	return must(strconv.Atoi(strings.TrimSpace(string(must(os.ReadFile(filepath.Join(g.dir, name)))))))
}

func (g cgroup) remove() { os.Remove(g.dir) }
