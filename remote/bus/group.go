package bus

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const flushTime = 2 * time.Second

// AtLeastOnce is how a bus keeps events for a group of processes.
type AtLeastOnce struct {
	// Group names the group; each event goes to one of its processes. "default" if empty.
	Group string

	// Keep is how long the group lives without a listener; one minute if 0. Then it
	// vanishes with what was waiting for it.
	Keep time.Duration

	// AckWait is how long a process may take to handle an event before another is given
	// it; 30 s if 0.
	AckWait time.Duration

	// Replicas is how many servers store events; 1 if 0.
	Replicas int

	// Memory stores events in the memory of the broker.
	Memory bool
}

func (a AtLeastOnce) consumer() jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Durable:           "default",
		AckPolicy:         jetstream.AckExplicitPolicy,
		DeliverPolicy:     jetstream.DeliverNewPolicy,
		AckWait:           30 * time.Second,
		InactiveThreshold: time.Minute,
	}
	if a.Group != "" {
		c.Durable = escape(a.Group)
	}
	if a.AckWait > 0 {
		c.AckWait = a.AckWait
	}
	if a.Keep > 0 {
		c.InactiveThreshold = a.Keep
	}
	return c
}

// stream returns the stream of a subject. It keeps an event while a group is interested
// that has not acknowledged it, and nothing if there is none.
func (a AtLeastOnce) stream(subject string) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name:      "BUS_" + escape(subject),
		Subjects:  []string{subject},
		Retention: jetstream.InterestPolicy,
		Replicas:  max(1, a.Replicas),
	}
	if a.Memory {
		c.Storage = jetstream.MemoryStorage
	}
	return c
}

// escape writes a text in the letters that names of streams and consumers may have.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			b.WriteString("=" + hex.EncodeToString([]byte{c}))
		}
	}
	return b.String()
}

// publishStored publishes an event that the broker stores.
func (b *Bus[E]) publishStored(ctx context.Context, data []byte) error {
	js, err := jetstream.New(b.node.Conn())
	if err != nil {
		return err
	}
	_, err = js.Publish(ctx, b.subject, data, jetstream.WithRetryAttempts(0))
	if !errors.Is(err, jetstream.ErrNoStreamResponse) {
		return err
	}
	if _, err := b.openStream(ctx, js); err != nil { // this is the first event of the subject
		return err
	}
	_, err = js.Publish(ctx, b.subject, data)
	return err
}

func (b *Bus[E]) openStream(ctx context.Context, js jetstream.JetStream) (jetstream.Stream, error) {
	c := b.options.AtLeastOnce.stream(b.subject)
	s, err := js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, c)
	}
	return s, err
}

// group takes events out of the storage of the broker.
type group struct {
	cancel context.CancelFunc
}

func (g *group) stop()           { g.cancel() }
func (g *group) dropped() uint64 { return 0 }

// openGroup joins the group, and stays in it until stopped. It waits for the first attempt.
func (b *Bus[E]) openGroup() source {
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan struct{})
	go func() {
		select {
		case <-b.node.Lost():
			cancel()
		case <-ctx.Done():
		}
	}()
	go b.serve(ctx, first)
	select {
	case <-first:
	case <-time.After(flushTime):
	}
	return &group{cancel}
}

// serve takes events until ctx ends. When the group has vanished under it, because the
// process was cut off for too long, it begins anew.
func (b *Bus[E]) serve(ctx context.Context, first chan struct{}) {
	begun := func() {
		if first != nil {
			close(first)
			first = nil
		}
	}
	const least, most = 50 * time.Millisecond, 5 * time.Second
	for wait := least; ; wait = min(2*wait, most) {
		err := b.consume(ctx, begun)
		begun()
		if ctx.Err() != nil {
			return
		}
		b.report(fmt.Errorf("bus: %s: %w", b.subject, err))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// consume takes events until ctx ends or the broker says that the group is gone.
func (b *Bus[E]) consume(ctx context.Context, begun func()) error {
	js, err := jetstream.New(b.node.Conn())
	if err != nil {
		return err
	}
	setup, cancel := context.WithTimeout(ctx, 2*flushTime)
	defer cancel()
	stream, err := b.openStream(setup, js)
	if err != nil {
		return err
	}
	consumer, err := stream.CreateOrUpdateConsumer(setup, b.options.AtLeastOnce.consumer())
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	c, err := consumer.Consume(b.handle, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) {
			select {
			case failed <- err:
			default:
			}
		}
	}))
	if err != nil {
		return err
	}
	defer c.Stop()
	begun()
	select {
	case err := <-failed:
		return err
	case <-c.Closed():
		return errors.New("the broker has ended the subscription")
	case <-ctx.Done():
		return nil
	}
}

// handle gives an event to the listeners, and acknowledges it if one has had it. If none
// is left, another process of the group gets it.
func (b *Bus[E]) handle(m jetstream.Msg) {
	if b.deliver(m.Data()) > 0 {
		_ = m.Ack() // if it is lost, the event comes again
	} else {
		_ = m.Nak() // if it is lost, the event comes again after AckWait
	}
}
