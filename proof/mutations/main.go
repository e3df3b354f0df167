// Command mutations checks the tests: it puts faults into the code, one at a time,
// and runs the tests that must notice. Each fault must turn a test red; one that
// does not survives, and shows what no test guards.
//
//	go run ./proof/mutations                     # all of them; hours
//	go run ./proof/mutations -match 'KeyMap'     # those whose name matches
//
// Nothing is copied and nothing is changed on disk: each fault is an overlay of the
// build (go help build, -overlay). The list is in faults.go and the files beside it. The
// exit status is 1 if a fault survives or cannot be put in.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	match := flag.String("match", "", "only faults whose name matches this regular expression")
	verbose := flag.Bool("v", false, "show what the tests print")
	flag.Parse()
	if err := run(*match, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "mutations:", err)
		os.Exit(1)
	}
}

func run(match string, verbose bool) error {
	pattern, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	root, err := repository()
	if err != nil {
		return err
	}
	selected := slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return !pattern.MatchString(f.name) })
	if len(selected) == 0 {
		return fmt.Errorf("no fault's name matches %q", match)
	}
	if err := sane(root, selected); err != nil {
		return err
	}
	bad := 0
	for i, f := range selected {
		begun := time.Now()
		r := try(root, f)
		fmt.Printf("%3d/%d  %-9s %5.1fs  %s\n", i+1, len(selected), r.verdict, time.Since(begun).Seconds(), f.name)
		fmt.Printf("                          %s\n", r.evidence)
		if verbose || r.verdict != caught {
			fmt.Println(r.output)
		}
		if r.verdict != caught {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d faults were not caught", bad, len(selected))
	}
	fmt.Printf("all %d faults were caught\n", len(selected))
	return nil
}

// sane makes sure that the tests pass without a fault: otherwise they would catch
// anything.
func sane(root string, selected []fault) error {
	patterns := map[string][]string{} // by package
	for _, f := range selected {
		for _, test := range f.tests {
			pkg, pattern, _ := strings.Cut(test, " ")
			patterns[pkg] = append(patterns[pkg], pattern)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(patterns)) {
		fmt.Printf("without a fault: %v\n", pkg)
		var args []string
		if list := patterns[pkg]; !slices.Contains(list, "") { // or all tests are wanted
			slices.Sort(list)
			args = []string{"-run=" + strings.Join(slices.Compact(list), "|")}
		}
		if out, err := goTest(root, "", []string{pkg}, args); err != nil {
			return fmt.Errorf("the tests fail without a fault:\n%s", out)
		}
	}
	return nil
}
