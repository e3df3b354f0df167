package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A module is a line of modules.txt.
type module struct{ path, version string }

func readModules(file string) ([]module, error) {
	var modules []module
	err := lines(file, func(line string) error {
		path, version, ok := strings.Cut(line, " ")
		if !ok {
			return fmt.Errorf("%q is not a path and a version", line)
		}
		modules = append(modules, module{path, version})
		return nil
	})
	return modules, err
}

// lines calls f for the lines of the file that are neither empty nor comments.
func lines(file string, f func(string) error) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	return nil
}

// A result is what was found in a module.
type result struct {
	module
	packages []string // patterns of the packages checked
	sites    int      // calls of the functions that the checks are about
	failed   string   // why some package could not be checked
	findings []*finding
}

// A finding is one diagnostic.
type finding struct {
	module   string
	place    string // file:line, below the module's root
	analyzer string
	message  string
	source   string // the line

	verdict, why string // from judged.tsv
}

// examine downloads a module, copies it and checks it.
func examine(m module, tool, work string) (*result, error) {
	dir, err := fetch(m, work)
	if err != nil {
		return nil, err
	}
	r := &result{module: m}
	if err := r.scan(dir); err != nil {
		return nil, err
	}
	if len(r.packages) == 0 {
		return r, nil
	}
	return r, r.vet(dir, tool)
}

// fetch returns a writable copy of the module: go vet may have to complete its
// go.sum.
func fetch(m module, work string) (string, error) {
	dir := filepath.Join(work, strings.ReplaceAll(m.path, "/", "!")+"@"+m.version)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	cmd := exec.Command("go", "mod", "download", "-json", m.path+"@"+m.version)
	cmd.Dir = work
	cmd.Stderr = os.Stderr
	data, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go mod download: %w", err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(data, &downloaded); err != nil {
		return "", err
	}
	part := dir + ".part"
	if err := errors.Join(os.RemoveAll(part), copyTree(part, downloaded.Dir), addGoMod(part, m.path), os.Rename(part, dir)); err != nil {
		return "", err
	}
	return dir, nil
}

// addGoMod gives a module from before modules a go.mod.
func addGoMod(dir, path string) error {
	if isModule(dir) {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+path+"\n\ngo 1.16\n"), 0o666)
}

// copyTree copies the files of a module, which are read-only, as writable ones.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o777)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o666)
	})
}

// scan finds the packages of the module that mention the functions that the
// checks are about, and counts the calls.
func (r *result) scan(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != dir && (base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || isModule(name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if built, err := build.Default.MatchFile(filepath.Split(name)); err != nil || !built || !strings.HasSuffix(name, ".go") {
			return nil // for another system
		}
		sites := countSites(name)
		if sites == 0 {
			return nil
		}
		rel, err := filepath.Rel(dir, filepath.Dir(name))
		if err != nil {
			return err
		}
		r.sites += sites
		if pattern := "./" + filepath.ToSlash(rel); !slices.Contains(r.packages, pattern) {
			r.packages = append(r.packages, pattern)
		}
		return nil
	})
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// countSites counts the calls of the functions that register cleanups and
// finalizers and make weak pointers and handles.
func countSites(file string) int {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return 0
	}
	names := make(map[string]string) // the packages' names in this file
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil || p != "runtime" && p != "weak" && p != "unique" {
			continue
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	if len(names) == 0 {
		return 0
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		if sel, ok := node.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				switch names[x.Name] + "." + sel.Sel.Name {
				case "runtime.AddCleanup", "runtime.SetFinalizer", "weak.Make", "unique.Make":
					n++
				}
			}
		}
		return true
	})
	return n
}

// vet runs go vet with the checks on the packages: on all at once, and if that
// fails, on one after the other, since a package that does not build keeps the
// go command from looking at any.
func (r *result) vet(dir, tool string) error {
	if err := r.vetPackages(dir, tool, r.packages); err != nil || r.failed == "" {
		return err
	}
	r.failed = ""
	for _, p := range r.packages {
		if err := r.vetPackages(dir, tool, []string{p}); err != nil {
			return err
		}
	}
	return nil
}

func (r *result) vetPackages(dir, tool string, packages []string) error {
	args := append([]string{"vet", "-vettool=" + tool, "-tier=all", "-json"}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		r.failed = strings.ReplaceAll(firstError(stderr.String(), err), dir+string(filepath.Separator), "")
	}
	if err := r.parse(dir, &stdout); err != nil {
		return err
	}
	return r.parse(dir, &stderr) // older go commands print it there
}

// firstError returns the line of the output that says most about why a package
// could not be checked.
func firstError(stderr string, err error) string {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading") && !strings.ContainsAny(line[:1], "{}\"") {
			return line
		}
	}
	return err.Error()
}

// parse reads the output of go vet -json: a JSON object for each package,
// between comments.
func (r *result) parse(dir string, out io.Reader) error {
	var objects bytes.Buffer
	depth := 0
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		line := sc.Text()
		if depth == 0 && !strings.HasPrefix(line, "{") {
			continue
		}
		objects.WriteString(line + "\n")
		if strings.HasPrefix(line, "{") {
			depth = 1
		}
		if strings.HasPrefix(line, "}") || line == "{}" {
			depth = 0
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	dec := json.NewDecoder(&objects)
	for {
		var packages map[string]map[string]json.RawMessage
		if err := dec.Decode(&packages); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("output of go vet: %w", err)
		}
		for _, analyzers := range packages {
			for name, raw := range analyzers {
				r.add(dir, name, raw)
			}
		}
	}
	slices.SortFunc(r.findings, func(a, b *finding) int {
		return strings.Compare(a.key(), b.key())
	})
	return nil
}

// add adds the diagnostics of an analyzer. A file is in a package and in its
// test variant too, so each may come twice.
func (r *result) add(dir, analyzer string, raw json.RawMessage) {
	var diagnostics []struct{ Posn, Message string }
	if json.Unmarshal(raw, &diagnostics) != nil {
		return // an error, which go vet reports in its own way too
	}
	for _, d := range diagnostics {
		file, line, ok := position(d.Posn)
		rel, err := filepath.Rel(dir, file)
		if !ok || err != nil || strings.HasPrefix(rel, "..") {
			continue
		}
		f := &finding{
			module:   r.path,
			place:    filepath.ToSlash(rel) + ":" + strconv.Itoa(line),
			analyzer: analyzer,
			message:  d.Message,
			source:   sourceLine(file, line),
		}
		if !slices.ContainsFunc(r.findings, func(g *finding) bool { return g.key() == f.key() && g.message == f.message }) {
			r.findings = append(r.findings, f)
		}
	}
}

// position splits file:line:column.
func position(posn string) (file string, line int, ok bool) {
	rest, _, ok := cutLast(posn, ":")
	if !ok {
		return "", 0, false
	}
	file, n, ok := cutLast(rest, ":")
	line, err := strconv.Atoi(n)
	return file, line, ok && err == nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func sourceLine(file string, line int) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for text := range strings.Lines(string(data)) {
		if line--; line == 0 {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// key identifies a finding in judged.tsv.
func (f *finding) key() string { return f.module + "\t" + f.place + "\t" + f.analyzer }
