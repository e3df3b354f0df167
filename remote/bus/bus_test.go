package bus_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/bus"
	"github.com/weakref-go/weakref/remote/embed"
)

type order struct {
	ID int
}

type mailer struct {
	got chan int
	_   [64]byte
}

func (m *mailer) onOrder(o order) { m.got <- o.ID }

const patience = 30 * time.Second

// nodes returns a broker and some nodes of it.
func nodes(t testing.TB, count int) []*remote.Node {
	t.Helper()
	s, err := embed.Start(embed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	all := make([]*remote.Node, count)
	for i := range all {
		nc, err := s.Connect(nats.MaxReconnects(-1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		if all[i], err = remote.Join(t.Context(), nc, remote.Config{Grace: -1}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { all[i].Close(context.Background()) })
	}
	return all
}

func newMailer() *mailer { return &mailer{got: make(chan int, 100_000)} }

func receive(t testing.TB, c <-chan int) int {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("did not come")
		return 0
	}
}

func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
		runtime.GC()
		time.Sleep(2 * time.Millisecond)
	}
}

// listened reports whether any process is interested in a subject.
func listened(t testing.TB, n *remote.Node, subject string) bool {
	t.Helper()
	_, err := n.Conn().Request(subject, []byte("{}"), 50*time.Millisecond)
	return !errors.Is(err, nats.ErrNoResponders)
}

