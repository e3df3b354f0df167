package inspect

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Snapshot is what there was when it was taken. It refers to no container, and marshals
// to JSON.
type Snapshot struct {
	Time       time.Time   `json:"time"`
	Containers []Container `json:"containers"` // the oldest first
	Handles    []Handles   `json:"handles"`    // open or leaked, if [rc.Track] is on
}

// Take takes a snapshot.
func Take() *Snapshot { return &Snapshot{time.Now(), Containers(), handles()} }

// String returns a table with a line for each container and each place where open handles
// were made.
func (s *Snapshot) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range s.Containers {
		fmt.Fprintf(w, "#%d\t%s\t%s\t%d\t\n", c.ID, oneLine(c.Name), c.Type, c.Len)
	}
	for _, h := range s.Handles {
		made := "unknown"
		if lines := h.Made.lines(); len(lines) > 0 {
			made = lines[0]
		}
		fmt.Fprintf(w, "\thandles\t%s\t%d\tleaked %d, made at %s\n", h.Type, h.Open, h.Leaked, made)
	}
	_ = w.Flush()
	return b.String()
}

// oneLine makes a name harmless for a terminal and a table.
func oneLine(name string) string {
	if q := fmt.Sprintf("%q", name); q != `"`+name+`"` {
		return q
	}
	return name
}

// LogValue returns how many containers there are of each kind, and their entries, as a
// group for each kind: a line of a log is not for a thousand containers.
func (s *Snapshot) LogValue() slog.Value {
	type sum struct{ n, entries int }
	kinds := make(map[string]sum)
	for _, c := range s.Containers {
		k := kinds[c.Kind]
		kinds[c.Kind] = sum{k.n + 1, k.entries + c.Len}
	}
	var attrs []slog.Attr
	for kind, k := range kinds {
		attrs = append(attrs, slog.Group(kind, slog.Int("containers", k.n), slog.Int("entries", k.entries)))
	}
	slices.SortFunc(attrs, func(a, b slog.Attr) int { return cmp.Compare(a.Key, b.Key) })
	open, leaked := 0, 0
	for _, h := range s.Handles {
		open, leaked = open+h.Open, leaked+h.Leaked
	}
	return slog.GroupValue(append(attrs, slog.Int("openHandles", open), slog.Int("leakedHandles", leaked))...)
}

// Delta is the difference of two snapshots.
type Delta struct {
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"`
	Changes []Change    `json:"changes"` // of all containers of the later one, the one that has grown most first
	Gone    []Container `json:"gone"`    // those that are not there any more, as they were
}

// Change is what has become of a container. One that is new has grown from nothing.
type Change struct {
	Container
	Growth int    `json:"growth"` // of Len
	Died   uint64 `json:"died"`   // entries that have left because they died
	New    bool   `json:"new"`
}

// Since compares the snapshot with an earlier one of the same process.
func (s *Snapshot) Since(old *Snapshot) *Delta {
	d := &Delta{From: old.Time, To: s.Time}
	was := make(map[uint64]Container, len(old.Containers))
	for _, c := range old.Containers {
		was[c.ID] = c
	}
	for _, c := range s.Containers {
		before, there := was[c.ID]
		delete(was, c.ID)
		d.Changes = append(d.Changes, Change{c, c.Len - before.Len, c.Collected() - before.Collected(), !there})
	}
	slices.SortStableFunc(d.Changes, func(a, b Change) int { return cmp.Compare(b.Growth, a.Growth) })
	for _, c := range old.Containers {
		if _, gone := was[c.ID]; gone {
			d.Gone = append(d.Gone, c)
		}
	}
	return d
}

// String returns a line for each container whose length has changed, and for each that
// has gone.
func (d *Delta) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range d.Changes {
		if c.Growth != 0 || c.New {
			fmt.Fprintf(w, "%+d\t#%d\t%s\t%s\t%d\n", c.Growth, c.ID, oneLine(c.Name), c.Type, c.Len)
		}
	}
	for _, c := range d.Gone {
		fmt.Fprintf(w, "gone\t#%d\t%s\t%s\t%d\n", c.ID, oneLine(c.Name), c.Type, c.Len)
	}
	_ = w.Flush()
	return b.String()
}
