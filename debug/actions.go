package debug

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/internal/drawn"
	"github.com/weakref-go/weakref/internal/live"
)

// Action is what a handler may do beyond showing, as a set: Why | Collect.
type Action uint

const (
	// Why says what holds the objects that a container holds weakly (heap.WhyWeak), or what
	// holds the container itself. It writes a dump of the heap to a temporary file and
	// reads it, in this process. By
	// a fork where that can be had, so that the process stops for milliseconds; elsewhere
	// it stops for as long as the writing takes, some three seconds for a gigabyte. The
	// answer has names of variables and keys of maps in it.
	//
	//	POST ?action=why&id=N
	//	POST ?action=holders&id=N
	Why Action = 1 << iota

	// Collect collects garbage and waits for that.
	//
	//	POST ?action=collect
	Collect

	// Dump sends a dump of the heap, which is all memory of the process: passwords, keys,
	// what users have sent. The dump stops the process as with Why.
	//
	//	POST ?action=dump
	Dump
)

// pause is how long after the end of an action there is no other one.
const pause = 2 * time.Second

// actions has one action run at a time, and not all the time.
type actions struct {
	mu      sync.Mutex
	running bool
	next    time.Time // no action before
}

// begin reports whether an action may begin. It must be ended then.
func (a *actions) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running || time.Now().Before(a.next) {
		return false
	}
	a.running = true
	return true
}

func (a *actions) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running, a.next = false, time.Now().Add(pause)
}

// deed is what an action does.
type deed struct {
	needs Action
	name  string // of needs
	do    func(http.ResponseWriter, params) error
}

var deeds = map[string]deed{
	"why":     {Why, "debug.Why", why},
	"holders": {Why, "debug.Why", holders},
	"collect": {Collect, "debug.Collect", collect},
	"dump":    {Dump, "debug.Dump", dump},
}

// act does what a POST asks for, which does not come from another site.
func (h *handler) act(w http.ResponseWriter, q params) error {
	d, ok := deeds[q.action]
	switch {
	case !ok:
		return &failure{http.StatusBadRequest, "action is one of why, holders, collect, dump"}
	case h.o.Actions&d.needs == 0:
		return &failure{http.StatusForbidden, "The service does not allow this action. It would with " + d.name + " in debug.Options.Actions."}
	case !h.action.begin():
		w.Header().Set("Retry-After", "3")
		return &failure{http.StatusTooManyRequests, "An action is under way, or has just been. Try again in some seconds."}
	}
	defer h.action.end()
	return d.do(w, q)
}

func mode() heap.Mode {
	if heap.CanFork {
		return heap.Fork
	}
	return heap.Auto
}

// why says what holds what a container holds weakly.
func why(w http.ResponseWriter, q params) error {
	state := live.Find(q.id)
	if state == nil {
		return noContainer
	}
	return explain(w, q, state, "What holds the objects of "+title(state))
}

// holders says what holds a container.
func holders(w http.ResponseWriter, q params) error {
	state := live.Find(q.id)
	if state == nil {
		return noContainer
	}
	why := "Why " + title(state) + " is alive"
	return explain(w, q, live.Weak(state), why) // which holds state no longer
}

// title is what a container is called on its page.
func title(s described.State) string {
	d := s.Describe()
	return cmp.Or(d.Name, d.Type)
}

// explained is an answer for JSON.
type explained struct {
	ID      uint64   `json:"id"`
	Objects int      `json:"objects"`
	Held    []held   `json:"held"`
	Back    []string `json:"back,omitempty"` // what leads back to the container
	Hint    string   `json:"hint,omitempty"`
	Text    string   `json:"text"` // the same to read
}

// held is objects that are held in one way.
type held struct {
	Type    string      `json:"type"`
	Objects int         `json:"objects"`
	Bytes   uint64      `json:"bytes"`
	Path    *drawn.Path `json:"path,omitempty"` // to one of them
}

// explain says what holds the objects that something holds weakly.
func explain(w http.ResponseWriter, q params, holder any, title string) error {
	e := heap.Explainer{Mode: mode()}
	found, err := e.ExplainWeak(holder)
	if err != nil {
		return &failure{http.StatusServiceUnavailable, err.Error()}
	}
	out := explained{ID: q.id, Objects: found.Objects, Hint: found.Hint, Text: found.String()}
	v := view{Title: title, Back: q.id}
	if found.Objects == 0 {
		v.Note = "No live object is held weakly."
	}
	for _, way := range found.Held {
		one := held{Type: way.Type, Objects: way.Objects, Bytes: way.Bytes}
		d := drawing{Title: fmt.Sprintf("%d × %s, %s", way.Objects, cmp.Or(way.Type, "of a type not known"), drawn.Bytes(way.Bytes))}
		if len(way.By.Steps) > 0 {
			path := drawn.Of(way.By)
			one.Path, d.Path = &path, &path
		} else {
			d.Facts = append(d.Facts, "held as "+way.Holding.Path) // no path was looked for
		}
		out.Held, v.Drawings = append(out.Held, one), append(v.Drawings, d)
	}
	for _, b := range found.Back {
		out.Back = append(out.Back, b.String())
	}
	v.Notes = append(v.Notes, out.Back...)
	if out.Hint != "" {
		v.Notes = append(v.Notes, out.Hint)
	}
	a := answer{value: out, view: v}
	return a.write(w, q.json)
}

func collect(w http.ResponseWriter, q params) error {
	start := time.Now()
	runtime.GC()
	took := time.Since(start)
	a := answer{value: map[string]any{"took": took.String()}, view: view{Title: "Collected", Note: "The collection took " + took.String() + "."}}
	return a.write(w, q.json)
}

func dump(w http.ResponseWriter, _ params) error {
	f, err := os.CreateTemp("", "weakref-*.dump") // readable for this user only
	if err != nil {
		return &failure{http.StatusServiceUnavailable, "a temporary file cannot be made"}
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer f.Close()
	if _, err := heap.Snapshot(f, mode()); err != nil {
		return &failure{http.StatusServiceUnavailable, err.Error()}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="heap.dump"`)
	_, _ = io.Copy(w, f)
	return nil
}
