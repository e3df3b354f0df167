package top

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// table is the containers and how they have grown.
type table struct {
	first map[key]int // lengths at the first look; nil before that
	rows  []row
	byLen bool
}

// key is a container's. A service that has been restarted gives the same numbers to
// others, which have other names and types as a rule.
type key struct {
	id        uint64
	name, typ string
}

type row struct {
	container
	growth int
}

func newTable() *table { return &table{} }

func (t *table) update(all []container) {
	begin := t.first == nil
	if begin {
		t.first = make(map[key]int)
	}
	t.rows = t.rows[:0]
	for _, c := range all {
		k := key{c.ID, c.Name, c.Type}
		if begin {
			t.first[k] = c.Len
		}
		t.rows = append(t.rows, row{c, c.Len - t.first[k]}) // what is new has grown from nothing
	}
	t.sort()
}

func (t *table) sort() {
	slices.SortStableFunc(t.rows, func(a, b row) int {
		byLen, byGrowth := cmp.Compare(b.Len, a.Len), cmp.Compare(b.growth, a.growth)
		if t.byLen {
			return cmp.Or(byLen, byGrowth)
		}
		return cmp.Or(byGrowth, byLen)
	})
}

// reset counts growth from now on.
func (t *table) reset() {
	t.first = make(map[key]int)
	for i, r := range t.rows {
		t.first[key{r.ID, r.Name, r.Type}] = r.Len
		t.rows[i].growth = 0
	}
	t.sort()
}

// narrowWidth is how wide a line must be to have room for more than growth, length and
// the beginning of a name.
const narrowWidth = 70

// text is a head and n rows from one on, in lines of some width; -1: of any.
func (t *table) text(width, from, n int) string {
	var b strings.Builder
	line := func(format string, args ...any) {
		s := fmt.Sprintf(format, args...)
		if width >= 0 {
			s = ansi.Truncate(s, width, "…")
		}
		b.WriteString(s + "\n")
	}
	narrow := width >= 0 && width < narrowWidth
	if narrow {
		line("%8s %9s  %s", "growth", "length", "container")
	} else {
		line("%8s %9s %10s  %-5s %-12s %s", "growth", "length", "collected", "#", "kind", "container")
	}
	from = min(from, len(t.rows))
	for _, r := range t.rows[from:min(from+n, len(t.rows))] {
		name := printable(r.Type)
		if r.Name != "" {
			name = printable(r.Name) + "  " + name
		}
		if narrow {
			line("%+8d %9d  %s", r.growth, r.Len, name)
			continue
		}
		line("%+8d %9d %10d  %-5d %-12s %s", r.growth, r.Len, r.Stats.Collected, r.ID, printable(r.Kind), name)
	}
	return b.String()
}

// printable quotes what could do something to a terminal. The service is not trusted.
func printable(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			return strconv.Quote(s)
		}
	}
	return s
}
