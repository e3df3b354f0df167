package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/remotetest"
)

// work makes random calls.
func (m *member) work(random *rand.Rand, end time.Time) {
	t := m.trial
	for time.Now().Before(end) {
		n := m.current()
		name := fmt.Sprint("name", random.IntN(20))
		ctx, cancel := context.WithTimeout(t.ctx, 3*time.Second)
		e := t.refs.any(random)
		switch x := random.IntN(120); {
		case x >= 105:
			t.readShared(ctx, m, random)
		case x >= 100:
			t.writeShared(ctx, m, random)
		case x < 10 || e == nil:
			t.export(n, random)
		case x < 40:
			t.ask(ctx, n, e)
		case x < 55:
			t.hold(ctx, n, e, random)
		case x < 65:
			t.watch(ctx, n, e)
		case x < 75:
			t.announce(ctx, n, name)
		case x < 80:
			t.closeName(ctx, name)
		default:
			t.lookup(ctx, n, name)
		}
		cancel()
		t.pause(time.Millisecond)
	}
}

// outsider is a node in a process of its own, which is killed and stopped.
type outsider struct {
	trial *trial
	index int
	mu    sync.Mutex
	child *remotetest.Child
}

// memberRole is the process of an outsider.
func memberRole(commands *bufio.Scanner, answer func(string, ...any)) {
	var n *remote.Node
	for commands.Scan() {
		switch f := strings.Fields(commands.Text()); f[0] {
		case "join": // url
			nc, err := dial(f[1])
			if err == nil {
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				n, err = remote.Join(ctx, nc, remote.Config{TTL: ttl, Replicas: 3})
				cancel()
			}
			if err != nil {
				answer("error %v", err)
				continue
			}
			answer("%s", remote.Export(n, kept))
		case "valid":
			answer("%v", n.Valid() == nil)
		}
	}
}

var kept = new(object)

func (o *outsider) kill() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.child != nil {
		o.child.Kill()
		o.child = nil
	}
}

// work starts the process, watches it from a member, and kills or stops it: its object is
// then gone for good, and it does not believe itself valid afterwards.
func (o *outsider) work(random *rand.Rand, end time.Time) {
	for time.Now().Before(end) {
		if err := o.life(random); err != nil {
			o.trial.report.count("event", "process not started")
			o.trial.pause(time.Second)
		}
		o.kill()
	}
}

func (o *outsider) life(random *rand.Rand) error {
	t := o.trial
	child, err := remotetest.Start("member")
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.child = child
	o.mu.Unlock()
	answer, err := child.Call(40*time.Second, "join", t.cluster.URL(o.index))
	if err != nil {
		return err
	}
	r, err := remote.ParseRef(answer)
	if err != nil {
		return err
	}
	t.pause(time.Duration(random.IntN(5000)) * time.Millisecond)
	if random.IntN(2) == 0 {
		t.report.count("fault", "process killed")
		child.Kill()
		o.expectGone(r)
		return nil
	}
	t.report.count("fault", "process stopped")
	if child.Stop() != nil {
		return nil
	}
	seen := o.expectGone(r)
	if child.Continue() != nil || !seen {
		return nil
	}
	if valid, err := child.Call(20*time.Second, "valid"); err == nil && valid == "true" {
		t.report.violation("%v: its owner is valid after others saw it gone", r)
	}
	return nil
}

// expectGone waits until a member sees a dead process gone, and reports whether one did.
func (o *outsider) expectGone(r remote.Ref) bool {
	t := o.trial
	for end := time.Now().Add(10 * ttl); time.Now().Before(end); t.pause(time.Second) {
		ctx, cancel := context.WithTimeout(t.ctx, 3*time.Second)
		states, err := t.members[o.index].current().Ask(ctx, r)
		cancel()
		if err == nil && states[0] == remote.Gone {
			t.report.count("event", "process seen gone")
			return true
		}
		if t.ctx.Err() != nil {
			return false
		}
	}
	t.report.violation("%v: its process is dead, and is not seen gone", r)
	return false
}
