package rc

import (
	"sync"
	"sync/atomic"
)

// resource stands for what is counted: 64 bytes.
type resource struct {
	_ *resource // the collector has something to look at
	_ [7]uintptr
}

func release(*resource) {}

// mutexed is the counter that one writes first: correct, and known to be closed
// only as long as nobody closes twice.
type mutexed struct {
	mu   sync.Mutex
	n    int
	v    *resource
	drop func(*resource)
}

func newMutexed(v *resource) *mutexed { return &mutexed{n: 1, v: v, drop: release} }

func (m *mutexed) clone() *mutexed {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n == 0 {
		panic("use after close")
	}
	m.n++
	return m
}

// upgrade is clone for those who may come too late.
func (m *mutexed) upgrade() (*mutexed, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n == 0 {
		return nil, false
	}
	m.n++
	return m, true
}

func (m *mutexed) close() {
	m.mu.Lock()
	m.n--
	last := m.n == 0
	m.mu.Unlock()
	if last {
		m.drop(m.v)
	}
}

// retained counts as Apache Arrow's buffers do: the object counts itself, with
// nothing but an atomic addition, and has no handles.
type retained struct {
	n    atomic.Int64
	v    *resource
	drop func(*resource)
}

func newRetained(v *resource) *retained {
	r := &retained{v: v, drop: release}
	r.n.Store(1)
	return r
}

func (r *retained) retain() { r.n.Add(1) }

func (r *retained) release() {
	if r.n.Add(-1) == 0 {
		r.drop(r.v)
	}
}
