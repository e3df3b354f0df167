package why

import (
	"fmt"
	"strings"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// maxRows bounds the lists of the browser.
const maxRows = 1000

func typesPage(v *view) (*page, error) {
	info := infoLines(v.file, v.Info())
	p := &page{title: info[0], head: info[1:], columns: fmt.Sprintf("%12s %8s %8s  type", "objects", "bytes", "retained")}
	for _, t := range v.retainedTypes() {
		p.rows = append(p.rows, row{
			fmt.Sprintf("%12s %8s %8s  %s", count(t.Objects), drawn.Bytes(t.Bytes), drawn.Bytes(t.Retained), typeName(t.Name)),
			func() (*page, error) { return typePage(v, t.Name) },
		})
	}
	return p.ready(), nil
}

// typePage is the ways in which objects of a type are held.
func typePage(v *view, name string) (*page, error) {
	var held []heap.Holding
	for _, h := range v.Holdings() {
		if h.Type == name {
			held = append(held, h)
		}
	}
	return heldPage(v, "How "+typeName(name)+" is held", held), nil
}

func holdersPage(v *view) (*page, error) { return heldPage(v, "What is held how", v.Holdings()), nil }

func heldPage(v *view, title string, held []heap.Holding) *page {
	p := &page{title: title, columns: fmt.Sprintf("%12s %8s  held as (type)", "objects", "bytes")}
	for _, h := range held[:min(maxRows, len(held))] {
		p.rows = append(p.rows, row{
			fmt.Sprintf("%12s %8s  %s (%s)", count(h.Objects), drawn.Bytes(h.Bytes), h.Path, typeName(h.Type)),
			func() (*page, error) { return objectPage(v, h.Example) },
		})
	}
	return p.ready()
}

func dominatorsPage(v *view) (*page, error) {
	p := &page{title: "Objects that retain most", columns: fmt.Sprintf("%8s  object", "retained")}
	p.rows = retainingRows(v, v.Dominators().Top(maxRows))
	return p.ready(), nil
}

func unrootedPage(v *view) (*page, error) {
	p := &page{title: "No root in the dump leads to these: garbage, or only a cleanup holds them", columns: "object"}
	for _, o := range v.Unrooted() {
		if len(p.rows) == maxRows {
			break
		}
		p.rows = append(p.rows, row{o.String(), func() (*page, error) { return objectPage(v, o) }})
	}
	return p.ready(), nil
}

func retainingRows(v *view, objects []heap.Object) (rows []row) {
	t := v.Dominators()
	for _, o := range objects {
		rows = append(rows, row{
			fmt.Sprintf("%8s  %v", drawn.Bytes(t.Retained(o)), o),
			func() (*page, error) { return objectPage(v, o) },
		})
	}
	return rows
}

// objectPage is what leads to an object, and what it retains.
func objectPage(v *view, o heap.Object) (*page, error) {
	a := v.Answer(o)
	p := &page{title: a.Object.String(), columns: "referred to by / retains"}
	p.head = strings.Split(a.Detail(), "\n")[1:]
	for _, r := range v.Referrers(o, maxRows) {
		entry := row{text: "      ←  " + r.Text}
		if r.Holder.Address != 0 {
			entry.open = func() (*page, error) { return objectPage(v, r.Holder) }
		}
		p.rows = append(p.rows, entry)
	}
	p.rows = append(p.rows, retainingRows(v, v.Dominators().Children(o, maxRows))...)
	return p.ready(), nil
}
