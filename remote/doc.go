// Package remote is weak references between processes, over a NATS broker: a process
// refers to an object of another without keeping it, asks whether it is there, is told
// when it is gone, keeps it for a while, and finds it by name.
//
//	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
//	n, err := remote.Join(ctx, nc, remote.Config{})      // this process is a node now
//
//	name, err := remote.Announce(ctx, n, "user/ada", s)  // in one process: does not keep s
//
//	ref, err := n.Lookup(ctx, "user/ada")                // in another
//	stop, err := n.Watch(ctx, ref, func(d remote.Down) { … })
//	hold, err := n.Hold(ctx, ref)
//
// The broker may run in the process: see package remote/embed.
//
// # How it works
//
// A process that joins begins a session, the only thing that must be kept alive. The
// owner of an object is the truth about it: nothing is stored at the broker for an
// object, and a few bytes for a name.
//
//	 process A                        broker                       process B
//	┌──────────────────┐    ┌──────────────────────────┐    ┌──────────────────┐
//	│ session a        ├───►│ s.a   renewed each TTL/3 │◄───┤ session b        │
//	│                  │    │ s.b                      │    │                  │
//	│ exports          │    │                          │    │                  │
//	│  1 ┄┄► object    │    │ n.ada.a → 1              │    │ Ref (a, 1)       │
//	│  2 ┄┄► object    │    └──────────────────────────┘    │                  │
//	│ held by others   │                                    │ holds, watches   │
//	│  b: hold on 1 ──►│◄─── ask, hold, watch, release ─────┤  a: hold on 1    │
//	│     watch on 2   │──── dead ─────────────────────────►│     watch on 2   │
//	└──────────────────┘                                    └──────────────────┘
//	  ┄┄► weak   ──► strong
//
// A session is a key that is written by compare-and-set, with an expiry. The node counts
// its time from the sending of a renewal, and stops a tenth of the TTL earlier, so it
// gives up before others see it gone. Every write to the bucket is published as a plain
// message by the broker, and all nodes listen to the keys of sessions: when one ends, its
// holds are dropped, its refs are gone, and its names are free.
//
// A process that is killed is noticed long before its TTL has passed: each node probes its
// two successors in the order of session identities. If the broker says for
// Config.Grace that nobody listens there, and never if there is just no answer, the
// prober writes the end of the session by compare-and-set.
//
// What a process has of another's objects, and what that other believes it has, are two
// lists, which messages keep equal. They are compared by count and hash after each
// reconnection, and at twice the TTL; if they differ, the list is sent whole. A node that
// does not hear its own renewals asks for what it does not hear.
//
// # What is guaranteed, and what is not
//
// Alive: the owner had the object at a moment between call and return. Not afterwards:
// take a Hold.
//
// Gone: final for that Ref.
//
// Unknown: asked in vain, or the owner is not sure of its session; never a stale "alive".
//
// Hold: the object lives until Close, this session's end or the owner's. Not beyond the
// owner's death; not in a partition beyond TTL. Who is cut off learns first.
//
// Watch: at most one Down, and always one when object or session end, or the watcher is
// lost. No order between owners; no promptness in an idle process (within two
// collections).
//
// Name: one live owner, by compare-and-set; Lookup is confirmed by it. No exclusivity of
// effects: use [Node.Valid] and [Name.Token].
//
// An answer has three states because silence is not death. A death is confirmed by the
// owner, or by the end of its session in writing. A broker that is cut off from its
// majority cannot write, so it confirms nothing.
//
// Nodes need no synchronised clocks. The broker's wall clock decides when a session
// expires, so setting it forward ends sessions early, and their owners learn it a message later
// than others do. So does a change of leader to a broker whose clock is ahead: brokers of a
// cluster need clocks that agree to a tenth of the TTL. Setting it back ends nothing, and what
// it would keep is ended by the nodes. A node that slept with its machine finds its session over.
//
// Cycles across processes are never collected: if objects of two processes hold each
// other, nobody sees that. [Node.Held] lists what is held, by whom, and since when.
//
// # Grace
//
// With a Grace, an owner's absence may count as death before its TTL has passed. At one
// server that is safe: who is absent there has no connection, and [Node.Valid] says so.
// There is one gap: a connection that the server has dropped, but whose end does not
// arrive. Servers drop silent clients after some minutes (their ping_interval, twice),
// which should be longer than the TTL. In a cluster, a server that is cut off from the
// others still has its clients, who look absent to the rest. There Grace is off unless it
// is asked for. Who asks for it fences by [Name.Token].
//
// # Cost
//
// Export takes what it takes a weakref.ValueMap to store an object, and 50 bytes, and sends
// nothing. Ask and Hold cost a message there and back, batched Ask a fifth of a microsecond
// a ref. A name is one write. An idle process sends one renewal for each TTL/3, whatever the number
// of its names; with a Grace, 13 probes a second, which nobody answers; and two messages
// for each TTL and process of whose objects it has something. Every node hears every
// renewal: up to some 300 processes that is nothing.
package remote
