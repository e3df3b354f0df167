package inspect

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Sampler notes the lengths of all containers now and then, to tell which grow. The zero
// Sampler is ready to use. Its fields are set before first use; it must not be copied
// after that.
//
// It does nothing unless Run runs or Sample is called. A sample takes 16 bytes for each
// container, and the time of a listing.
type Sampler struct {
	Every time.Duration // between two samples; 0 is ten seconds
	Keep  int           // how many of the last samples are kept; 0 is 60

	mu      sync.Mutex
	samples []sample // the oldest first
}

type sample struct {
	at   time.Time
	lens []length // by id
}

type length struct {
	id uint64
	n  int
}

// Point is the length of a container at some time.
type Point struct {
	Time time.Time `json:"time"`
	Len  int       `json:"len"`
}

// Run samples until ctx ends, and returns its cause. It panics if a field is negative.
func (s *Sampler) Run(ctx context.Context) error {
	if s.Every < 0 || s.Keep < 0 {
		panic("inspect: a field of the Sampler is negative; 0 is the default")
	}
	ticker := time.NewTicker(cmp.Or(s.Every, 10*time.Second))
	defer ticker.Stop()
	for {
		s.Sample()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// Sample takes a sample now.
func (s *Sampler) Sample() {
	now := sample{at: time.Now()}
	for _, c := range Containers() {
		now.lens = append(now.lens, length{c.ID, c.Len})
	}
	slices.SortFunc(now.lens, func(a, b length) int { return cmp.Compare(a.id, b.id) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, now)
	if n := len(s.samples) - cmp.Or(s.Keep, 60); n > 0 {
		s.samples = slices.Delete(s.samples, 0, n)
	}
}

// Points returns the samples of a container, the oldest first.
func (s *Sampler) Points(id uint64) (all []Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.samples {
		if n, ok := at.find(id); ok {
			all = append(all, Point{at.at, n})
		}
	}
	return all
}

// Growth returns by how much a container has grown since the oldest sample that is kept.
// One that is not in that sample has grown from nothing.
func (s *Sampler) Growth(id uint64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 {
		return 0
	}
	before, _ := s.samples[0].find(id)
	now, _ := s.samples[len(s.samples)-1].find(id)
	return now - before
}

func (s *sample) find(id uint64) (n int, ok bool) {
	i, ok := slices.BinarySearchFunc(s.lens, id, func(l length, id uint64) int { return cmp.Compare(l.id, id) })
	if !ok {
		return 0, false
	}
	return s.lens[i].n, true
}