func TestPlain(t *testing.T) {
	n := nodes(t, 3)
	sender := bus.Of(n[0], "orders", bus.Options[order]{})
	var listeners []*mailer
	for _, node := range n {
		b := bus.Of(node, "orders", bus.Options[order]{})
		for range 2 {
			m := newMailer()
			bus.Subscribe(b, m, (*mailer).onOrder)
			listeners = append(listeners, m)
		}
	}
	const many = 1000
	for i := range many {
		if err := sender.Publish(t.Context(), order{i}); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range listeners {
		for i := range many {
			if got := receive(t, m.got); got != i {
				t.Fatalf("event %d in place of %d", got, i)
			}
		}
	}
	if s := sender.Stats(); s.Published != many || s.Dropped != 0 {
		t.Error(s)
	}
}

// TestInterest: a process is interested while one of its listeners lives.
func TestInterest(t *testing.T) {
	n := nodes(t, 2)
	b := bus.Of(n[1], "orders", bus.Options[order]{})
	if listened(t, n[0], "orders") {
		t.Error("interest without a listener")
	}
	m, other := newMailer(), newMailer()
	bus.Subscribe(b, m, (*mailer).onOrder)
	closed := bus.Subscribe(b, other, (*mailer).onOrder)
	if !listened(t, n[0], "orders") {
		t.Error("no interest with a listener")
	}
	closed.Close()
	if !listened(t, n[0], "orders") {
		t.Error("interest ended while a listener lives")
	}
	runtime.KeepAlive(m)
	m = nil
	until(t, "interest ended with the last listener", func() bool { return !listened(t, n[0], "orders") })
	m = newMailer()
	bus.Subscribe(b, m, (*mailer).onOrder)
	if !listened(t, n[0], "orders") {
		t.Error("no interest with a new listener")
	}
	n[1].Close(t.Context())
	until(t, "interest ended with the session", func() bool { return !listened(t, n[0], "orders") })
	if err := b.Publish(t.Context(), order{}); !errors.Is(err, remote.ErrLost) {
		t.Error(err)
	}
	runtime.KeepAlive(m)
}

// TestSlow: what a slow listener has no room for is counted, and the rest arrives.
func TestSlow(t *testing.T) {
	n := nodes(t, 2)
	b := bus.Of(n[1], "orders", bus.Options[order]{Buffer: 10})
	m := &mailer{got: make(chan int)}
	bus.Subscribe(b, m, (*mailer).onOrder)
	sender := bus.Of(n[0], "orders", bus.Options[order]{})
	const many = 1000
	for i := range many {
		if err := sender.Publish(t.Context(), order{i}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "dropped", func() bool { return b.Stats().Dropped > 0 })
	last := -1
	for b.Stats().Received+b.Stats().Dropped < many || last < 0 {
		select {
		case i := <-m.got:
			if i <= last {
				t.Fatalf("%d after %d", i, last)
			}
			last = i
		case <-time.After(10 * time.Millisecond):
		}
	}
	if !n[1].Conn().IsConnected() || n[1].Conn().Stats().Reconnects != 0 {
		t.Error("the connection was lost")
	}
	dropped := b.Stats().Dropped
	runtime.KeepAlive(m)
	m = nil // the last listener has gone, and what was counted stays
	until(t, "no listeners", func() bool { return b.Stats().Listeners == 0 && !listened(t, n[0], "orders") })
	if got := b.Stats().Dropped; got != dropped {
		t.Errorf("%d dropped, %d before", got, dropped)
	}
}

func TestUndecodable(t *testing.T) {
	n := nodes(t, 1)[0]
	var failed atomic.Int32
	b := bus.Of(n, "orders", bus.Options[order]{OnError: func(error) { failed.Add(1) }})
	m := newMailer()
	bus.Subscribe(b, m, (*mailer).onOrder)
	n.Conn().Publish("orders", []byte("nonsense"))
	if err := b.Publish(t.Context(), order{7}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, m.got); got != 7 {
		t.Error(got)
	}
	if s := b.Stats(); s.Undecodable != 1 || failed.Load() != 1 {
		t.Error(s, failed.Load())
	}
	bad := bus.Of(n, "functions", bus.Options[func()]{})
	if err := bad.Publish(t.Context(), func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

func atLeastOnce(keep time.Duration) bus.Options[order] {
	return bus.Options[order]{
		AtLeastOnce: &bus.AtLeastOnce{Group: "mail", Keep: keep, AckWait: time.Second},
		OnError:     func(error) {},
	}
}

func TestAtLeastOnce(t *testing.T) {
	n := nodes(t, 3)
	sender := bus.Of(n[0], "paid", atLeastOnce(time.Minute))
	if err := sender.Publish(t.Context(), order{-1}); err != nil { // nobody is interested: it is not kept
		t.Fatal(err)
	}
	got := make(chan int, 1000)
	var listeners []*mailer
	for _, node := range n[1:] {
		m := &mailer{got: got}
		bus.Subscribe(bus.Of(node, "paid", atLeastOnce(time.Minute)), m, (*mailer).onOrder)
		listeners = append(listeners, m)
	}
	const many = 100
	for i := range many {
		if err := sender.Publish(t.Context(), order{i}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int]bool{}
	for len(seen) < many {
		i := receive(t, got)
		if i < 0 {
			t.Error("an event from before the group")
		}
		seen[i] = true
	}
	runtime.KeepAlive(listeners)
}

// TestRedelivery: an event whose process is lost while it is handled comes again, to
// another.
func TestRedelivery(t *testing.T) {
	n := nodes(t, 3)
	sender := bus.Of(n[0], "paid", atLeastOnce(time.Minute))
	stuck := &mailer{got: make(chan int)}
	bus.Subscribe(bus.Of(n[1], "paid", atLeastOnce(time.Minute)), stuck, (*mailer).onOrder)
	if err := sender.Publish(t.Context(), order{7}); err != nil {
		t.Fatal(err)
	}
	m := newMailer()
	bus.Subscribe(bus.Of(n[2], "paid", atLeastOnce(time.Minute)), m, (*mailer).onOrder)
	n[1].Conn().Close()
	if got := receive(t, m.got); got != 7 {
		t.Error(got)
	}
	go func() { <-stuck.got }()
	runtime.KeepAlive(m)
}

// TestGroupVanishes: a group that nobody serves any more is gone, with what waited for it.
func TestGroupVanishes(t *testing.T) {
	n := nodes(t, 2)
	sender := bus.Of(n[0], "paid", atLeastOnce(time.Second))
	m := newMailer()
	b := bus.Of(n[1], "paid", atLeastOnce(time.Second))
	bus.Subscribe(b, m, (*mailer).onOrder)
	js, err := jetstream.New(n[0].Conn())
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Publish(t.Context(), order{1}); err != nil {
		t.Fatal(err)
	}
	receive(t, m.got)
	runtime.KeepAlive(m)
	m = nil
	until(t, "the group is gone", func() bool {
		_, err := js.Consumer(t.Context(), "BUS_paid", "mail")
		return errors.Is(err, jetstream.ErrConsumerNotFound)
	})
	if err := sender.Publish(t.Context(), order{2}); err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "BUS_paid")
	if err != nil {
		t.Fatal(err)
	}
	if left := s.CachedInfo().State.Msgs; left != 0 {
		t.Errorf("%d events kept for nobody", left)
	}
}

func Example() {
	broker, err := embed.Start(embed.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	nc, err := broker.Connect()
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	ctx := context.Background()
	node, err := remote.Join(ctx, nc, remote.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer node.Close(ctx)

	orders := bus.Of(node, "orders", bus.Options[order]{})
	m := newMailer()
	bus.Subscribe(orders, m, (*mailer).onOrder)
	if err := orders.Publish(ctx, order{ID: 42}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("order", <-m.got)
	runtime.KeepAlive(m)
	// Output: order 42
}

// rot13 stands for a Codec of one's own.
type rot13 struct{ bus.JSON[string] }

func (c rot13) Encode(s string) ([]byte, error) { return c.JSON.Encode(rotate(s)) }

func (c rot13) Decode(data []byte) (string, error) {
	s, err := c.JSON.Decode(data)
	return rotate(s), err
}

func rotate(s string) string {
	r := []rune(s)
	for i, c := range r {
		switch {
		case 'a' <= c && c <= 'z':
			r[i] = 'a' + (c-'a'+13)%26
		}
	}
	return string(r)
}

func ExampleCodec() {
	var c bus.Codec[string] = rot13{}
	data, _ := c.Encode("hello")
	s, err := c.Decode(data)
	fmt.Printf("%s %s %v\n", data, s, err)
	// Output: "uryyb" hello <nil>
}

func BenchmarkPublish(b *testing.B) {
	n := nodes(b, 2)
	sender := bus.Of(n[0], "orders", bus.Options[order]{})
	b.Run("listeners=0", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := sender.Publish(b.Context(), order{1}); err != nil {
				b.Fatal(err)
			}
		}
		n[0].Conn().Flush()
	})
	b.Run("listeners=1", func(b *testing.B) {
		m := newMailer()
		s := bus.Subscribe(bus.Of(n[1], "orders", bus.Options[order]{Buffer: 1 << 24}), m, (*mailer).onOrder)
		for b.Loop() {
			if err := sender.Publish(b.Context(), order{1}); err != nil {
				b.Fatal(err)
			}
			<-m.got
		}
		s.Close()
		runtime.KeepAlive(m)
	})
}
