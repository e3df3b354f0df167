package debug

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/internal/live"
)

// shown is how many lines a page has at most; JSON has all.
const shown = 200

// keysShown is how many keys of a container are shown at most.
const keysShown = 100

// row is a container in a list.
type row struct {
	inspect.Container
	Growth int
	Spark  string // points of a line, "" for none
	New    bool
}

// overview lists containers, or buses only: as data the oldest first, on the page by growth
// and then by length.
func (h *handler) overview(q params) *answer {
	s := inspect.Take()
	a := &answer{value: s}
	if q.page == "buses" {
		s.Containers = slices.DeleteFunc(s.Containers, func(c inspect.Container) bool { return c.Kind != "Bus" })
		a.value = s.Containers
	}
	if q.json {
		return a // drawing takes longer than everything else
	}
	v := view{Title: "Containers", Page: q.page, Grows: h.o.Sampler != nil}
	v.offer(h.o.Actions, button{"collect", 0, "Collect garbage"}, button{"dump", 0, "Download a heap dump: all memory, passwords and keys"})
	if q.page == "buses" {
		v.Title = "Buses"
	}
	for _, c := range s.Containers {
		r := row{Container: c}
		if v.Grows {
			r.Growth = h.o.Sampler.Growth(c.ID)
		}
		v.Rows = append(v.Rows, r)
	}
	slices.SortStableFunc(v.Rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Growth, a.Growth), cmp.Compare(b.Len, a.Len))
	})
	v.cut(len(v.Rows))
	for i := range v.Rows {
		if v.Grows {
			v.Rows[i].Spark = spark(h.o.Sampler.Points(v.Rows[i].ID), v.Rows[i].Growth)
		}
	}
	a.view = v
	return a
}

// cut leaves out what is too much for a page, of n things.
func (v *view) cut(n int) {
	v.Rows, v.Handles = v.Rows[:min(len(v.Rows), shown)], v.Handles[:min(len(v.Handles), shown)]
	if n > shown {
		v.Note = fmt.Sprintf("The first %d of %d are shown; ?format=json has all.", shown, n)
	}
}

// offer adds buttons for the actions that are allowed, and says how to allow the others.
func (v *view) offer(allowed Action, buttons ...button) {
	for _, b := range buttons {
		if d := deeds[b.Action]; allowed&d.needs != 0 {
			v.Buttons = append(v.Buttons, b)
		} else if !slices.Contains(v.Refused, d.name) {
			v.Refused = append(v.Refused, d.name)
		}
	}
}

// difference shows what changes while it waits.
func (h *handler) difference(r *http.Request, wait time.Duration) (*answer, error) {
	before := inspect.Take()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return nil, &failure{http.StatusServiceUnavailable, "The request ended."}
	}
	d := inspect.Take().Since(before)
	v := view{Title: fmt.Sprintf("Changes in %v", wait), Page: "changes", Grows: true}
	for _, c := range d.Changes {
		v.Rows = append(v.Rows, row{Container: c.Container, Growth: c.Growth, New: c.New})
	}
	v.cut(len(v.Rows))
	if n := len(d.Gone); n > 0 {
		v.Note += fmt.Sprintf(" Containers that have gone: %d.", n)
	}
	return &answer{value: d, view: v}, nil
}

// container shows one container.
func (h *handler) container(id uint64) (*answer, error) {
	all := inspect.Containers()
	i := slices.IndexFunc(all, func(c inspect.Container) bool { return c.ID == id })
	if i < 0 {
		return nil, noContainer
	}
	c := all[i]
	type whole struct {
		inspect.Container
		Points []inspect.Point   `json:"points,omitempty"`
		Keys   []string          `json:"keys,omitempty"`
		Tables []described.Table `json:"tables,omitempty"`
	}
	out := whole{Container: c}
	v := view{Title: c.Title(), One: &c, Facts: facts(c)}
	v.offer(h.o.Actions, button{"why", id, "What holds its objects?"}, button{"holders", id, "Why is it alive itself?"})
	if h.o.Sampler != nil {
		out.Points = h.o.Sampler.Points(id)
		v.Spark = spark(out.Points, h.o.Sampler.Growth(id))
	}
	if h.o.Key != nil {
		for key := range inspect.Keys(id) {
			out.Keys = append(out.Keys, h.o.Key(key))
			if len(out.Keys) == keysShown {
				break
			}
		}
		v.Keys = out.Keys
	}
	if more, ok := live.Find(id).(described.Tabled); ok {
		out.Tables = more.Tables()
		v.Tables = out.Tables
	}
	return &answer{value: out, view: v}, nil
}

// fact is a line of a container's page.
type fact struct{ Name, Value string }

func facts(c inspect.Container) (all []fact) {
	all = []fact{{"kind", c.Kind}, {"type", c.Type}}
	if st, ok := c.Stats.(slog.LogValuer); ok {
		for _, a := range st.LogValue().Resolve().Group() {
			if a.Key != "name" {
				all = append(all, fact{a.Key, a.Value.String()})
			}
		}
	}
	if st, ok := c.Stats.(interface{ HitRatio() float64 }); ok {
		all = append(all, fact{"hit ratio", fmt.Sprintf("%.1f%%", 100*st.HitRatio())})
	}
	if len(c.Created) > 0 {
		all = append(all, fact{"first used at", c.Created.String()})
	}
	return all
}

func handlesPage() *answer {
	hs := inspect.Take().Handles
	slices.SortStableFunc(hs, func(a, b inspect.Handles) int { return cmp.Compare(b.Open+b.Leaked, a.Open+a.Leaked) })
	v := view{Title: "Handles", Page: "handles", Handles: hs}
	v.cut(len(hs))
	return &answer{value: hs, view: v}
}

// spark returns the points of a line of 100 by 20 that shows lengths over time. It begins
// where the growth that stands beside it does: at nothing, for a container that is younger
// than the samples.
func spark(points []inspect.Point, growth int) string {
	if n := len(points); n > 0 && points[n-1].Len-growth != points[0].Len {
		points = slices.Insert(points, 0, inspect.Point{Len: points[n-1].Len - growth})
	}
	if len(points) < 2 {
		return ""
	}
	low, high := points[0].Len, points[0].Len
	for _, p := range points {
		low, high = min(low, p.Len), max(high, p.Len)
	}
	var b strings.Builder
	for i, p := range points {
		x := 100 * float64(i) / float64(len(points)-1)
		y := 19 - 18*float64(p.Len-low)/float64(max(high-low, 1))
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
	}
	return strings.TrimSpace(b.String())
}
