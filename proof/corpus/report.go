package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/vet"
)

// judgements maps the key of a finding to what was thought of it.
type judgements map[string]judgement

type judgement struct {
	verdict, why string
	used         bool
}

func readJudgements(file string) (judgements, error) {
	all := make(judgements)
	err := lines(file, func(line string) error {
		f := strings.Split(line, "\t")
		if len(f) != 5 || f[3] != "true" && f[3] != "false" {
			return fmt.Errorf("want module, place, analyzer, true or false, and a reason, between tabs")
		}
		all[strings.Join(f[:3], "\t")] = judgement{verdict: f[3], why: f[4]}
		return nil
	})
	return all, err
}

// judge adds the judgements to the findings and returns what does not match.
func (j judgements) judge(results []*result) (missing []string) {
	for _, r := range results {
		for _, f := range r.findings {
			v, ok := j[f.key()]
			if !ok {
				f.verdict = "?"
				missing = append(missing, "not judged: "+f.key()+"\t"+f.message)
				continue
			}
			f.verdict, f.why = v.verdict, v.why
			v.used = true
			j[f.key()] = v
		}
	}
	for key, v := range j {
		if !v.used {
			missing = append(missing, "no such finding: "+key)
		}
	}
	slices.Sort(missing)
	return missing
}

// tierOf returns the tier of a finding. The parts of an analyzer that belong to
// a higher tier are told by their messages.
func tierOf(f *finding) vet.Tier {
	for _, c := range vet.Suite {
		if c.Name != f.analyzer {
			continue
		}
		if c.Part != "" && isPart(f) {
			return c.PartTier
		}
		return c.Tier
	}
	return vet.OptIn
}

func isPart(f *finding) bool {
	switch f.analyzer {
	case "weakdiscard":
		return strings.Contains(f.message, " returns, so it is nil")
	case "nilarg":
		return strings.HasPrefix(f.message, "the argument is an interface")
	case "uniquedrop":
		return strings.HasPrefix(f.message, "the whole of")
	case "uintptrkey":
		return strings.Contains(f.message, " guards against that")
	case "stopmissing":
		return strings.HasPrefix(f.message, "the Cleanup is dropped")
	}
	return false
}

// report writes docs/vet-corpus.md.
func report(w io.Writer, results []*result) error {
	p := &printer{w: w}
	p.f("# The checks on other people's modules\n\n")
	p.f("Written by `go run ./proof/corpus`, from the modules pinned in `proof/corpus/modules.txt` and the\n")
	p.f("judgements in `proof/corpus/judged.tsv`. Do not edit.\n\n")
	sites, packages, unchecked := 0, 0, 0
	for _, r := range results {
		sites += r.sites
		packages += len(r.packages)
		if r.failed != "" {
			unchecked++
		}
	}
	p.f("%d modules, %d packages with %d calls of `runtime.AddCleanup`, `runtime.SetFinalizer`, `weak.Make` and\n", len(results), packages, sites)
	p.f("`unique.Make`, tests included. A finding is *true* if what it says is so and the code would be better\n")
	p.f("without it, and *false* otherwise, deliberate uses included.\n\n")
	p.summary(results)
	p.perAnalyzer(results)
	p.findings(results)
	p.modules(results)
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

type count struct{ yes, no int }

func (c *count) add(f *finding) {
	if f.verdict == "true" {
		c.yes++
	} else {
		c.no++
	}
}

func (p *printer) summary(results []*result) {
	tiers := make(map[vet.Tier]*count)
	for _, t := range []vet.Tier{vet.Default, vet.Warning, vet.OptIn} {
		tiers[t] = new(count)
	}
	for _, r := range results {
		for _, f := range r.findings {
			tiers[tierOf(f)].add(f)
		}
	}
	p.f("| tier | true | false |\n|---|---|---|\n")
	for _, t := range []vet.Tier{vet.Default, vet.Warning, vet.OptIn} {
		p.f("| %s | %d | %d |\n", title(t), tiers[t].yes, tiers[t].no)
	}
	p.f("\n")
}

func title(t vet.Tier) string {
	if t == vet.OptIn {
		return "opt-in"
	}
	return t.String()
}

func (p *printer) perAnalyzer(results []*result) {
	type key struct {
		tier vet.Tier
		name string
	}
	counts := make(map[key]*count)
	for _, r := range results {
		for _, f := range r.findings {
			k := key{tierOf(f), f.analyzer}
			if counts[k] == nil {
				counts[k] = new(count)
			}
			counts[k].add(f)
		}
	}
	p.f("| analyzer | tier | true | false |\n|---|---|---|---|\n")
	for _, t := range []vet.Tier{vet.Default, vet.Warning, vet.OptIn} {
		for _, c := range vet.Suite {
			if n := counts[key{t, c.Name}]; n != nil {
				p.f("| %s | %s | %d | %d |\n", c.Name, title(t), n.yes, n.no)
			}
		}
	}
	p.f("\n")
}

func (p *printer) findings(results []*result) {
	for _, t := range []vet.Tier{vet.Default, vet.Warning, vet.OptIn} {
		p.f("## Findings of the %s tier\n\n", title(t))
		found := false
		for _, r := range results {
			for _, f := range r.findings {
				if tierOf(f) == t {
					p.finding(f)
					found = true
				}
			}
		}
		if !found {
			p.f("None.\n")
		}
		p.f("\n")
	}
}

func (p *printer) finding(f *finding) {
	p.f("- **%s**: %s, `%s` at %s\n  `%s`\n  %s\n", f.verdict, f.analyzer, f.module, f.place, strings.ReplaceAll(f.source, "`", "'"), f.why)
}

func (p *printer) modules(results []*result) {
	p.f("## Modules\n\n| module | version | packages | calls | findings |\n|---|---|---|---|---|\n")
	for _, r := range results {
		p.f("| %s | %s | %d | %d | %d |\n", r.path, r.version, len(r.packages), r.sites, len(r.findings))
	}
	for _, r := range results {
		if r.failed != "" {
			p.f("\nIn part not checked: %s (`%s`).\n", r.path, r.failed)
		}
	}
}
