package demo

import (
	"bytes"
	"html/template"
	"image/color"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The colours of a chart. The library draws in real ones, so these stand for
// variables of the page's style sheet, which knows of light and dark. Black would not
// do: it is not written out.
var (
	lineColour = color.RGBA{1, 2, 3, 255}
	fillColour = color.RGBA{1, 2, 4, 255}
	gridColour = color.RGBA{1, 2, 5, 255}
	textColour = color.RGBA{1, 2, 6, 255}

	variables = strings.NewReplacer(
		"#010203", "var(--line)",
		"#010204", "var(--fill)",
		"#010205", "var(--grid)",
		"#010206", "var(--text)",
	)
)

var textFont = font.Font{Typeface: "Liberation", Variant: "Sans", Size: 9}

// chart draws the heap over time. All charts of a report have the same axes, so that
// they can be compared.
type chart struct {
	seconds   float64 // the end of the horizontal axis
	mebibytes float64 // the top of the vertical one
}

func newChart(trials []trial) chart {
	var c chart
	for _, t := range trials {
		for _, p := range heapOverTime(t.line) {
			c.seconds = max(c.seconds, p.X)
			c.mebibytes = max(c.mebibytes, p.Y)
		}
	}
	c.mebibytes *= 1.15 // room for the mark's label
	return c
}

func heapOverTime(l *timeline) plotter.XYs {
	points := make(plotter.XYs, len(l.samples))
	for i, s := range l.samples {
		points[i] = plotter.XY{X: s.at.Seconds(), Y: float64(s.heap) / (1 << 20)}
	}
	return points
}

// draw returns the chart of a strategy as SVG.
func (c chart) draw(t *trial) (template.HTML, error) {
	p := plot.New()
	p.BackgroundColor = nil // a transparent one would be written as no colour at all
	setAxis(&p.X, c.seconds, " s")
	setAxis(&p.Y, c.mebibytes, " MiB")
	line := &plotter.Line{
		XYs:       heapOverTime(t.line),
		LineStyle: draw.LineStyle{Color: lineColour, Width: 1.2},
		FillColor: fillColour,
	}
	grid := draw.LineStyle{Color: gridColour, Width: 0.5}
	p.Add(&plotter.Grid{Horizontal: grid}, line)
	p.Add(c.mark(t.letGo)...)
	return svg(p)
}

// setAxis makes an axis from 0 to end.
func setAxis(a *plot.Axis, end float64, unit string) {
	a.Min, a.Max = 0, end
	a.Padding = 0
	a.Color = gridColour
	a.Tick.Color = gridColour
	a.Tick.Length = 4
	a.Tick.Label.Font, a.Tick.Label.Color = textFont, textColour
	a.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		var major []plot.Tick
		for _, t := range (plot.DefaultTicks{}).Ticks(low, high) {
			if !t.IsMinor() {
				t.Label += unit
				major = append(major, t)
			}
		}
		return major
	})
}

// mark returns what says when everybody has let go.
func (c chart) mark(letGo time.Duration) []plot.Plotter {
	x := letGo.Seconds()
	line := &plotter.Line{
		XYs:       plotter.XYs{{X: x, Y: 0}, {X: x, Y: c.mebibytes}},
		LineStyle: draw.LineStyle{Color: textColour, Width: 0.8, Dashes: []vg.Length{3, 3}},
	}
	label := &plotter.Labels{
		XYs:       line.XYs[1:],
		Labels:    []string{"everybody has let go"},
		TextStyle: []text.Style{{Font: textFont, Color: textColour, XAlign: draw.XRight, YAlign: draw.YTop, Handler: plot.DefaultTextHandler}},
		Offset:    vg.Point{X: -4},
	}
	if x < c.seconds/2 { // there is more room on the other side
		label.TextStyle[0].XAlign = draw.XLeft
		label.Offset.X = 4
	}
	return []plot.Plotter{line, label}
}

// svg draws a plot as an element of a page.
func svg(p *plot.Plot) (template.HTML, error) {
	const width, height = 400, 220
	canvas := vgsvg.New(width, height)
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	_, element, _ := strings.Cut(b.String(), "<svg ") // what is before it is for a file of its own
	return template.HTML("<svg " + variables.Replace(element)), nil
}
