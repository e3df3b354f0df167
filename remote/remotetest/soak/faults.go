package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/weakref-go/weakref/remote/remotetest"
)

// faults makes one fault after the other, brokers and connections in turn, with pauses in
// which the cluster may recover.
func (t *trial) faults(random *rand.Rand, end time.Time) {
	for time.Now().Before(end) {
		t.pause(time.Duration(2000+random.IntN(3000)) * time.Millisecond)
		switch random.IntN(9) {
		case 0:
			t.killBroker(t.leader(random), "leader killed")
		case 1:
			t.killBroker((t.leader(random)+1)%3, "follower killed")
		case 2:
			t.stopBroker(t.leader(random), "leader stopped")
		case 3, 4:
			t.cut(random)
		case 5:
			t.hole(random, "black hole", remotetest.ToBroker, remotetest.FromBroker)
		case 6:
			t.hole(random, "black hole to the broker", remotetest.ToBroker)
		case 7:
			t.hole(random, "black hole from the broker", remotetest.FromBroker)
		case 8:
			t.setBack(random)
		}
	}
}

func (t *trial) leader(random *rand.Rand) int {
	if i := t.cluster.Leader("KV_weakref"); i >= 0 {
		return i
	}
	return random.IntN(3)
}

// setBack sets the clocks of the brokers back, if the program was built so that it can. They are
// never set forward, and go alike: if the clock by which sessions expire leaps forward, or is
// that of another leader who is ahead, they end before their owners can know.
func (t *trial) setBack(random *rand.Rand) {
	by := time.Duration(1+random.IntN(600)) * time.Second
	if t.cluster.Step(-by) == nil {
		t.report.count("fault", "clocks set back")
	}
}

func (t *trial) killBroker(i int, what string) {
	t.report.count("fault", what)
	t.cluster.Brokers[i].Kill()
	t.pause(3 * time.Second)
	if err := t.cluster.Restart(i); err != nil {
		fmt.Println("a broker does not come back:", err)
	}
}

func (t *trial) stopBroker(i int, what string) {
	t.report.count("fault", what)
	if t.cluster.Brokers[i].Stop() == nil {
		t.pause(6 * time.Second)
		_ = t.cluster.Brokers[i].Continue() // it fails only if the broker has ended
	}
}

// cut resets the connections of a member, several times.
func (t *trial) cut(random *rand.Rand) {
	t.report.count("fault", "resets")
	m := t.members[random.IntN(len(t.members))]
	for range 1 + random.IntN(10) {
		m.proxy.Cut()
		t.pause(time.Duration(random.IntN(300)) * time.Millisecond)
	}
}

// hole lets what a member sends or receives vanish, for shorter or longer than its TTL.
func (t *trial) hole(random *rand.Rand, what string, ways ...remotetest.Direction) {
	t.report.count("fault", what)
	m := t.members[random.IntN(len(t.members))]
	m.proxy.Swallow(true, ways...)
	t.pause(time.Duration(random.IntN(int(ttl * 3 / 2))))
	m.proxy.Swallow(false, ways...)
	m.proxy.Cut()
}
