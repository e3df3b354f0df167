//go:build rcsched

package rc

import "sync"

// stepper decides who goes on. It is set by a test that runs goroutines one at a
// time, and nil otherwise.
var stepper interface {
	// step is called before every atomic operation.
	step()
	// wait is called while a mutex is held by another goroutine; it returns when
	// free has become true.
	wait(free func() bool)
}

func step() {
	if stepper != nil {
		stepper.step()
	}
}

// mutex is a sync.Mutex that does not block the scheduler.
type mutex struct {
	mu   sync.Mutex
	held bool
}

func (m *mutex) Lock() {
	if stepper == nil {
		m.mu.Lock()
		return
	}
	step()
	if m.held {
		stepper.wait(func() bool { return !m.held })
	}
	m.held = true
}

func (m *mutex) TryLock() bool {
	if stepper == nil {
		return m.mu.TryLock()
	}
	step()
	free := !m.held
	m.held = true
	return free
}

func (m *mutex) Unlock() {
	if stepper == nil {
		m.mu.Unlock()
		return
	}
	m.held = false
}
