package shared

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/internal/wire"
)

// The first byte of a message. Numbers are varints; texts have their length before them.
const (
	// To a replica:
	opAsk    byte = 'q' // heard, younger, trace, keys
	opCancel byte = 'c' // the subject to which the answer was to go

	// Answers:
	opWorking byte = 'w' // it takes a while
	opRefuse  byte = 'n' // the replica cannot answer; the asker does without it
	opValues  byte = 'v' // for each key: a kind, and what it says

	// Entries of the log, each with the session of who has written it:
	opHere byte = 'h' // nothing: it has heard all that was before
	opKey  byte = 'k' // a key is invalid
	opAll  byte = 'a' // all keys are

	// Records of the bucket:
	opLock  byte = 'l' // session, nonce: it is being loaded there
	opValue byte = 'd' // the value
	opGone  byte = 'g' // nothing
)

// Kinds of answers for a key.
const (
	isValue    byte = iota // age, value
	isNotFound             //
	isRefused              //
	isError                // class, text
)

type reader struct{ wire.Reader }

func read(data []byte) *reader { return &reader{wire.Read(data)} }

func (r *reader) session() (s remote.SessionID) {
	copy(s[:], r.Bytes(uint64(len(s))))
	return s
}

// question is what one replica asks of another.
type question struct {
	heard   uint64        // of the log, by the asker: the answer must not be older
	younger time.Duration // as in cache.Fetch
	trace   []step
	keys    []string
}

// step is a load that waits for the question: of a session, and its number there.
type step struct {
	session remote.SessionID
	id      uint64
}

func (q *question) encode() []byte {
	m := binary.AppendUvarint([]byte{opAsk}, q.heard)
	m = binary.AppendUvarint(m, uint64(q.younger))
	m = binary.AppendUvarint(m, uint64(len(q.trace)))
	for _, s := range q.trace {
		m = binary.AppendUvarint(append(m, s.session[:]...), s.id)
	}
	for _, k := range q.keys {
		m = wire.AppendText(m, k)
	}
	return m
}

// decodeQuestion reads what follows opAsk.
func decodeQuestion(data []byte) (q question, ok bool) {
	r := read(data)
	q.heard, q.younger = r.Number(), time.Duration(r.Number())
	for range min(r.Number(), maxTrace+1) {
		q.trace = append(q.trace, step{r.session(), r.Number()})
	}
	for len(r.Rest) > 0 {
		q.keys = append(q.keys, string(r.Text()))
	}
	return q, r.OK && len(q.keys) > 0 && len(q.trace) <= maxTrace
}

// maxTrace is how many loads may wait for each other through other processes.
const maxTrace = 16

// answer is what a replica says of one key.
type answer struct {
	kind  byte
	age   time.Duration
	value []byte
	err   error
}

func appendAnswer(m []byte, a answer) []byte {
	m = append(m, a.kind)
	switch a.kind {
	case isValue:
		m = binary.AppendUvarint(m, uint64(max(0, a.age)))
		m = wire.AppendText(m, a.value)
	case isError:
		m = append(m, classOf(a.err))
		m = wire.AppendText(m, a.err.Error())
	}
	return m
}

// decodeAnswers reads what follows opValues.
func decodeAnswers(data []byte, from remote.SessionID, n int) ([]answer, bool) {
	r := read(data)
	all := make([]answer, n)
	for i := range all {
		a := &all[i]
		switch a.kind = r.Byte(); a.kind {
		case isValue:
			a.age, a.value = time.Duration(r.Number()), r.Text()
		case isError:
			class := r.Byte()
			a.err = &LoadError{Session: from, Text: string(r.Text()), class: classes[min(int(class), len(classes)-1)]}
		case isNotFound, isRefused:
		default:
			r.OK = false
		}
	}
	return all, r.OK
}

// LoadError is an error of a load in another process.
type LoadError struct {
	Session remote.SessionID // that has loaded
	Text    string           // of the error there
	class   error
}

// Error returns the text and the session.
func (e *LoadError) Error() string {
	return fmt.Sprintf("%s (loaded by session %s)", e.Text, e.Session)
}

// Unwrap returns context.Canceled, context.DeadlineExceeded, or an error of package cache
// if the error there was one, or nil: other errors do not travel.
func (e *LoadError) Unwrap() error { return e.class }

// classes are the errors that travel, by number.
var classes = []error{nil, cache.ErrDeadlock, context.DeadlineExceeded, context.Canceled, cache.ErrNotFound, cache.ErrNoLoader}

func classOf(err error) byte {
	for i, class := range classes {
		if class != nil && errors.Is(err, class) {
			return byte(i)
		}
	}
	return 0
}
