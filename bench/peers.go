package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// peer is a program in another language that does the same: it makes a table of
// weakly held values, or keys, looks them up, and prints results in our form. Its
// argument is the number of entries.
type peer struct {
	language string
	tool     string                                       // without which it is left out
	build    func(source, temp string) []string           // nil: none is needed
	run      func(source, temp string, n string) []string // the command
}

var peers = []peer{
	{"python", "python3", nil, func(source, _, n string) []string {
		return []string{"python3", filepath.Join(source, "peer.py"), n}
	}},
	{"java", "javac", func(source, temp string) []string {
		return []string{"javac", "-d", temp, filepath.Join(source, "Peer.java")}
	}, func(_, temp, n string) []string {
		return []string{"java", "-Xmx4g", "-cp", temp, "Peer", n}
	}},
	{"node", "node", nil, func(source, _, n string) []string {
		return []string{"node", "--expose-gc", "--max-old-space-size=4096", filepath.Join(source, "peer.mjs"), n}
	}},
	{"rust", "rustc", func(source, temp string) []string {
		return []string{"rustc", "--edition=2021", "-O", "-o", filepath.Join(temp, "peer"), filepath.Join(source, "main.rs")}
	}, func(_, temp, n string) []string {
		return []string{filepath.Join(temp, "peer"), n}
	}},
}

func (peer) group() string { return "Languages" }

// jobs builds the program and returns what runs it, or nothing, with a line that
// says why.
func (p peer) jobs(ctx context.Context, root, temp string, s settings) []*job {
	source := filepath.Join(root, "bench", "peers", p.language)
	temp = filepath.Join(temp, p.language)
	if err := p.prepare(ctx, source, temp); err != nil {
		return skipped(p.group(), p.language, err)
	}
	var jobs []*job
	for _, n := range []string{"1000", "131072", "1000000"} {
		if s.quick && n != "131072" {
			continue
		}
		jobs = append(jobs, &job{
			group: p.group(), block: p.language + n, name: p.language + "/n=" + n, maxRounds: 3,
			command: p.run(source, temp, n),
		})
	}
	return jobs
}

func (p peer) prepare(ctx context.Context, source, temp string) error {
	if _, err := exec.LookPath(p.tool); err != nil {
		return err
	}
	if err := os.MkdirAll(temp, 0o755); err != nil || p.build == nil {
		return err
	}
	args := p.build(source, temp)
	if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
