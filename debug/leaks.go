package debug

import (
	"fmt"
	"time"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
	"github.com/weakref-go/weakref/leak"
)

// leaked is a kind of leak for JSON. Nothing in it was in the memory of the objects: of a
// path, it is what those of its kind have in common.
type leaked struct {
	Type        string      `json:"type"`
	Reason      string      `json:"reason"` // as it was given to leak.Watch
	Signature   string      `json:"signature"`
	Count       int         `json:"count"`
	Age         float64     `json:"ageSeconds"`
	Collections int         `json:"collections"`
	Retained    *heap.Size  `json:"retained,omitempty"` // by one of them
	Path        *drawn.Path `json:"path,omitempty"`
	AllocatedAt []heap.Call `json:"allocatedAt,omitempty"`
	Unexplained string      `json:"unexplained,omitempty"`
}

// leaks shows the kinds of leaks that the watcher knows of, most objects first.
func (h *handler) leaks() *answer {
	w := h.o.Watcher
	if w == nil {
		w = leak.Default
	}
	out := []leaked{}
	v := view{Title: "Leaks", Page: "leaks"}
	for _, l := range w.Report() {
		one := leaked{Type: l.Type, Reason: l.Reason, Signature: l.Signature, Count: l.Count, Age: l.Age.Seconds(),
			Collections: l.Collections, Unexplained: l.Unexplained}
		if a := l.Answer; a != nil {
			one.Retained, one.AllocatedAt = &a.Retained, a.AllocatedAt
			if len(a.Paths) > 0 {
				path := drawn.Alike(a.Paths[0])
				one.Path = &path
			}
		}
		out = append(out, one)
	}
	for _, l := range out[:min(len(out), shown)] {
		v.Drawings = append(v.Drawings, l.draw())
	}
	v.cut(len(out))
	return &answer{value: out, view: v}
}

func (l *leaked) draw() drawing {
	d := drawing{Title: fmt.Sprintf("%d × %s", l.Count, l.Type), Path: l.Path}
	d.Facts = append(d.Facts, fmt.Sprintf("should have died: %q; the oldest has lived on for %v and %d collections",
		l.Reason, time.Duration(l.Age*float64(time.Second)).Round(time.Second), l.Collections))
	if l.Retained != nil {
		d.Facts = append(d.Facts, fmt.Sprintf("one of them retains %s in %d objects", drawn.Bytes(l.Retained.Bytes), l.Retained.Objects))
	}
	if len(l.AllocatedAt) > 0 {
		c := l.AllocatedAt[0]
		d.Facts = append(d.Facts, fmt.Sprintf("allocated by %s %s:%d", c.Func, c.File, c.Line))
	}
	switch {
	case l.Unexplained != "":
		d.Facts = append(d.Facts, "no path: "+l.Unexplained)
	case l.Retained == nil:
		d.Facts = append(d.Facts, "not explained yet")
	}
	return d
}
