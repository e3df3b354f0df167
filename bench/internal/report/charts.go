package report

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// chart is a drawing in a file beside the page.
type chart struct{ group, file, title string }

// Colours of middle brightness, on no background, are readable in light and in dark.
var (
	ink    = color.RGBA{0x80, 0x86, 0x90, 0xff}
	faint  = color.NRGBA{0x80, 0x86, 0x90, 0x50}
	series = []color.RGBA{
		{0xd9, 0x5f, 0x30, 0xff}, // ours
		{0x3b, 0x8e, 0xd0, 0xff},
		{0x3a, 0xa6, 0x75, 0xff},
		{0x9b, 0x6f, 0xc4, 0xff},
		{0xb8, 0x8a, 0x1e, 0xff},
		{0xc7, 0x5b, 0x8f, 0xff},
		{0x6d, 0x8c, 0x3c, 0xff},
		{0x4f, 0x9d, 0x9d, 0xff},
	}
)

// drawCharts draws what there are figures for, and returns the charts by group.
func (f *figures) drawCharts(folder string) (map[string][]chart, error) {
	byGroup := map[string][]chart{}
	draw := func(c chart, p *plot.Plot, err error) error {
		if p == nil || err != nil {
			return err
		}
		byGroup[c.group] = append(byGroup[c.group], c)
		return savePlot(p, filepath.Join(folder, c.file))
	}
	for _, g := range []struct {
		chart
		op, unit, axis string
	}{
		{chart{"Values", "values-hit.svg", "Load, hit"}, "hit", "ns/op", "ns"},
		{chart{"Values", "values-store.svg", "Store, new key"}, "store", "ns/op", "ns"},
		{chart{"Values", "values-bytes.svg", "Bytes an entry"}, "store", "B/entry", "bytes"},
		{chart{"Values", "values-collect.svg", "What an entry adds to a collection"}, "collect", "cpu-ns/entry", "ns of processor time"},
		{chart{"Keys", "keys-hit.svg", "KeyMap.Load, hit"}, "hit", "ns/op", "ns"},
		{chart{"Interning", "interning-hit.svg", "Interning a string that is there"}, "hit", "ns/op", "ns"},
	} {
		p, err := f.growth(g.group, g.op, g.unit)
		if p != nil {
			p.Title.Text, p.Y.Label.Text, p.X.Label.Text = g.title, g.axis, "entries"
		}
		if err := draw(g.chart, p, err); err != nil {
			return nil, err
		}
	}
	p, err := f.drawSummary()
	if err := draw(chart{"", "summary.svg", "Against what you would write"}, p, err); err != nil {
		return nil, err
	}
	p, err = f.percentiles()
	if err := draw(chart{"Million", "million-dying.svg", "Load while a million entries die"}, p, err); err != nil {
		return nil, err
	}
	p, err = f.hitRatios()
	if err := draw(chart{"Caches", "caches-hits.svg", "Hit ratio"}, p, err); err != nil {
		return nil, err
	}
	return byGroup, nil
}

func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	p.Title.TextStyle.Color = ink
	p.Title.TextStyle.Font = font.From(sans, 13)
	p.Title.Padding = 6
	p.Legend.TextStyle.Color = ink
	p.Legend.TextStyle.Font = font.From(sans, 10)
	p.Legend.Top, p.Legend.Left = true, true
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = ink, ink
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = ink, ink
		axis.Label.TextStyle.Font = font.From(sans, 10)
		axis.Tick.Label.Font = font.From(sans, 10)
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Horizontal.Width, grid.Vertical.Width = faint, 0.5, 0
	p.Add(grid)
	return p
}

