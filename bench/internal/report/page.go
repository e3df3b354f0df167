package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// groups are the groups in the order of the page, with what is to be said about
// each, and whether few implementations have the same operations, so that their tables
// are long rather than wide.
var groups = []struct {
	name, title, text string
	long              bool
}{
	{"Values", "Maps of weak values", `Values of 64 bytes. *store* is of new keys and gives the bytes an entry, too, the
collector's records included, key and value not; *replace* and *mixed* store other values under
keys that are there; *collect* is what an entry adds to a forced collection, all that it sets off included.
The last three columns hold their values strongly: the limit.`, false},
	{"Churn", "Churn", `A million stores of new values, of which the newest 100 000 are held. From the strong map each old entry
is deleted by hand. Peak memory is what the runtime has from the system beyond what it had before.`, false},
	{"Million", "Beside a million entries", `Single calls on a few entries that stay alive, timed one by one (the clock's own
25 to 50 ns included), before anything happens (*quiet*) and meanwhile. *collecting*: five collections of a million live
entries. *dying*: the million dies, from its last use until no dead entry is left (*clean*). Where the map is *no-map* the million is
in none, and the calls go to a map of a thousand: what they are held up by then is the collector or the scheduler, not a map.`, false},
	{"Keys", "Maps of weak keys", `Keys of 64 bytes, by identity; values are integers. *miss* looks up objects that were never stored. The three words of
Slots within the object are not counted as bytes of the entry.`, false},
	{"Sets", "Sets", `The same without values.`, false},
	{"Interning", "Interning", `Strings of 21 bytes. *store* is a miss: the string is new. *hit* looks up a string whose bytes lie elsewhere. The
copy of the bytes and the handle that is held (8 bytes) are counted, but go4.org/intern makes no copy.`, false},
	{"Caches", "Caches", `Caches for 10 000 values; 100 000 keys; 500 000 requests. *zipf*: popularity falls with rank. *scan*: the same, a third of the
requests in runs through keys that never come again. *loop*: 25 000 keys over and over. *shift*: a working set of 10 000 that moves.
Nobody holds a value, so what the weak tier adds is garbage found again before it is collected; *kept hit* is the part that the
strong tier alone found. *shared*: each of 40 000 users holds the value of his last request; a *duplicate* is a value loaded although
somebody holds one for that key. *miss* asks with a context that never ends, *miss-cancellable* with one that can, for which our
cache needs a goroutine.`, false},
	{"Counting", "Counted references", `See [rc](rc.md). Two threads use one value; *local* is a handle for each thread.`, true},
	{"Events", "Event buses", "", true},
	{"Trees", "Trees", "", true},
	{"Languages", "Other languages", `The same work done by small programs in other languages (bench/peers): n values or keys of about 64 bytes, made, stored, and
looked up in another order. Their collectors and their objects differ, so a figure says how the whole compares, not the table alone. Only
Java's ConcurrentHashMap and Rust's map, which is under a lock, may be used by several threads. Our own figures are those from above.`, true},
}

const intro = `# Benchmarks

Written by ` + "`go run ./bench`" + `; do not edit. Medians of rounds in which all implementations take turns; how and why so:
[how we measure](decisions/0070-how-we-measure.md). The figures of each round are in
[benchmarks/results.txt](benchmarks/results.txt), which benchstat reads.

`

// Write writes the page and its charts from the figures that are there.
func Write(docs string) error {
	all, err := load(docs)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("there are no figures yet: run this without -render first")
	}
	f, err := parse(all)
	if err != nil {
		return err
	}
	f.borrow()
	notes, err := readNotes(docs)
	if err != nil {
		return err
	}
	charts, err := f.drawCharts(filepath.Join(docs, "benchmarks"))
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(intro)
	machines(&b, all)
	f.writeTargets(&b, notes)
	for _, g := range groups {
		i := slices.IndexFunc(all, func(s *section) bool { return s.group == g.name })
		if i < 0 {
			continue
		}
		fmt.Fprintf(&b, "## %s\n\n", g.title)
		if g.text != "" {
			fmt.Fprintf(&b, "%s\n\n", g.text)
		}
		for _, c := range charts[g.name] {
			fmt.Fprintf(&b, "![%s](benchmarks/%s)\n\n", c.title, c.file)
		}
		for _, t := range f.tables(g.name) {
			if g.long {
				b.WriteString(f.long(t))
			} else {
				b.WriteString(f.markdown(t))
			}
		}
		for _, note := range all[i].notes {
			fmt.Fprintf(&b, "- %s\n", note)
		}
		if len(all[i].notes) > 0 {
			b.WriteString("\n")
		}
	}
	return os.WriteFile(filepath.Join(docs, "benchmarks.md"), []byte(strings.TrimRight(b.String(), "\n")+"\n"), 0o644)
}

// machines says on what each group was measured, groups of the same run together.
func machines(b *strings.Builder, all []*section) {
	b.WriteString("| measured | date | Go | machine | run |\n|---|---|---|---|---|\n")
	groupsOf := map[string][]string{}
	var order []string
	for _, s := range all {
		where := fmt.Sprintf("%s | %s | %s | %s", s.date, s.goVersion, s.machine, s.mode)
		if groupsOf[where] == nil {
			order = append(order, where)
		}
		groupsOf[where] = append(groupsOf[where], s.group)
	}
	for _, where := range order {
		fmt.Fprintf(b, "| %s | %s |\n", strings.Join(groupsOf[where], ", "), where)
	}
	b.WriteString("\n")
}

// writeTargets writes what was to be reached, and explains what was missed.
func (f *figures) writeTargets(b *strings.Builder, notes map[string]string) {
	b.WriteString("## What was to be reached\n\nRatios are of medians, ours to the other's; the figures to reach were set before anything was built.\n\n")
	var missed []target
	for _, part := range targets {
		var lines []string
		for _, t := range part.list {
			line, miss := t.row(f)
			lines = append(lines, line)
			if miss {
				missed = append(missed, t)
			}
		}
		fmt.Fprintf(b, "### %s\n\n| | at most | measured | |\n|---|---:|---|---|\n%s\n", part.title, strings.Join(lines, ""))
	}
	if missed == nil {
		return
	}
	b.WriteString("### Missed\n\n")
	for _, t := range missed {
		note := notes[t.id]
		if note == "" {
			note = fmt.Sprintf("Not explained yet (section `%s` of benchmarks/notes.md).", t.id)
		}
		fmt.Fprintf(b, "**%s.** %s\n\n", t.what, note)
	}
}

// readNotes reads the explanations of missed targets, which are written by hand: a
// heading of the second level for each, with the target's id.
func readNotes(docs string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(docs, "benchmarks", "notes.md"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	notes := map[string]string{}
	for _, part := range strings.Split("\n"+string(text), "\n## ")[1:] {
		id, note, _ := strings.Cut(part, "\n")
		notes[strings.TrimSpace(id)] = strings.TrimSpace(note)
	}
	return notes, nil
}
