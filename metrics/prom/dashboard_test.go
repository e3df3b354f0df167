package prom_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/metrics"
)

// labelsOf maps the names that are exported to their labels.
func labelsOf() map[string][]string {
	all := make(map[string][]string)
	for _, m := range metrics.All() {
		all[m.PrometheusName()] = m.Labels
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\bweakref_\w+`)
	selector   = regexp.MustCompile(`(weakref_\w+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)`)
	grouping   = regexp.MustCompile(`\bby\s*\(([^)]*)\)`)
	legend     = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}`)
)

// problems says what is wrong with an expression, or with labels that a text has of it. It
// is no parser of PromQL: it checks that each metric is exported, that matchers are
// for labels of their metric, that groupings and texts name labels of some metric of the
// expression, and that brackets are balanced.
func problems(expr, text string) (all []string) {
	exported := labelsOf()
	labels := []string{"job", "instance"} // the server adds them
	used := metricName.FindAllString(expr, -1)
	if len(used) == 0 {
		all = append(all, "no metric")
	}
	for _, name := range used {
		of, ok := exported[name]
		if !ok {
			all = append(all, name+" is not exported")
		}
		labels = append(labels, of...)
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if l := m[1]; l != "job" && l != "instance" && !slices.Contains(exported[s[1]], l) {
				all = append(all, s[1]+" has no label "+l)
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(g[1], ",") {
			if !slices.Contains(labels, strings.TrimSpace(l)) {
				all = append(all, "nothing has a label "+l)
			}
		}
	}
	for _, l := range legend.FindAllStringSubmatch(text, -1) {
		if grouped := grouping.FindString(expr); !strings.Contains(grouped, l[1]) {
			all = append(all, "the text has a label "+l[1]+" that is not grouped by")
		}
	}
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(expr, pair[:1]) != strings.Count(expr, pair[1:]) {
			all = append(all, "brackets "+pair)
		}
	}
	return all
}

// TestProblems checks that the check finds what it is for.
func TestProblems(t *testing.T) {
	for expr, bad := range map[string]bool{
		`sum by (kind) (weakref_container_entries{name="a", job=~"$job"})`: false,
		`weakref_leaks`:                               false,
		`weakref_leaks{name="a"}`:                     true,
		`weakref_cache_hits_total`:                    true,
		`sum by (cache) (weakref_containers)`:         true,
		`sum(weakref_containers`:                      true,
		`weakref_cache_gets_total{cause="collected"}`: true,
		`vector(1)`:                                   true,
	} {
		if p := problems(expr, ""); (len(p) > 0) != bad {
			t.Errorf("%s: %v", expr, p)
		}
	}
	if problems("sum by (kind) (weakref_containers)", "{{ $labels.name }}") == nil {
		t.Error("a label that is not there was found")
	}
}

type panel struct {
	ID      int
	Type    string
	Title   string
	GridPos struct{ H, W, X, Y int }
	Targets []struct{ Expr, LegendFormat string }
}

func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title      string
		Panels     []panel
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	queries := 0
	ids := make(map[int]bool)
	for _, p := range board.Panels {
		if ids[p.ID] || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d, %s, lies at %+v with %d queries", p.ID, p.Title, p.GridPos, len(p.Targets))
		}
		ids[p.ID] = true
		for _, q := range p.Targets {
			queries++
			for _, problem := range problems(q.Expr, q.LegendFormat) {
				t.Errorf("%s: %s: %s", p.Title, q.Expr, problem)
			}
		}
	}
	if queries < 20 {
		t.Errorf("%d queries were found", queries)
	}
	for _, name := range metricName.FindAllString(string(text), -1) {
		if _, ok := labelsOf()[name]; !ok {
			t.Errorf("%s is not exported", name)
		}
	}
}

func TestAlerts(t *testing.T) {
	text, err := os.ReadFile("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Split(string(text), "- alert: ")[1:]
	if len(rules) < 5 {
		t.Errorf("%d rules were found", len(rules))
	}
	for _, rule := range rules {
		name, _, _ := strings.Cut(rule, "\n")
		expr, notes, ok := strings.Cut(rule, "annotations:")
		_, expr, ok2 := strings.Cut(expr, "expr:")
		expr, _, _ = strings.Cut(expr, "\n        for:")
		if !ok || !ok2 {
			t.Errorf("%s has no expression or no annotations", name)
		}
		for _, problem := range problems(expr, notes) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
