package remote

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Config is how a node joins. The zero Config is a single broker's.
type Config struct {
	// Bucket names a deployment: nodes of one bucket see each other. It is created
	// by the first node that joins. "weakref" if empty.
	Bucket string

	// TTL is how long a session lasts without a renewal: 15 s if 0, at least 1 s, cut
	// to whole seconds. A broker of several servers that loses its leader accepts no
	// writes for some seconds, so less than 12 s is refused where Replicas > 1.
	TTL time.Duration

	// Grace is how long the absence of a process from the broker counts as its death;
	// if negative, only TTL does. If 0, it is 500 ms at a single server. At a cluster
	// of servers it is then off: there, a node whose server is cut off from the others
	// looks absent while it believes itself present.
	Grace time.Duration

	// Replicas is how many servers keep the bucket; 1 if 0.
	Replicas int

	// Memory keeps the bucket in the memory of the broker, not in files. A restart of
	// the broker then ends all sessions.
	Memory bool

	// OnLost, if set, is called once if the session ends otherwise than by Close: the
	// node's refs, names and holds are void. It runs on a goroutine of its own.
	OnLost func(error)
}

const (
	defaultTTL   = 15 * time.Second
	leastTTL     = time.Second
	clusterTTL   = 12 * time.Second // writes stall for up to 5.5 s when a leader is lost
	defaultGrace = 500 * time.Millisecond
)

// withDefaults returns c with its zero fields filled in for a connection, or why it
// cannot be used.
func (c Config) withDefaults(nc *nats.Conn) (Config, error) {
	if c.Bucket == "" {
		c.Bucket = "weakref"
	}
	if strings.ContainsAny(c.Bucket, ".*> \t\r\n/\\") {
		return c, fmt.Errorf("remote: %q cannot name a bucket", c.Bucket)
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.TTL == 0 {
		c.TTL = defaultTTL
	}
	c.TTL = c.TTL.Truncate(time.Second)
	switch {
	case nc.Opts.NoEcho:
		return c, errors.New("remote: a connection with NoEcho does not hear this node's own renewals")
	case c.TTL < leastTTL:
		return c, fmt.Errorf("remote: a TTL of less than %v", leastTTL)
	case c.Replicas > 1 && c.TTL < clusterTTL:
		return c, fmt.Errorf("remote: a TTL of %v with %d replicas: a change of leader would end sessions; use %v or more", c.TTL, c.Replicas, clusterTTL)
	}
	if c.Grace == 0 {
		c.Grace = defaultGrace
		if nc.ConnectedClusterName() != "" {
			c.Grace = -1
		}
	}
	return c, nil
}

// margin is how much earlier than the broker a node gives its own session up. It
// covers clocks that run at different speeds and the time between a check of
// Valid and the act.
func (c Config) margin() time.Duration { return c.TTL / 10 }
