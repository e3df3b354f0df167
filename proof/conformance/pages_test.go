package conformance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The pages in docs name tests and examples, as `TestRef`, or as `cache.TestIdentity`
// for one in another folder. The tests in this file check that they exist, and that
// what the pages count is right.

const root = "../.."

// testNames returns the names of the tests and examples of the root's module, and of
// this package, in that form.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir // another module
			}
			return nil
		}
		if strings.HasSuffix(path, "_test.go") {
			addTestNames(t, names, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Glob(filepath.Join(root, "proof", "conformance", "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range here {
		addTestNames(t, names, path)
	}
	return names
}

// addTestNames adds those of a file.
func addTestNames(t *testing.T, names map[string]bool, path string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	folder := ""
	if dir != "." {
		folder = filepath.ToSlash(dir) + "."
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && testName.MatchString("`"+fn.Name.Name+"`") {
			names[folder+fn.Name.Name] = true
		}
	}
}

var testName = regexp.MustCompile("`((?:[a-z]+(?:/[a-z]+)*\\.)?(?:Test|Example)(?:[A-Z_]\\w*)?)`")

// namedTests returns the tests that a text names, in order.
func namedTests(text string) (names []string) {
	for _, m := range testName.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPagesNameWhatExists(t *testing.T) {
	exist := testNames(t)
	for _, name := range []string{"conformance.md", "python.md", "semantics.md"} {
		names := namedTests(page(t, name))
		if len(names) == 0 {
			t.Errorf("docs/%s names no tests", name)
		}
		for _, n := range names {
			if !exist[n] {
				t.Errorf("docs/%s names %s, which does not exist", name, n)
			}
		}
	}
}

// conformanceRow is a line of one of the page's tables.
var conformanceRow = regexp.MustCompile(`^\| ([^|]+) \| ([YGRN]) \| ([^|]+) \| ([^|]*)\|$`)

// TestConformancePage checks the page's tables against its counts, and that each test
// of a behaviour of CPython is in one of them.
func TestConformancePage(t *testing.T) {
	text := page(t, "conformance.md")
	listed := make(map[string]int)
	counts := make(map[string]map[string]int) // by test case, by status
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if s, ok := strings.CutPrefix(line, "## "); ok {
			section = s
			counts[section] = make(map[string]int)
			continue
		}
		m := conformanceRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		status, tests, remark := m[2], namedTests(m[3]), strings.TrimSpace(m[4])
		counts[section][status]++
		switch {
		case status == "N" && (len(tests) > 0 || remark == ""):
			t.Errorf("%s, %s: what does not carry over needs a reason, and has no test", section, m[1])
		case status != "N" && len(tests) != 1:
			t.Errorf("%s, %s: %d tests", section, m[1], len(tests))
		case status == "R" && !strings.HasPrefix(tests[0], "rc."):
			t.Errorf("%s, %s: not shown in package rc", section, m[1])
		}
		for _, n := range tests {
			listed[n]++
		}
	}
	checkCounts(t, text, counts)
	for name := range testNames(t) {
		if strings.Contains(name, "TestCPython_") && listed[name] != 1 {
			t.Errorf("%s is in the tables %d times", name, listed[name])
		}
	}
}

// checkCounts checks the table of counts: one line for each section that has rows, but
// for Further, and one for all.
func checkCounts(t *testing.T, text string, counts map[string]map[string]int) {
	t.Helper()
	delete(counts, "Further")
	all := make(map[string]int)
	for section, c := range counts {
		if len(c) == 0 {
			delete(counts, section)
		}
		for status, n := range c {
			all[status] += n
		}
	}
	counts["all"] = all
	line := regexp.MustCompile(`(?m)^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$`)
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		sum := 0
		for i, status := range []string{"Y", "G", "R", "N"} {
			if got := strconv.Itoa(counts[m[1]][status]); got != m[2+i] {
				t.Errorf("%s: %s of status %s, and the page counts %s", m[1], got, status, m[2+i])
			}
			sum += counts[m[1]][status]
		}
		if strconv.Itoa(sum) != m[6] {
			t.Errorf("%s: %d in all, and the page counts %s", m[1], sum, m[6])
		}
		delete(counts, m[1])
	}
	if len(counts) > 0 {
		t.Errorf("the page has no counts for %v", slices.Collect(maps.Keys(counts)))
	}
}

// TestEveryTypeHasAnExample checks that each exported type of the packages whose
// examples are complete has one.
func TestEveryTypeHasAnExample(t *testing.T) {
	names := testNames(t)
	for _, folder := range []string{".", "cache"} {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		prefix := "Example"
		if folder != "." {
			prefix = folder + ".Example"
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			for _, name := range exportedTypes(t, path) {
				if !names[prefix+name] {
					t.Errorf("%s has no example of %s", path, name)
				}
			}
		}
	}
}

func exportedTypes(t *testing.T, path string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
			names = append(names, spec.Name.Name)
		}
		return true
	})
	return names
}
