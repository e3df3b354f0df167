package report

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// saving is a line of the first screen: what a user saves, or does not, against what
// he would write himself.
type saving struct {
	what, short string
	ours, other suite.Name // without the number of entries
	unit        string
}

// savings are the lines of the first screen.
var savings = []saving{
	{"look-up", "look-up", weakValues(suite.ValueMap, "hit"), weakValues(suite.Recipe, "hit"), "ns/op"},
	{"insertion", "insertion", weakValues(suite.ValueMap, "store"), weakValues(suite.Recipe, "store"), "ns/op"},
	{"memory an entry, the runtime's records included", "memory", weakValues(suite.ValueMap, "store"), weakValues(suite.Recipe, "store"), "B/entry"},
	{"what an entry adds to a collection, processor time", "collection", weakValues(suite.ValueMap, "collect"), weakValues(suite.Recipe, "collect"), "cpu-ns/entry"},
	{"look-up by object, against a map of weak pointers under a lock", "by object", weakKeys(suite.KeyMap, "hit"), weakKeys(suite.WeakMap, "hit"), "ns/op"},
}

func weakValues(impl, op string) suite.Name {
	return suite.Name{Group: "Values", Impl: impl, Keys: "int", Op: op, Threads: 1}
}

func weakKeys(impl, op string) suite.Name {
	return suite.Name{Group: "Keys", Impl: impl, Op: op, Threads: 1}
}

// at returns our figure for n entries and its ratio to the other.
func (s saving) at(f *figures, n int) (ratio, ours float64, ok bool) {
	s.ours.N, s.other.N = n, n
	ours, ok = f.median(figure{s.ours, s.unit})
	other, measured := f.median(figure{s.other, s.unit})
	return ours / other, ours, ok && measured && ours > 0 && other > 0
}

// The first screen stands in the README of the repository as well, between these.
const (
	begin = "<!-- written by go run ./bench: begin -->\n"
	end   = "<!-- written by go run ./bench: end -->\n"
)

// summary returns the first screen's lines, or "" if nothing of it has been measured.
func (f *figures) summary(all []*section) string {
	var b strings.Builder
	b.WriteString("| |")
	for _, n := range suite.Sizes() {
		fmt.Fprintf(&b, " %s entries |", grouped(n))
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(suite.Sizes())) + "\n")
	some := false
	for _, s := range savings {
		line := "| " + s.what + " |"
		known := false
		for _, n := range suite.Sizes() {
			if ratio, ours, ok := s.at(f, n); ok {
				line += fmt.Sprintf(" %s × (%s) |", significant(ratio), amount(ours, s.unit))
				known = true
			} else {
				line += " |"
			}
		}
		if known {
			b.WriteString(line + "\n")
			some = true
		}
	}
	if !some {
		return ""
	}
	b.WriteString("\n" + f.churnLine())
	for _, s := range all {
		if s.group == "Values" {
			fmt.Fprintf(&b, "Values of 64 bytes, int keys; %s, %s, %s, %s run.\n", s.machine, s.goVersion, s.date, s.mode)
		}
	}
	return b.String()
}

// churnLine says what it costs when entries come and go, or "" if that was not
// measured.
func (f *figures) churnLine() string {
	var ratios []any
	for _, unit := range []string{"cpu-ns/op", "peak-MiB"} {
		p := churn(unit)[0]
		value, ok := target{}.measured(f, p, p.ours)
		if !ok {
			return ""
		}
		ratios = append(ratios, significant(value))
	}
	return fmt.Sprintf("A million stores, of whose values the newest 100 000 are held, take %s × the processor time and %s × the peak memory.\n", ratios...)
}

// WriteReadme puts the first screen of the figures in folder into a file that has a
// place for it.
func WriteReadme(file, folder string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := Readme(old, folder)
	if err != nil || bytes.Equal(text, old) {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// Readme returns a text with the first screen of the figures in folder in its place.
func Readme(text []byte, folder string) ([]byte, error) {
	all, f, err := readAll(folder)
	if err != nil {
		return nil, err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return nil, errors.New("there is no place for the figures: " + strings.TrimSpace(begin))
	}
	return []byte(before + begin + f.summary(all) + end + after), nil
}

// drawSummary draws the first screen's lines: a group of bars for each, and what the
// user would write as a line at 1.
func (f *figures) drawSummary() (*plot.Plot, error) {
	var names []string
	var lines []saving
	for _, s := range savings {
		for _, n := range suite.Sizes() {
			if _, _, ok := s.at(f, n); ok {
				names, lines = append(names, s.short), append(lines, s)
				break
			}
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	p := newPlot()
	const width = 16
	for i, n := range suite.Sizes() {
		values := make(plotter.Values, len(lines))
		for j, s := range lines {
			if ratio, _, ok := s.at(f, n); ok {
				values[j] = ratio
			}
		}
		bars, err := plotter.NewBarChart(values, vg.Length(width))
		if err != nil {
			return nil, err
		}
		bars.Color, bars.LineStyle.Width = series[i], 0
		bars.Offset = vg.Length(float64(i)-float64(len(suite.Sizes())-1)/2) * width
		p.Add(bars)
		p.Legend.Add(grouped(n)+" entries", bars)
	}
	if err := addLevel(p, 1, float64(len(lines)), ink); err != nil {
		return nil, err
	}
	p.Title.Text, p.Y.Label.Text = "Against what you would write", "×"
	p.Y.Min, p.Y.Max = 0, max(1.3, p.Y.Max*1.2) // the legend is above the bars
	p.Legend.Left = false
	p.NominalX(names...)
	return p, nil
}

// addLevel draws a horizontal line through groups of bars.
func addLevel(p *plot.Plot, y, groups float64, c color.Color) error {
	line, err := plotter.NewLine(plotter.XYs{{X: -0.5, Y: y}, {X: groups - 0.5, Y: y}})
	if err != nil {
		return err
	}
	line.Color, line.Width = c, 1.5
	line.Dashes = []vg.Length{4, 3}
	p.Add(line)
	return nil
}
