package model

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/proof/internal/seam"
	"github.com/weakref-go/weakref/weaktest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil))) // panics are meant
	os.Exit(m.Run())
}

// object is what containers refer to.
type object struct {
	id int
	_  [3]*object
}

// machine is a container with its model. A callback locks it while it uses both, and
// so does every step.
type machine struct {
	sync.Mutex
	failure string // what a callback has found wrong
	next    int
}

func (s *machine) fail(format string, args ...any) { s.failure = fmt.Sprintf(format, args...) }

// object returns a new object.
func (s *machine) object() *object {
	s.next++
	return &object{id: s.next}
}

// die makes an object dead, although the model may hold it.
func die[T any](p *T) { handle.Kill(p) }

// under runs a test under every kind of hash, with the greatest number of different
// hashes of a container.
func under(t *testing.T, f func(t *rapid.T, most int)) {
	seam.NeedsKill(t)
	for _, h := range seam.Hashes {
		t.Run(h.Name, func(t *testing.T) {
			defer keyhash.Use(h.Kind)()
			rapid.Check(t, func(t *rapid.T) { f(t, h.Most) })
		})
	}
}

// script runs random actions, each with the machine locked, and checks after each that
// the container's invariants hold.
func (s *machine) script(t *rapid.T, container any, actions map[string]func(*rapid.T)) {
	locked := make(map[string]func(*rapid.T))
	for name, action := range actions {
		locked[name] = func(t *rapid.T) {
			s.Lock()
			defer s.Unlock()
			action(t)
		}
	}
	locked[""] = func(t *rapid.T) {
		s.Lock()
		defer s.Unlock()
		if s.failure != "" {
			t.Fatal(s.failure)
		}
		if err := seam.Validate(container); err != nil {
			t.Fatal(err)
		}
	}
	t.Repeat(locked)
}

// eventually waits for what callbacks do.
func (s *machine) eventually(t *rapid.T, what string, cond func() bool) {
	weaktest.Eventually(t, what, func() bool {
		s.Lock()
		defer s.Unlock()
		return s.failure != "" || cond()
	})
	if s.failure != "" {
		t.Fatal(s.failure)
	}
}

// key draws a key, of few.
func key(t *rapid.T) int { return rapid.IntRange(0, 9).Draw(t, "key") }

// check fails unless two results are equal.
func check[T comparable](t *rapid.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s = %v, want %v", what, got, want)
	}
}
