package demo

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed report.html
var pageText string

var pageTemplate = template.Must(template.New("report").Parse(pageText))

// card is what the page says of a strategy.
type card struct {
	Title, Text string
	Chart       template.HTML
}

// writeHTML writes the report as a page that needs nothing else.
func (r *report) writeHTML(w io.Writer) error {
	cards, err := r.cards()
	if err != nil {
		return err
	}
	return pageTemplate.Execute(w, map[string]any{
		"Title":   r.title(),
		"Sizes":   r.sizes(),
		"Remarks": r.remarks(),
		"Cards":   cards,
		"Columns": r.heads(),
		"Rows":    r.rows(),
	})
}

func (r *report) cards() ([]card, error) {
	c := newChart(r.trials)
	var cards []card
	for i, title := range r.heads() {
		t := &r.trials[i]
		drawn, err := c.draw(t)
		if err != nil {
			return nil, err
		}
		cards = append(cards, card{title, t.explain(&t.figures, guess(r.editors)), drawn})
	}
	return cards, nil
}
