package recipes

import "github.com/weakref-go/weakref/event"

// page:

// Price is what is published.
type Price struct {
	Symbol string
	Cents  int64
}

var prices event.Bus[Price]

// Row is a row of a table on the screen.
type Row struct {
	Symbol string
	Cents  int64
}

// NewRow returns a row that follows a price until nobody has the row any more. There is
// no Close to forget.
func NewRow(symbol string) *Row {
	r := &Row{Symbol: symbol}
	event.Subscribe(&prices, r, (*Row).update)
	return r
}

func (r *Row) update(p Price) {
	if p.Symbol == r.Symbol {
		r.Cents = p.Cents
	}
}

// end:
