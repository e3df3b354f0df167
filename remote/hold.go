package remote

import (
	"context"
	"sync"
)

// Hold keeps an object of another process alive.
type Hold struct {
	ref  Ref
	done chan struct{}
	once sync.Once
	err  error // written before done is closed

	at place
}

// Hold makes the owner of r keep the object, until [Hold.Close], or until the session
// of either side ends. It returns [ErrGone] if the object is gone, [ErrUnreachable] if
// the owner was asked in vain, [ErrUnsure] if this node is not sure of its own session,
// and [ErrLost] if that is over.
//
// What a hold does not outlive: the owner's death, and a partition beyond the TTL.
// Who is cut off learns first.
//
// A Ref that is handed to another process is not held by that. The receiver takes a
// hold of its own while the giver still has one. Holds of two processes on each other
// are never collected: no collector sees more than its own process. [Node.Held] lists
// them.
//
// It waits for the owner, at most a fifth longer than the TTL if ctx does not end
// before.
func (n *Node) Hold(ctx context.Context, r Ref) (*Hold, error) {
	h := &Hold{ref: r, done: make(chan struct{})}
	var err error
	if h.at, _, err = n.links.establish(ctx, r, h); err != nil {
		return nil, err
	}
	if err := n.Valid(); err != nil { // the owner drops, or has dropped, what an ended session holds
		h.Close()
		return nil, err
	}
	return h, nil
}

// Ref returns what is held.
func (h *Hold) Ref() Ref { return h.ref }

// Done returns a channel that is closed when the object is no longer held: by Close,
// or because a session has ended.
func (h *Hold) Done() <-chan struct{} { return h.done }

// Err returns nil while the object is held, and then why it is not: [ErrClosed],
// [ErrGone] or [ErrLost].
func (h *Hold) Err() error {
	select {
	case <-h.done:
		return h.err
	default:
		return nil
	}
}

// Close releases the object. It sends a message and does not wait. If that is lost, it
// is repeated until the owner has heard it or this node's session ends. Closing twice
// does nothing. The error is always nil.
func (h *Hold) Close() error {
	h.at.link.release(h.at.id)
	h.finish(ErrClosed)
	return nil
}

func (h *Hold) finish(err error) {
	h.once.Do(func() {
		h.err = err
		close(h.done)
	})
}

func (h *Hold) kind() kind { return holding }

func (h *Hold) end(why Reason, confirmed bool) func() {
	if why == WatcherLost {
		h.finish(ErrLost)
	} else {
		h.finish(ErrGone)
	}
	return nil
}
