package bus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/remote"
)

// Options is how a bus delivers. The zero Options is a plain bus, in JSON.
type Options[E any] struct {
	// Codec is how events travel; JSON if nil.
	Codec Codec[E]

	// AtLeastOnce, if set, has events kept for a group until they are handled.
	AtLeastOnce *AtLeastOnce

	// Buffer is how many messages of a plain bus may wait for slow listeners before
	// some are dropped; 65536 if 0.
	Buffer int

	// OnError is called with what goes wrong where nobody is told: a message that
	// cannot be decoded, a subscription that the broker refuses and that is tried
	// again. It is logged if nil.
	OnError func(error)

	// OnPanic is called when a handler has panicked, as that of [event.Bus].
	OnPanic func(event.Listener, *weakref.PanicError)
}

const defaultBuffer = 65536

// Bus is the bus of a subject, in one process.
type Bus[E any] struct {
	node    *remote.Node
	subject string
	options Options[E]
	local   event.Bus[E]

	published, received, undecodable, refused atomic.Uint64

	mu      sync.Mutex
	source  source // nil while there are no listeners
	dropped uint64 // by former sources
}

// source feeds a bus while it has listeners.
type source interface {
	stop()
	dropped() uint64
}

// Of returns a bus over a subject. Buses of one subject, in whatever process, hear each
// other; they must agree on the Codec and on AtLeastOnce. Make one for each process and
// subject.
func Of[E any](n *remote.Node, subject string, o Options[E]) *Bus[E] {
	if o.Codec == nil {
		o.Codec = JSON[E]{}
	}
	if o.Buffer == 0 {
		o.Buffer = defaultBuffer
	}
	b := &Bus[E]{node: n, subject: subject, options: o}
	b.local.Name, b.local.OnPanic, b.local.OnActive = subject, o.OnPanic, b.active
	return b
}

// Subscribe has h called with each event, while owner lives. It does not keep owner; the
// function must not, see [event.Subscribe]. The first listener of a process waits until
// the broker knows of it.
func Subscribe[E, O any](b *Bus[E], owner *O, h func(*O, E)) *event.Subscription {
	return event.Subscribe(&b.local, owner, h)
}

// SubscribeWith subscribes as [event.SubscribeWith] does: with a priority, or with a queue
// of its own, so that a slow listener does not hold up the others.
func SubscribeWith[E, O any](b *Bus[E], owner *O, h func(*O, E), o event.Options) *event.Subscription {
	return event.SubscribeWith(&b.local, owner, h, o)
}

// Publish sends an event to all listeners in all processes, this one included. A plain bus
// does not wait for anything; with AtLeastOnce, Publish returns when the broker has the
// event in its storage, or with why that is not known.
func (b *Bus[E]) Publish(ctx context.Context, e E) error {
	data, err := b.options.Codec.Encode(e)
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	if err := b.over(); err != nil {
		return err
	}
	if b.options.AtLeastOnce != nil {
		err = b.publishStored(ctx, data)
	} else {
		err = b.node.Conn().Publish(b.subject, data)
	}
	if err != nil {
		return fmt.Errorf("bus: %s: %w", b.subject, err)
	}
	b.published.Add(1)
	return nil
}

// over returns an error if the session of the node is over.
func (b *Bus[E]) over() error {
	select {
	case <-b.node.Lost():
		return fmt.Errorf("bus: %w", remote.ErrLost)
	default:
		return nil
	}
}

// active is called, one call at a time, when the bus has got its first listener and when
// it has lost its last.
func (b *Bus[E]) active(yes bool) {
	b.mu.Lock()
	old := b.source
	b.source = nil
	b.mu.Unlock()
	if old != nil {
		b.mu.Lock()
		b.dropped += old.dropped()
		b.mu.Unlock()
		old.stop()
	}
	if !yes || b.over() != nil {
		return
	}
	s := b.open()
	b.mu.Lock()
	b.source = s
	b.mu.Unlock()
}

func (b *Bus[E]) open() source {
	if b.options.AtLeastOnce != nil {
		return b.openGroup()
	}
	return b.openPlain()
}

// deliver gives a message to the listeners, and returns how many it reached. A message
// that cannot be decoded counts as handled: it would never be.
func (b *Bus[E]) deliver(data []byte) int {
	e, err := b.options.Codec.Decode(data)
	if err != nil {
		b.undecodable.Add(1)
		b.report(fmt.Errorf("bus: %s: %w", b.subject, err))
		return 1
	}
	b.received.Add(1)
	return b.local.Publish(e)
}

func (b *Bus[E]) report(err error) {
	if b.options.OnError != nil {
		b.options.OnError(err)
	} else {
		slog.Error("a message was not delivered", "bus", b.subject, "error", err)
	}
}

// plain is a subscription at the broker.
type plain struct {
	sub  *nats.Subscription
	once sync.Once
	done chan struct{}
}

// openPlain subscribes. What it returns has ended when the node's session has.
func (b *Bus[E]) openPlain() source {
	nc := b.node.Conn()
	sub, err := nc.Subscribe(b.subject, func(m *nats.Msg) { b.deliver(m.Data) })
	if err == nil {
		err = sub.SetPendingLimits(b.options.Buffer, -1)
	}
	if err != nil { // the connection is closed, or the subject is none
		b.refused.Add(1)
		b.report(fmt.Errorf("bus: %s: %w", b.subject, err))
		return none{}
	}
	if err := nc.FlushTimeout(flushTime); err != nil {
		b.report(fmt.Errorf("bus: %s: the broker may not know of the first listener yet: %w", b.subject, err))
	}
	p := &plain{sub: sub, done: make(chan struct{})}
	go func() {
		select {
		case <-b.node.Lost():
			p.stop()
		case <-p.done:
		}
	}()
	return p
}

func (p *plain) stop() {
	p.once.Do(func() {
		close(p.done)
		_ = p.sub.Unsubscribe() // it fails only if the connection is closed
	})
}

func (p *plain) dropped() uint64 {
	n, err := p.sub.Dropped()
	if err != nil { // the subscription has ended
		return 0
	}
	return uint64(n)
}

// none is the source of a bus that cannot subscribe.
type none struct{}

func (none) stop()           {}
func (none) dropped() uint64 { return 0 }
