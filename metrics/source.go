package metrics

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/leak"
	"github.com/weakref-go/weakref/rc"
)

// Other is the name under which containers are summed for whose names there is no room.
const Other = "(other)"

// Source reads the metrics. The zero Source is ready to use. Its fields are set before
// first use; it must not be copied after that. Its methods are safe for concurrent use.
//
// It keeps the figures of each container that was alive at the last reading, and those of
// each name for good: for a cache with a name of its own some 2.4 kB together, for a map half
// a kB.
type Source struct {
	// MaxNames is how many kinds and names of containers are told apart: the first ones
	// that are seen. 0 is 2,000.
	MaxNames int

	// Watchers are those whose leaks are counted; [leak.Default] alone if there are none.
	Watchers []*leak.Watcher

	mu     sync.Mutex
	names  map[name]*row
	rows   []*row // of names, by kind and name
	sorted bool   // rows are
	series int    // of all rows
	room   int    // for how many more names there is
	known  map[uint64]*known
	turn   uint64 // of the last reading
	whole  *process
}

// Series is a metric with values for its labels. A Source has one Series for each, for as
// long as it lives, so that pointers to it may be compared.
type Series struct {
	*Metric
	Values []string // of the labels; valid UTF-8
}

// Sample is what a series was at some moment.
type Sample struct {
	*Series
	Value float64
}

// Read reads all metrics. The samples of a metric are in the order of the values of their
// labels. Read lists all containers, and takes some 0.4
// microseconds for each map and 2 for each cache.
// Readings take place one after the other. It panics if MaxNames is negative.
func (s *Source) Read() []Sample {
	if s.MaxNames < 0 {
		panic("metrics: Source.MaxNames is negative; 0 is the default")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn++; s.turn == 1 {
		s.names, s.known, s.whole = make(map[name]*row), make(map[uint64]*known), newProcess()
		s.room = cmp.Or(s.MaxNames, 2000)
	}
	for _, r := range s.rows {
		clear(r.live)
	}
	for _, c := range inspect.Containers() {
		s.enter(&c)
	}
	s.buryTheDead()
	return s.samples()
}

type name struct{ kind, name string } // of a kind as a whole, name is ""

// row is the containers of a kind and name, or of a kind.
type row struct {
	name
	columns []column
	series  []Series // for each column, as what follows
	live    []uint64 // sums of those that are alive; written by each reading
	dead    []uint64 // sums of those that have died; of counters alone
}

// known is a container that was alive at a reading.
type known struct {
	turn        uint64 // of the last reading that saw it
	named, kind seen
}

// seen is the figures of a container at the last reading that saw it, for a row.
type seen struct {
	*row
	last []uint64
}

// enter adds a container to its rows.
func (s *Source) enter(c *inspect.Container) {
	k := s.known[c.ID]
	if k == nil {
		k = &known{named: s.named(c).begin(), kind: s.row(name{c.Kind, ""}, ofKind).begin()}
		s.known[c.ID] = k
	}
	k.turn = s.turn
	k.named.enter(c)
	k.kind.enter(c)
}

func (r *row) begin() seen { return seen{r, make([]uint64, len(r.columns))} }

func (s seen) enter(c *inspect.Container) {
	for i, col := range s.columns {
		s.last[i] = col.of(c)
		s.live[i] += s.last[i]
	}
}

func (s seen) bury() {
	for i, v := range s.last {
		if s.columns[i].Counter {
			s.dead[i] += v
		}
	}
}

// named returns the row of a container's name, or the one for others if there is no room.
func (s *Source) named(c *inspect.Container) *row {
	at := name{c.Kind, strings.ToValidUTF8(c.Title(), "\uFFFD")}
	if s.names[at] == nil {
		if s.room == 0 {
			at.name = Other
		} else {
			s.room--
		}
	}
	return s.row(at, columns(c.Kind))
}

func (s *Source) row(at name, columns []column) *row {
	r := s.names[at]
	if r == nil {
		r = &row{name: at, columns: columns, live: make([]uint64, len(columns)), dead: make([]uint64, len(columns))}
		for _, c := range columns {
			r.series = append(r.series, Series{c.Metric, c.values(at.kind, at.name)})
		}
		s.names[at] = r
		s.rows, s.sorted = append(s.rows, r), false
		s.series += len(columns)
	}
	return r
}

// buryTheDead adds to their rows what is known of those that the last reading has not seen.
// What has died is never listed again, and numbers are not used again.
func (s *Source) buryTheDead() {
	for id, k := range s.known {
		if k.turn == s.turn {
			continue
		}
		k.named.bury()
		k.kind.bury()
		delete(s.known, id)
	}
}

// samples returns all series with what they are now, those of a metric in the order of the
// values of their labels. Prometheus's library sorts them, which takes a quarter of a scrape
// if they are in another order.
func (s *Source) samples() (all []Sample) {
	if !s.sorted {
		slices.SortFunc(s.rows, func(a, b *row) int {
			return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.name.name, b.name.name))
		})
		s.sorted = true
	}
	all = slices.Grow(s.whole.read(s.Watchers), s.series)
	for _, r := range s.rows {
		for i := range r.series {
			v := float64(r.live[i] + r.dead[i])
			if r.series[i].Unit == "s" {
				v /= 1e9
			}
			all = append(all, Sample{&r.series[i], v})
		}
	}
	return all
}

// process is the figures that do not belong to a container.
type process struct {
	handles, leaks, watched Series
	faults                  [4]Series
}

func newProcess() *process {
	p := &process{handles: Series{Metric: handlesOpen}, leaks: Series{Metric: leaks}, watched: Series{Metric: leaksWatched}}
	for i, f := range [...]string{"call_failed", "double_close", "leak", "use_after_close"} {
		p.faults[i] = Series{handleFaults, []string{f}}
	}
	return p
}

func (p *process) read(watchers []*leak.Watcher) []Sample {
	open := 0
	for _, h := range rc.Open() {
		if !h.Leaked {
			open++
		}
	}
	if len(watchers) == 0 {
		watchers = []*leak.Watcher{leak.Default}
	}
	var sum leak.Stats
	for _, w := range watchers {
		st := w.Stats()
		sum.Watched += st.Watched
		sum.Retained += st.Retained
	}
	f := rc.Faults()
	return []Sample{
		{&p.handles, float64(open)}, {&p.leaks, float64(sum.Retained)}, {&p.watched, float64(sum.Watched)},
		{&p.faults[0], float64(f.CallFailed)}, {&p.faults[1], float64(f.DoubleClose)},
		{&p.faults[2], float64(f.Leaked)}, {&p.faults[3], float64(f.UseAfterClose)},
	}
}
