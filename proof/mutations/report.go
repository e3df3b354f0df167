package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// write writes what became of the faults.
func write(root, path string, results []result) error {
	n := 0
	for _, r := range results {
		if r.verdict == caught {
			n++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Faults that the tests must notice

Written by `+"`go run ./proof/mutations`"+`, which puts each of these faults into the code, one at a
time, and runs the tests of the packages it names. %d faults, %d caught. The patches are in
[proof/mutations](../proof/mutations).

| fault | in | noticed by |
|---|---|---|
`, len(results), n)
	for _, r := range results {
		what := r.evidence
		if r.verdict != caught {
			what = fmt.Sprintf("**%s**: %s", r.verdict, what)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.name, strings.Join(r.files(), ", "), strings.ReplaceAll(what, "|", `\|`))
	}
	return os.WriteFile(filepath.Join(root, path), []byte(b.String()), 0o644)
}

// files returns the files that a fault changes.
func (f fault) files() (files []string) {
	seen := make(map[string]bool)
	for _, e := range f.edits {
		if !seen[e.file] {
			seen[e.file] = true
			files = append(files, e.file)
		}
	}
	return files
}
