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
Bytes are after one collection, and *after three*, when nothing is left that waits to be swept. xsync.Map, sync.Map and RWMutex+map
hold their values strongly: the limit. *[]weak.Pointer* is a list, with the key as index, which finds nothing and forgets nothing: what
the runtime takes by itself.`, false},
	{"Churn", "Churn", `A million stores of new values, of which the newest 100 000 are held. From the strong map each old entry
is deleted by hand. Peak memory is what the runtime has from the system beyond what it had before.`, false},
	{"Million", "Beside a million entries", `Single calls on a few entries that stay alive, timed one by one (the clock's own
25 to 50 ns included), before anything happens (*quiet*) and meanwhile. *collecting*: five collections of a million live
entries. *dying*: the million dies, from its last use until no dead entry is left (*clean*). Where the map is *no-map* the million is
in none, and the calls go to a map of a thousand: what they are held up by then is the collector or the scheduler, not a map.`, false},
	{"Keys", "Maps of weak keys", `Keys of 64 bytes, by identity; values are integers. *miss* looks up objects that were never stored. The three words of
Slots within the object are not counted as bytes of the entry. *pointer-in-the-key* is no map: the value is behind a field of the object.`, false},
	{"Sets", "Sets", `The same without values.`, false},
	{"Interning", "Interning", `Strings of 21 bytes. *store* is a miss: the string is new. *hit* looks up a string whose bytes lie elsewhere. The
copy of the bytes and the handle that is held (8 bytes) are counted, but go4.org/intern makes no copy.`, false},
	{"Caches", "Caches", `Caches for 10 000 values; 100 000 keys; 500 000 requests. *zipf*: popularity falls with rank. *scan*: the same, a third of the
requests in runs through keys that never come again. *loop*: 25 000 keys over and over. *shift*: a working set of 10 000 that moves.
Nobody holds a value, so what the weak tier adds is garbage found again before it is collected; *kept hit* is the part that the
strong tier alone found. *shared*: each of 40 000 users holds the value of his last request; a *duplicate* is a value loaded although
somebody holds one for that key. *miss* asks with a context that never ends, *miss-cancellable* with one that can, for which our
cache needs a goroutine. otter is held to its size by an executor that evicts in turn; by default it evicts on another goroutine, and
in a loop as tight as this one holds up to twice as much, which shows in its hits, and in the time of a miss that its caller sees
([0091](../../docs/decisions/0091-cache-policy.md), [0090](../../docs/decisions/0090-cache-one-table.md)).`, false},
	{"Counting", "Counted references", `See [rc](../../docs/rc.md). Two threads use one value; *local* is a handle for each thread.`, true},
	{"Events", "Event buses", "", true},
	{"Trees", "Trees", "", true},
	{"Languages", "Other languages", `The same work done by small programs in other languages (bench/peers): n values or keys of about 64 bytes, made, stored, and
looked up in another order. Their collectors and their objects differ, so a figure says how the whole compares, not the table alone. Only
Java's ConcurrentHashMap and Rust's map, which is under a lock, may be used by several threads. Our own figures are those from above.`, true},
}

const (
	title = `# Benchmarks

What it costs against [what you would write](../internal/suite/valueimpls.go): a ` + "`sync.Map`" + ` of weak pointers, with one cleanup for each
entry. Below 1 is cheaper; in brackets is our own figure.

`
	intro = `Written by ` + "`go run ./bench`" + `; do not edit. Medians of rounds in which all implementations take turns; how and why so:
[how we measure](../../docs/decisions/0070-how-we-measure.md). The figures of each round are in
[results.txt](results.txt), which benchstat reads.

