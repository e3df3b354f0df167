package remote

import (
	"context"
	"errors"
)

// Down tells that a watch has ended.
type Down struct {
	Ref    Ref
	Reason Reason
	// Confirmed says that the object is gone, because its owner has said so or the end
	// of its session is written. It is false for WatcherLost alone.
	Confirmed bool
}

// Watch calls f once: when the object of r, or its owner's session, is gone, or when
// this node's session is over and that can no longer be known. If the object is gone
// already, f is called at once. There is at most one call, and always one, unless stop
// was called before; when stop returns, f has been called, may be running, or is
// never called.
//
// How soon: a collected object is noticed when the collector of its owner has run,
// within two collections, and an idle process may not collect for minutes. There is
// no order between the notices of different owners. A notice that is lost on its way
// is found out after a reconnection, or in twice the TTL.
//
// Watch returns [ErrUnreachable] or [ErrLost] if it could not be set up; f is then not
// called. f is called on a goroutine of the node, under no lock, one call after the
// other, so it should not take long. A panic is recovered and logged.
func (n *Node) Watch(ctx context.Context, r Ref, f func(Down)) (stop func(), err error) {
	w := &watch{r, f}
	at, untold, err := n.links.establish(ctx, r, w)
	switch {
	case err == nil:
		return func() { at.link.release(at.id) }, nil
	case !untold: // it has ended while it was set up
		return func() {}, nil
	case errors.Is(err, ErrGone):
		n.callbacks.add(w.end(n.whyGone(ctx, r), true))
		return func() {}, nil
	}
	return nil, err
}

// whyGone returns what can be said of something that is gone.
func (n *Node) whyGone(ctx context.Context, r Ref) Reason {
	if rec, err := n.store.last(ctx, sessionKey(r.session)); err == nil && rec.end != "" {
		return endReason(rec.end)
	}
	return AlreadyGone
}

// watch is a watch that has not ended.
type watch struct {
	ref Ref
	f   func(Down)
}

func (w *watch) kind() kind { return watching }

func (w *watch) end(why Reason, confirmed bool) func() {
	return func() { w.f(Down{w.ref, why, confirmed}) }
}
