package rc

import (
	"context"
	"sync"

	"github.com/weakref-go/weakref/internal/bubble"
)

// Lifetime returns a context that lives as long as the resource that the Open of a
// [Pool] is opening with ctx. Its use is in Open, for what is to go on after that:
//
//	Open: func(ctx context.Context, name string) (*exec.Cmd, error) {
//		c := exec.CommandContext(rc.Lifetime(ctx), name)
//		return c, c.Start()
//	},
//
// It is cancelled when the resource has been closed, after Close and after what the
// resource owns; or when Open has failed. It has no deadline and no values, so it
// keeps nothing of the first caller's.
//
// If ctx is not one of Open, nor derived from one, Lifetime returns ctx itself, so
// that a function that is used as Open can be called without a pool.
//
// If it was asked for in a testing/synctest bubble and the resource is closed outside
// of that, it is not cancelled.
func Lifetime(ctx context.Context) context.Context {
	l, ok := ctx.Value(lifetimeKey{}).(*lifetime)
	if !ok {
		return ctx
	}
	return l.context()
}

type lifetimeKey struct{}

// lifetime is the context of a resource, made when it is first asked for.
type lifetime struct {
	mu     sync.Mutex
	ended  bool
	ctx    context.Context
	cancel context.CancelFunc
	made   bubble.ID
}

func (l *lifetime) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		l.ctx, l.cancel = context.WithCancel(context.Background())
		l.ctx.Done() // makes the channel, in the bubble that we are in
		l.made = bubble.Current()
		if l.ended {
			l.cancel()
		}
	}
	return l.ctx
}

// end cancels the context.
func (l *lifetime) end() {
	l.mu.Lock()
	l.ended = true
	cancel, made := l.cancel, l.made
	l.mu.Unlock()
	if cancel != nil && reaches(made) {
		cancel()
	}
}
