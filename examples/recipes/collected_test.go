package recipes

import (
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// page:

// open opens a session, uses it, logs out, and returns a weak reference. In a function of
// its own no variable of the test keeps what it made.
func open(s *Sessions) weakref.Ref[Session] {
	token := s.Login("alice")
	session, _ := s.Find(token)
	r := weakref.Make(session)
	s.Logout(token)
	return r
}

func TestLogoutLetsGo(t *testing.T) {
	s := NewSessions()
	weaktest.MustCollect(t, open(s)) // fails with the path of references, if there is one
}

// end:
