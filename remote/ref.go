package remote

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// SessionID names one session: one process, from [Join] until its session ends. It
// is drawn at random and never used again.
type SessionID [16]byte

// String returns the 32 hexadecimal digits of s.
func (s SessionID) String() string { return hex.EncodeToString(s[:]) }

func (s SessionID) compare(t SessionID) int { return bytes.Compare(s[:], t[:]) }

func parseSession(text string) (SessionID, bool) {
	var s SessionID
	if len(text) != 2*len(s) {
		return s, false
	}
	_, err := hex.Decode(s[:], []byte(text))
	return s, err == nil
}

// Ref names an object in the process of a node, its owner. It is a value: it is
// compared with ==, travels as text, and keeps nothing alive anywhere. The zero Ref
// names nothing.
//
// A Ref is final. Once its object is gone, or the session of its owner has ended, no
// object has that Ref again.
type Ref struct {
	session SessionID
	number  uint64
}

// Session returns the session of the owner.
func (r Ref) Session() SessionID { return r.session }

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String returns the text form of r, which [ParseRef] reads: the session, a point,
// and a number in hexadecimal digits.
func (r Ref) String() string {
	return r.session.String() + "." + strconv.FormatUint(r.number, 16)
}

// MarshalText returns the text form of r.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the text form of a Ref.
func (r *Ref) UnmarshalText(text []byte) error {
	parsed, err := ParseRef(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// ParseRef reads the text form of a Ref.
func ParseRef(text string) (Ref, error) {
	session, number, _ := strings.Cut(text, ".")
	id, ok := parseSession(session)
	n, err := strconv.ParseUint(number, 16, 64)
	if !ok || err != nil {
		return Ref{}, fmt.Errorf("remote: %q is not a Ref", text)
	}
	return Ref{id, n}, nil
}

// State is what is known of an object of another process.
type State uint8

const (
	// Unknown: its owner was asked in vain, or is not sure of its own session. The
	// object may be alive or gone.
	Unknown State = iota
	// Alive: the owner had the object at a moment between call and return. It may be
	// gone by now; a [Hold] keeps it.
	Alive
	// Gone: the object, or the session of its owner, is gone. This is final.
	Gone
)

// String returns "unknown", "alive" or "gone".
func (s State) String() string { return nameOf(states[:], int(s)) }

// MarshalText returns the name of s.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

var states = [...]string{Unknown: "unknown", Alive: "alive", Gone: "gone"}

// Reason is why a watch has ended.
type Reason uint8

const (
	// AlreadyGone: the object was gone when its owner was asked, and it is not known
	// what had happened to it.
	AlreadyGone Reason = iota
	// Collected: the garbage collector of the owner has found the object dead.
	Collected
	// Closed: the owner has called [Node.Withdraw].
	Closed
	// SessionEnded: the owner has called [Node.Close].
	SessionEnded
	// SessionExpired: the session of the owner was not renewed in time, or its
	// process was absent from the broker for longer than Config.Grace.
	SessionExpired
	// WatcherLost: the session of the watching node is over, so the object's death
	// can no longer be known here.
	WatcherLost
)

// String returns the name of r in small letters, such as "session expired".
func (r Reason) String() string { return nameOf(reasons[:], int(r)) }

// MarshalText returns the name of r.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

var reasons = [...]string{
	AlreadyGone:    "already gone",
	Collected:      "collected",
	Closed:         "closed",
	SessionEnded:   "session ended",
	SessionExpired: "session expired",
	WatcherLost:    "watcher lost",
}

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "invalid " + strconv.Itoa(i)
}

var (
	// ErrGone: the object, or its owner's session, is gone. This is final.
	ErrGone = errors.New("remote: gone")
	// ErrUnreachable: the owner was asked in vain. The object may be alive or gone.
	ErrUnreachable = errors.New("remote: owner unreachable")
	// ErrLost: the session of this node is over, and all that stands on it is void.
	ErrLost = errors.New("remote: session lost")
	// ErrUnsure: this node cannot be sure now that its session lasts: it is cut off
	// from the broker, or its renewal is overdue. It may become sure again.
	ErrUnsure = errors.New("remote: session unsure")
	// ErrTaken: another live object has the name.
	ErrTaken = errors.New("remote: name taken")
	// ErrNotFound: no live object has the name.
	ErrNotFound = errors.New("remote: name not found")
	// ErrClosed: the hold, or the node, was closed here. Of a node, it comes with ErrLost.
	ErrClosed = errors.New("remote: closed")
)