func savePlot(p *plot.Plot, file string) error {
	w, err := p.WriterTo(17*vg.Centimeter, 10*vg.Centimeter, "svg")
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err = w.WriteTo(out); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// impls returns the implementations of a group in the order in which they were
// measured.
func (f *figures) impls(group string) (list []string) {
	for _, key := range f.order {
		if key.Group == group && !slices.Contains(list, key.Impl) {
			list = append(list, key.Impl)
		}
	}
	return list
}

// growth draws a figure against the number of entries, or nothing if there are
// fewer than two sizes.
func (f *figures) growth(group, op, unit string) (*plot.Plot, error) {
	p := newPlot()
	drawn := false
	for i, impl := range f.impls(group) {
		var points plotter.XYs
		for _, key := range f.order {
			if key.Group != group || key.Impl != impl || key.Op != op || key.unit != unit || key.Threads > 1 || key.Keys == "string" {
				continue
			}
			if y, _ := f.median(key); y > 0 {
				points = append(points, plotter.XY{X: float64(key.N), Y: y})
			}
		}
		if len(points) < 2 {
			continue
		}
		slices.SortFunc(points, func(a, b plotter.XY) int { return int(a.X - b.X) })
		if err := addLine(p, impl, i, points); err != nil {
			return nil, err
		}
		drawn = true
	}
	if !drawn {
		return nil, nil
	}
	logarithmic(&p.X)
	logarithmic(&p.Y)
	return p, nil
}

func addLine(p *plot.Plot, name string, i int, points plotter.XYs) error {
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	colour := series[i%len(series)]
	line.Color, dots.Color = colour, colour
	line.Width = 1.5
	if i == 0 {
		line.Width = 3
	}
	dots.Shape, dots.Radius = draw.CircleGlyph{}, 2.5
	p.Add(line, dots)
	p.Legend.Add(name, line)
	return nil
}

func logarithmic(a *plot.Axis) {
	a.Scale = plot.LogScale{}
	a.Tick.Marker = powers{}
}

// powers marks 1, 2 and 5 times powers of ten.
type powers struct{}

func (powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for base := 1.; base <= high; base *= 10 {
		for _, m := range []float64{1, 2, 5} {
			x := base * m
			if x < low*0.999 || x > high*1.001 {
				continue
			}
			t := plot.Tick{Value: x}
			if m == 1 || high/low < 1000 {
				t.Label = grouped(int(x))
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// percentiles draws how long look-ups take while a million entries die.
func (f *figures) percentiles() (*plot.Plot, error) {
	p := newPlot()
	drawn := false
	steps := []string{"p50-ns", "p99-ns", "p99.9-ns", "p99.99-ns", "max-ns"}
	for i, impl := range f.impls("Million") {
		var points plotter.XYs
		for x, unit := range steps {
			name := suite.Name{Group: "Million", Impl: impl, Op: "load-while-dying", N: 1_000_000, Threads: 1}
			if y, _ := f.median(figure{name, unit}); y > 0 {
				points = append(points, plotter.XY{X: float64(x), Y: y})
			}
		}
		if len(points) < 2 {
			continue
		}
		if err := addLine(p, impl, i, points); err != nil {
			return nil, err
		}
		drawn = true
	}
	if !drawn {
		return nil, nil
	}
	p.Title.Text, p.Y.Label.Text = "Load while a million entries die", "ns"
	logarithmic(&p.Y)
	p.NominalX("median", "99 %", "99.9 %", "99.99 %", "longest")
	return p, nil
}

// hitRatios draws the hit ratios of the caches, a group of bars for each trace.
func (f *figures) hitRatios() (*plot.Plot, error) {
	impls := f.impls("Caches")
	if len(impls) == 0 {
		return nil, nil
	}
	p := newPlot()
	traces := []string{"zipf", "scan", "loop", "shift"}
	const width = 12
	for i, impl := range impls {
		values := make(plotter.Values, len(traces))
		for j, trace := range traces {
			for _, key := range f.order {
				if key.Group == "Caches" && key.Impl == impl && key.Op == trace && key.unit == "hit-%" {
					values[j], _ = f.median(key)
				}
			}
		}
		bars, err := plotter.NewBarChart(values, width)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", impl, err)
		}
		bars.Color, bars.LineStyle.Width = series[i%len(series)], 0
		bars.Offset = vg.Length(float64(i)-float64(len(impls)-1)/2) * width
		p.Add(bars)
		p.Legend.Add(impl, bars)
	}
	p.Title.Text, p.Y.Label.Text = "Hit ratio", "%"
	p.Y.Min, p.Y.Max = 0, 100
	p.Legend.Left = false // the lowest bars are on the right
	p.NominalX(traces...)
	return p, nil
}
