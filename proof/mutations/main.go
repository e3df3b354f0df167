// Command mutations checks the tests: it puts faults into the code, one at a time,
// and runs the tests that must notice. Each fault must turn a test red; one that
// does not survives, and shows what no test guards.
//
//	go run ./proof/mutations                     # all of them; about a quarter of an hour
//	go run ./proof/mutations -match 'KeyMap'     # those whose name matches
//
// Nothing is copied and nothing is changed on disk: each fault is an overlay of the
// build (go help build, -overlay). The list is in faults.go and the files beside it;
// a run of all of them writes docs/mutations.md. The exit status is 1 if a fault
// survives or cannot be put in.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	match := flag.String("match", "", "only faults whose name matches this regular expression")
	report := flag.String("report", "docs/mutations.md", "where a run of all faults writes its result")
	verbose := flag.Bool("v", false, "show what the tests print")
	flag.Parse()
	if err := run(*match, *report, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "mutations:", err)
		os.Exit(1)
	}
}

func run(match, report string, verbose bool) error {
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
	var results []result
	bad := 0
	for i, f := range selected {
		begun := time.Now()
		r := try(root, f)
		results = append(results, r)
		fmt.Printf("%3d/%d  %-9s %5.1fs  %s\n", i+1, len(selected), r.verdict, time.Since(begun).Seconds(), f.name)
		fmt.Printf("                          %s\n", r.evidence)
		if verbose || r.verdict != caught {
			fmt.Println(r.output)
		}
		if r.verdict != caught {
			bad++
		}
	}
	if match == "" {
		if err := write(root, report, results); err != nil {
			return err
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
	var packages []string
	for _, f := range selected {
		for _, test := range f.tests {
			pkg, _, _ := strings.Cut(test, " ")
			packages = append(packages, pkg)
		}
	}
	slices.Sort(packages)
	packages = slices.Compact(packages)
	fmt.Printf("without a fault: %v\n", packages)
	if out, err := goTest(root, "", packages, nil); err != nil {
		return fmt.Errorf("the tests fail without a fault:\n%s", out)
	}
	return nil
}
