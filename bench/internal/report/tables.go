package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// table is the figures of one group with the same keys and number of entries: a row
// for each operation and unit, a column for each implementation.
type table struct {
	group, keys string
	n           int
}

// row is an operation, and the unit in which it is given.
type row struct {
	op      string
	threads int
	unit    string
}

func (f *figures) tables(group string) []table {
	var all []table
	for _, key := range f.order {
		t := table{group, key.Keys, key.N}
		if key.Group == group && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b table) int {
		return cmp.Or(cmp.Compare(a.keys, b.keys), cmp.Compare(a.n, b.n))
	})
	return all
}

func (f *figures) columns(t table) (impls []string, rows []row) {
	for _, key := range f.order {
		if (table{key.Group, key.Keys, key.N}) != t {
			continue
		}
		if !slices.Contains(impls, key.Impl) {
			impls = append(impls, key.Impl)
		}
		if r := (row{key.Op, key.Threads, key.unit}); !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
	}
	return impls, rows
}

// markdown returns the table. What can be compared is given as a multiple of the
// first implementation, then in its unit.
func (f *figures) markdown(t table) string {
	impls, rows := f.columns(t)
	var b strings.Builder
	t.head(&b, "| ", impls)
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |", r.label())
		for _, impl := range impls {
			fmt.Fprintf(&b, " %s |", f.cell(t, r, impl, impls[0]))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	return b.String()
}

// head writes the title and the first lines of a table: columns without names, and
// those of the figures.
func (t table) head(b *strings.Builder, unnamed string, columns []string) {
	fmt.Fprintf(b, "#### %s\n\n%s| %s |\n", t.title(), unnamed, strings.Join(columns, " | "))
	b.WriteString(strings.ReplaceAll(unnamed, " ", "---") + "|" + strings.Repeat("---:|", len(columns)) + "\n")
}

// long returns the table with a row for each implementation of each operation, and a
// column for each unit. Ratios are to the first implementation of the operation.
func (f *figures) long(t table) string {
	impls, rows := f.columns(t)
	var units []string
	var ops []row
	for _, r := range rows {
		if !slices.Contains(units, r.unit) {
			units = append(units, r.unit)
		}
		if r.unit = ""; !slices.Contains(ops, r) {
			ops = append(ops, r)
		}
	}
	var b strings.Builder
	t.head(&b, "| | ", units)
	for _, op := range ops {
		f.longRows(&b, t, op, impls, units)
	}
	b.WriteString("\n")
	return b.String()
}

func (f *figures) longRows(b *strings.Builder, t table, op row, impls, units []string) {
	first := ""
	label := op.op
	if op.threads > 0 {
		label += fmt.Sprintf(", threads: %d", op.threads)
	}
	for _, impl := range impls {
		var cells []string
		some := false
		for _, unit := range units {
			op.unit = unit
			if _, ok := f.median(t.key(op, impl)); ok && first == "" {
				first = impl
			}
			cell := f.cell(t, op, impl, first)
			cells = append(cells, cell)
			some = some || cell != ""
		}
		if some {
			fmt.Fprintf(b, "| %s | %s | %s |\n", label, impl, strings.Join(cells, " | "))
		}
	}
}

// borrow puts our own figures beside those of other languages.
func (f *figures) borrow() {
	languages := slices.ContainsFunc(f.order, func(key figure) bool { return key.Group == "Languages" })
	var own []figure
	for _, key := range f.order {
		ours := key.Impl == suite.ValueMap && key.Keys == "int" || key.Impl == suite.KeyMap || key.Impl == suite.WeakSet
		work := key.Op == "store" || key.Op == "hit" || key.Op == "miss"
		if languages && ours && work && key.Threads == 1 && (key.unit == "ns/op" || key.unit == "B/entry") {
			rounds := f.rounds[key]
			key.Group, key.Keys = "Languages", ""
			if beside := f.sized("Languages", key.N); beside {
				f.rounds[key] = rounds
				own = append(own, key)
			}
		}
	}
	f.order = append(own, f.order...)
}

// sized reports whether a group has figures for a number of entries.
func (f *figures) sized(group string, n int) bool {
	return slices.ContainsFunc(f.order, func(key figure) bool { return key.Group == group && key.N == n })
}

func (t table) key(r row, impl string) figure {
	return figure{suite.Name{Group: t.group, Impl: impl, Keys: t.keys, Op: r.op, N: t.n, Threads: r.threads}, r.unit}
}

func (f *figures) cell(t table, r row, impl, first string) string {
	value, ok := f.median(t.key(r, impl))
	if !ok {
		return ""
	}
	own, ok := f.median(t.key(r, first))
	if !ok || own <= 0 || value <= 0 || !comparable(r.unit) {
		return amount(value, r.unit)
	}
	return fmt.Sprintf("**%s** · %s", ratio(value/own), amount(value, r.unit))
}

// comparable reports whether a ratio of figures in a unit says something.
func comparable(unit string) bool {
	return !strings.Contains(unit, "%") && unit != "duplicates" && unit != "allocs/op" && unit != "loads"
}

func (t table) title() string {
	var parts []string
	if t.n > 0 {
		parts = append(parts, grouped(t.n)+" entries")
	}
	if t.keys != "" {
		parts = append(parts, t.keys+" keys")
	}
	if len(parts) == 0 {
		return "Operations"
	}
	return strings.Join(parts, ", ")
}

func (r row) label() string {
	label := r.op
	if r.threads > 1 {
		label += fmt.Sprintf(", %d threads", r.threads)
	}
	if r.unit != "ns/op" {
		label += ", " + strings.ReplaceAll(r.unit, "-", " ")
	}
	return label
}

// grouped writes a number with spaces between thousands.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return grouped(n/1000) + fmt.Sprintf(" %03d", n%1000)
}

func ratio(x float64) string { return significant(x) + "×" }

// amount writes a figure in its unit. Times are given in the unit that suits them.
func amount(x float64, unit string) string {
	base, rest, _ := strings.Cut(unit, "/")
	switch {
	case strings.HasSuffix(base, "ns"):
		return duration(x)
	case strings.HasSuffix(base, "-ms"):
		return duration(x * 1e6)
	case strings.HasSuffix(base, "%"):
		return fmt.Sprintf("%.1f %%", x)
	case base == "B":
		return significant(x) + " B"
	case strings.HasSuffix(base, "MiB"):
		return significant(x) + " MiB"
	case rest == "":
		return grouped(int(x))
	}
	return significant(x)
}

func duration(ns float64) string {
	switch x := math.Abs(ns); {
	case x < 9_995:
		return significant(ns) + " ns"
	case x < 9_995_000:
		return significant(ns/1e3) + " µs"
	}
	return significant(ns/1e6) + " ms"
}

// significant writes three digits, or more before the point.
func significant(x float64) string {
	switch a := math.Abs(x); {
	case a < 0.005:
		return "0"
	case a < 9.995:
		return fmt.Sprintf("%.2f", x)
	case a < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
