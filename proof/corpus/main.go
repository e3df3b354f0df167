// Command corpus runs the checks over modules of other people and reports what
// they find, with what a reader of each finding thought of it.
//
//	go run ./proof/corpus -o docs/vet-corpus.md
//
// modules.txt lists the modules with their versions. Each is downloaded by the
// go command, copied to a work directory and checked by go vet with all tiers,
// in the packages that mention runtime.AddCleanup, runtime.SetFinalizer, weak or
// unique. judged.tsv has one line for each finding: the module, the place, the
// analyzer, "true" or "false", and why. The program fails if a finding has no
// judgement, or a judgement no finding.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("corpus: ")
	dir := flag.String("dir", "proof/corpus", "the directory with modules.txt and judged.tsv")
	work := flag.String("work", filepath.Join(os.TempDir(), "weakvet-corpus"), "where to copy the modules to; what is there already is used again")
	out := flag.String("o", "", "write the report to this `file` (standard output if absent)")
	flag.Parse()
	if err := run(*dir, *work, *out); err != nil {
		log.Fatal(err)
	}
}

func run(dir, work, out string) error {
	modules, err := readModules(filepath.Join(dir, "modules.txt"))
	if err != nil {
		return err
	}
	judged, err := readJudgements(filepath.Join(dir, "judged.tsv"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o777); err != nil {
		return err
	}
	tool := filepath.Join(work, "weakvet")
	if err := buildTool(tool); err != nil {
		return err
	}
	var results []*result
	for _, m := range modules {
		log.Printf("%s %s", m.path, m.version)
		r, err := examine(m, tool, work)
		if err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
		log.Printf("\t%d packages, %d sites, %d findings", len(r.packages), r.sites, len(r.findings))
		results = append(results, r)
	}
	missing := judged.judge(results)
	w := os.Stdout
	if out != "" {
		if w, err = os.Create(out); err != nil {
			return err
		}
		defer w.Close()
	}
	if err := report(w, results); err != nil {
		return err
	}
	if len(missing) > 0 {
		for _, m := range missing {
			log.Print(m)
		}
		return fmt.Errorf("%d findings and judgements do not match", len(missing))
	}
	return nil
}

// buildTool makes the checks' own command.
func buildTool(tool string) error {
	cmd := exec.Command("go", "build", "-o", tool, "github.com/weakref-go/weakref/vet/cmd/weakvet")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}