`
	other = "These figures are of %s, and are not put together with those of [the benchmarks](../README.md).\n\n"
)

// Write writes the page and its charts from the figures that are there.
func Write(folder string) error {
	all, f, err := readAll(folder)
	if err != nil {
		return err
	}
	below := isBelow(folder)
	notes, err := readNotes(folder, below)
	if err != nil {
		return err
	}
	charts, err := f.drawCharts(folder)
	if err != nil {
		return err
	}
	links, err := elsewhere(folder)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(title)
	if below {
		fmt.Fprintf(&b, other, all[0].kind())
	}
	f.writeSummary(&b, all, charts[""])
	b.WriteString(intro)
	machines(&b, all)
	b.WriteString(links)
	f.borrow()
	f.writeTargets(&b, notes)
	f.writeGroups(&b, all, charts)
	page := strings.TrimRight(b.String(), "\n") + "\n"
	if below {
		page = strings.NewReplacer("](../internal/", "](../../internal/", "](../../docs/", "](../../../docs/").Replace(page)
	}
	return os.WriteFile(filepath.Join(folder, "README.md"), []byte(page), 0o644)
}

// writeSummary writes the first screen.
func (f *figures) writeSummary(b *strings.Builder, all []*section, charts []chart) {
	if lines := f.summary(all); lines != "" {
		fmt.Fprintf(b, "%s\n", lines)
	}
	writeCharts(b, charts)
}

func writeCharts(b *strings.Builder, charts []chart) {
	for _, c := range charts {
		fmt.Fprintf(b, "![%s](%s)\n\n", c.title, c.file)
	}
}

// writeGroups writes all tables and charts.
func (f *figures) writeGroups(b *strings.Builder, all []*section, charts map[string][]chart) {
	for _, g := range groups {
		i := slices.IndexFunc(all, func(s *section) bool { return s.group == g.name })
		if i < 0 {
			continue
		}
		fmt.Fprintf(b, "## %s\n\n", g.title)
		if g.text != "" {
			fmt.Fprintf(b, "%s\n\n", g.text)
		}
		writeCharts(b, charts[g.name])
		for _, t := range f.tables(g.name) {
			if g.long {
				b.WriteString(f.long(t))
			} else {
				b.WriteString(f.markdown(t))
			}
		}
		for _, note := range all[i].notes {
			fmt.Fprintf(b, "- %s\n", note)
		}
		if len(all[i].notes) > 0 {
			b.WriteString("\n")
		}
	}
}

// machines says on what each group was measured, groups of the same run together.
func machines(b *strings.Builder, all []*section) {
	b.WriteString("| measured | date | Go | machine | run | rounds |\n|---|---|---|---|---|---:|\n")
	groupsOf := map[string][]string{}
	var order []string
	for _, s := range all {
		where := fmt.Sprintf("%s | %s | %s | %s | %s", s.date, s.goVersion, s.machine, s.mode, s.rounds())
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

// writeTargets writes what was to be reached, and explains what was not.
func (f *figures) writeTargets(b *strings.Builder, notes map[string]string) {
	b.WriteString("## What was to be reached\n\nRatios are of medians, ours to the other's; the figures to reach were set before anything was built.\n\n")
	by := map[verdict][]target{}
	for _, part := range targets {
		var lines []string
		for _, t := range part.list {
			line, v := t.row(f)
			lines = append(lines, line)
			by[v] = append(by[v], t)
		}
		fmt.Fprintf(b, "### %s\n\n| | at most | measured | |\n|---|---:|---|---|\n%s\n", part.title, strings.Join(lines, ""))
	}
	explain(b, "Out of reach", `What the runtime makes everybody do who refers to an object weakly, measured in the same run without any container
(*bound*; the columns *[]weak.Pointer* and *pointer-in-the-key* below), is more than the figure to reach.

`, by[outOfReach], notes)
	explain(b, "Missed", "", by[missed], notes)
}

// explain writes what notes.md says about targets that were not reached.
func explain(b *strings.Builder, title, text string, list []target, notes map[string]string) {
	if list == nil {
		return
	}
	fmt.Fprintf(b, "### %s\n\n%s", title, text)
	for _, t := range list {
		note := notes[t.id]
		if note == "" {
			note = fmt.Sprintf("Not explained yet (section `%s` of notes.md).", t.id)
		}
		fmt.Fprintf(b, "**%s.** %s\n\n", t.what, note)
	}
}

// readNotes reads the explanations of missed targets, which are written by hand: a
// heading of the second level for each, with the target's id.
func readNotes(folder string, below bool) (map[string]string, error) {
	if below {
		folder = filepath.Dir(folder)
	}
	text, err := os.ReadFile(filepath.Join(folder, "notes.md"))
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
