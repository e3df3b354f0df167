package recipes

import (
	"crypto/rand"
	"time"

	"github.com/weakref-go/weakref/cache"
)

// page:

// Session is what is known of somebody who has logged in.
type Session struct {
	User string
}

// Sessions finds sessions by token. One that is not used for half an hour goes.
type Sessions struct {
	byToken cache.Cache[string, Session]
}

func NewSessions() *Sessions {
	return &Sessions{byToken: cache.Cache[string, Session]{
		Name:    "sessions",
		KeepFor: 30 * time.Minute, // after its last use; longer if a request still has it
	}}
}

func (s *Sessions) Login(user string) (token string) {
	token = rand.Text()
	s.byToken.Put(token, &Session{User: user})
	return token
}

func (s *Sessions) Find(token string) (*Session, bool) { return s.byToken.Lookup(token) }

func (s *Sessions) Logout(token string) { s.byToken.Invalidate(token) }

// end:
