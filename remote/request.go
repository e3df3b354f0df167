package remote

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote/internal/broker"
)

// errAbsent: the broker says that nobody listens where a session would.
var errAbsent = errors.New("remote: no responders")

// requests matches answers with who waits for them. It exists beside the client
// library's own requests because messages to an owner must be sent in the order of
// their ids, that is, under a lock that must not be held while waiting.
type requests struct {
	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan<- answer
}

type answer struct {
	data []byte
	err  error
}

func (r *requests) begin(c chan<- answer) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	if r.waiting == nil {
		r.waiting = map[uint64]chan<- answer{}
	}
	r.waiting[r.last] = c
	return r.last
}

func (r *requests) end(id uint64) (chan<- answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.waiting[id]
	delete(r.waiting, id)
	return c, ok
}

// request sends a message to a session, by the function given, and waits for the
// answer: errAbsent if nobody is there, ErrLost if this node's session ends.
func (n *Node) request(ctx context.Context, send func(reply string) error) ([]byte, error) {
	c := make(chan answer, 1)
	id := n.requests.begin(c)
	defer n.requests.end(id)
	if err := send(n.replies + strconv.FormatUint(id, 36)); err != nil {
		return nil, err
	}
	select {
	case a := <-c:
		return a.data, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.lost:
		return nil, n.lostError()
	}
}

// answered hands an answer on. One that nobody waits for any more is dropped.
func (n *Node) answered(token string, m *nats.Msg) {
	id, err := strconv.ParseUint(token, 36, 64)
	if err != nil {
		return
	}
	if c, ok := n.requests.end(id); ok {
		if broker.NobodyListens(m) {
			c <- answer{err: errAbsent}
		} else {
			c <- answer{data: m.Data}
		}
	}
}
