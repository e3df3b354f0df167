//go:build steppedclock

package remotetest_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/remotetest"
)

// Brokers whose wall clock is set while the clocks of their clients go on. See
// remotetest/clock for how to run these.

const hour = time.Hour

// alone starts a broker in a process of its own.
func alone(t *testing.T) (*remotetest.Child, string) {
	t.Helper()
	b, url, err := remotetest.StartBroker(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Kill)
	return b, url
}

func stepped(t *testing.T, b *remotetest.Child, by time.Duration) {
	t.Helper()
	if err := b.Step(by); err != nil {
		t.Fatal(err)
	}
}

// TestClockForward: sessions may end early, in writing, and their owners learn it. What has
// ended has ended for all, and what has not lasts.
func TestClockForward(t *testing.T) {
	t.Parallel()
	b, url := alone(t)
	other, owner := join(t, url, remote.Config{TTL: 20 * time.Second}), join(t, url, remote.Config{TTL: 20 * time.Second})
	p := new(session)
	a, err := remote.Announce(t.Context(), owner, "x", p)
	if err != nil {
		t.Fatal(err)
	}
	down := watch(t, other, a.Ref())
	until(t, "one has expired", func() bool { // unless it has just been renewed
		stepped(t, b, hour)
		return len(down) > 0
	})
	d := receive(t, down)
	if d.Reason != remote.SessionExpired && d.Reason != remote.WatcherLost {
		t.Error(d)
	}
	late := join(t, url, remote.Config{TTL: 20 * time.Second})
	if d.Confirmed {
		receive(t, owner.Lost())
		if got := ask(t, late, a.Ref()); got != remote.Gone {
			t.Error("what has ended is", got)
		}
	}
	until(t, "the old name is free", func() bool {
		_, err := remote.Announce(t.Context(), late, "x", p)
		if err != nil && !errors.Is(err, remote.ErrTaken) && !errors.Is(err, remote.ErrUnreachable) {
			t.Fatal(err)
		}
		return err == nil
	})
	runtime.KeepAlive(p)
}

// TestClockBack: who is renewed lasts. Who was not since the clock was set back is ended by the
// others, because the broker would keep it for an hour.
func TestClockBack(t *testing.T) {
	t.Parallel()
	b, url := alone(t)
	n := join(t, url, remote.Config{TTL: 5 * time.Second})
	p := new(session)
	a, err := remote.Announce(t.Context(), n, "kept", p)
	if err != nil {
		t.Fatal(err)
	}
	stopped, killed := child(t, url, 5*time.Second, -1), child(t, url, 5*time.Second, -1)
	stoppedDown, killedDown := watch(t, n, announced(t, stopped, "stopped")), watch(t, n, announced(t, killed, "killed"))
	if err := stopped.Stop(); err != nil {
		t.Fatal(err)
	}
	killed.Kill()
	stepped(t, b, -hour)
	for _, c := range []<-chan remote.Down{stoppedDown, killedDown} {
		if d := receive(t, c); d.Reason != remote.SessionExpired || !d.Confirmed {
			t.Error(d)
		}
	}
	if err := stopped.Continue(); err != nil {
		t.Fatal(err)
	}
	if call(t, stopped, "valid") == "<nil>" {
		t.Error("valid after others saw it gone")
	}
	if r, err := n.Lookup(t.Context(), "kept"); err != nil || r != a.Ref() {
		t.Error(r, err)
	}
	runtime.KeepAlive(p)
}

// TestClockToken: the epoch of a bucket is the wall clock of who made it. A bucket that was
// lost and is made anew by a clock that was set back has lower tokens: a resource that is
// fenced refuses its owners. That is safe, and must be known.
func TestClockToken(t *testing.T) {
	t.Parallel()
	b, url := alone(t)
	first := join(t, url, remote.Config{Bucket: "first"})
	stepped(t, b, -hour)
	second := join(t, url, remote.Config{Bucket: "second"})
	if second.Token().Compare(first.Token()) >= 0 {
		t.Error("a bucket that was made before, by its broker's clock, has no lower tokens")
	}
}

// TestClockCluster: one of three brokers has another clock than the others, and then leads.
func TestClockCluster(t *testing.T) {
	for _, by := range []time.Duration{-hour, hour} {
		t.Run(fmt.Sprint(by), func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			var nodes []*remote.Node
			for i := range 3 {
				nodes = append(nodes, join(t, c.URL(i), remote.Config{Replicas: 3, TTL: 12 * time.Second}))
			}
			leader := -1
			until(t, "a leader", func() bool { leader = c.Leader("KV_weakref"); return leader >= 0 })
			follower := (leader + 1) % 3
			stepped(t, c.Brokers[follower], by)
			time.Sleep(10 * time.Second) // renewals, and an expiry if there is one
			lost := 0
			for _, n := range nodes {
				if errors.Is(n.Valid(), remote.ErrLost) {
					lost++
				}
			}
			t.Logf("a follower whose clock was set by %v: %d of 3 sessions lost", by, lost)
			stepped(t, c.Brokers[leader], by)
			time.Sleep(10 * time.Second)
			lost = 0
			for _, n := range nodes {
				if errors.Is(n.Valid(), remote.ErrLost) {
					lost++
				}
			}
			t.Logf("and the leader's: %d of 3", lost)
			// Whatever was lost, those who begin anew see each other, and only the living.
			p := new(session)
			fresh := join(t, c.URL(0), remote.Config{Replicas: 3, TTL: 12 * time.Second})
			reader := join(t, c.URL(1), remote.Config{Replicas: 3, TTL: 12 * time.Second})
			a, err := remote.Announce(t.Context(), fresh, "x", p)
			if err != nil {
				t.Fatal(err)
			}
			until(t, "found", func() bool {
				r, err := reader.Lookup(t.Context(), "x")
				return err == nil && r == a.Ref()
			})
			runtime.KeepAlive(p)
		})
	}
}
