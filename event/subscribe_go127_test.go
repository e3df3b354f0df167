//go:build go1.27

package event_test

import (
	"runtime"
	"testing"

	"github.com/weakref-go/weakref/event"
)

func TestSubscribeMethods(t *testing.T) {
	var b event.Bus[order]
	m := &mailer{name: "m", log: new(journal)}
	s := b.Subscribe(m, (*mailer).handle)
	if s != event.Subscribe(&b, m, (*mailer).handle) {
		t.Error("the method and the function make two subscriptions")
	}
	q := b.SubscribeWith(m, (*mailer).other, event.Options{Queue: 1})
	if n := b.Publish(order{1}); n != 2 {
		t.Errorf("reached %d, want 2", n)
	}
	q.Close()
	runtime.KeepAlive(m)
}
