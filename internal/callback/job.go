package callback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/waits"
)

// Place is where calls of the user's code are pending: a Queue, or what another package
// has instead. It is comparable.
type Place interface {
	// Describe says what is called, for reports.
	Describe() string
	// Pending returns how many calls have not begun.
	Pending() int
}

// Job is a goroutine of the module's that makes calls, or is about to.
type Job struct {
	place Place
	work  waits.Work
	ended bubble.Latch
}

// jobs is all of the process. While nothing is pending there are none.
var jobs struct {
	mu  sync.Mutex
	all map[*Job]struct{}
}

// Go runs f, which makes calls, on a goroutine of its own, for which Drain waits. f may end
// the goroutine.
func Go(place Place, f func()) {
	j := Begin(place)
	go func() {
		defer j.End()
		j.work.Here()
		f()
	}()
}

// Here runs f, which makes a call, on the caller's goroutine, for which Drain waits.
func Here(place Place, f func()) {
	j := Begin(place)
	defer j.End()
	j.work.Here()
	f()
}

// Begin is for who can use neither Go nor Here. The goroutine that makes the calls is
// one of the caller's bubble; it says so by Work().Here.
func Begin(place Place) *Job {
	j := &Job{place: place, ended: bubble.Latch{Owner: bubble.Current()}}
	jobs.mu.Lock()
	defer jobs.mu.Unlock()
	if jobs.all == nil {
		jobs.all = make(map[*Job]struct{})
	}
	jobs.all[j] = struct{}{}
	return j
}

// Work returns the job as something that may be waited for.
func (j *Job) Work() *waits.Work { return &j.work }

// End says that the job makes no more calls.
func (j *Job) End() {
	jobs.mu.Lock()
	delete(jobs.all, j)
	jobs.mu.Unlock()
	j.work.Done()
	j.ended.Open()
}

// Wait returns nil when the job has ended, and the error of ctx if that ends before.
// It reports false if the caller would wait for itself.
func (j *Job) Wait(ctx context.Context) (_ error, ok bool) {
	w, ok := waits.Enter(ctx, &j.work)
	if !ok {
		return nil, false
	}
	defer w.Leave()
	return j.ended.Wait(ctx), true
}

func current() []*Job {
	jobs.mu.Lock()
	defer jobs.mu.Unlock()
	all := make([]*Job, 0, len(jobs.all))
	for j := range jobs.all {
		all = append(all, j)
	}
	return all
}

// Inside reports whether the caller would wait for itself if it waited for all calls that
// are under way, because it is part of one, or one waits for it.
func Inside(ctx context.Context) bool {
	var works []*waits.Work
	for _, j := range current() {
		works = append(works, &j.work)
	}
	w, ok := waits.Enter(ctx, works...)
	if ok {
		w.Leave()
	}
	return !ok
}

// Drain waits until there is a moment at which no calls are pending or under way, and
// returns nil; or until ctx ends, and returns its error. It returns ErrSelf if all that is
// left waits for the caller.
func Drain(ctx context.Context) error {
	for {
		all := current()
		if len(all) == 0 {
			return nil
		}
		waited := false
		for _, j := range all {
			err, ok := j.Wait(ctx)
			if err != nil {
				return err
			}
			waited = waited || ok
		}
		if !waited {
			return ErrSelf
		}
	}
}

// ErrSelf says that calls are under way that wait for the caller.
var ErrSelf = errors.New("they wait for the caller")

// Left says what calls are pending or under way: where there is a job, and in further
// places. It returns "" if there are none.
func Left(further ...Place) string {
	running := make(map[Place]int)
	for _, p := range further {
		running[p] = 0
	}
	for _, j := range current() {
		running[j.place]++
	}
	var lines []string
	for p, n := range running {
		if pending := p.Pending(); pending+n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %d have not begun, %d are running", p.Describe(), pending, n))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}
