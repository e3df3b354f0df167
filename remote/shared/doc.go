// Package shared is a second tier for cache.Cache: the caches of several processes are
// replicas of each other, load a key once for all of them, and hear of what is invalid.
//
//	users := &cache.Cache[string, User]{Keep: 10_000, Load: load}
//	tier, err := shared.Attach(ctx, node, users, shared.Options[string, User]{Name: "users"})
//
//	u, err := users.Get(ctx, "ada")      // here, from another process, or by load
//	err = tier.Invalidate(ctx, "ada")    // everywhere
//
// # Peers
//
// Each key belongs to one replica: a miss elsewhere asks that one, whose cache has the
// value or loads it. Nothing is stored at the broker.
//
//	 replica A                  broker                   replica B, whose key it is
//	┌─────────────┐                                     ┌──────────────────┐
//	│ Get ─ miss ─┼── get "ada", heard 31 ─────────────►│ Get ─ hit        │
//	│             │◄──────────────── value, age ────────┤     └ miss: Load │
//	│             │                                     └──────────────────┘
//	│ Invalidate ─┼──► log 32: "ada" ──────────────────► all replicas
//	└─────────────┘
//
// The owner keeps what its Keep allows, so with a Keep of 0 it loads again for each
// replica that comes later.
//
// # Stored
//
// With Options.Stored, values are kept in a bucket at the broker for TTL, and outlive the
// processes. Whoever misses writes a lock in the place of the value, by compare-and-set,
// loads, and writes the value over the lock. Others ask the holder of the lock. It is slower,
// a miss takes some requests in the place of one.
//
// # Invalidation
//
// Invalidations are entries of one log, which the broker numbers. Each replica hears them
// in that order, and each entry names the one before it. So a replica that has missed one
// knows at the next, and removes all of its entries. Three times in MaxStale, and after each
// reconnection, it writes an entry itself, which must come back: if none does for MaxStale,
// it is deaf, and removes its entries. A broker that is cut off from its majority
// cannot take an entry, so replicas that only reach such a one are deaf, too.
//
// A question says what the asker has heard, and is answered by one that has heard as much.
// So what a replica gets from another is no older than what it was told.
//
// # What is guaranteed
//
// A key is loaded once at a time, by whichever replica, however many ask. Nothing that was
// loaded before an Invalidate is stored after it by any replica that has heard of it, if
// LoadTimeout is not exceeded. When Invalidate has returned, a Get of the same
// replica returns nothing older. Others hear promptly; those that do not
// stop trusting their entries after MaxStale. What the cache guarantees of its own values
// holds as without a tier: one copy of a value in a process while somebody uses it. Loads that
// wait for each other through several processes get ErrDeadlock. A load that nobody waits for in
// any process is cancelled.
//
// An age travels with its value: ExpireAfterWrite and RefreshAfter count from the load,
// wherever that was. So a refresh serves the old value meanwhile, as always, and one
// replica loads for all.
//
// # What is not
//
// A key may be loaded twice while replicas differ in who is there, if the owner is slow to
// say for two seconds that it works, if a message is too long for the broker, and if the holder of a lock is
// lost or too slow; the store of the slow one is refused. When the owner cannot be asked, another
// replica is, and without any, each loads for itself: Stats says how often (Alone).
//
// There is no order between a write to the source and the Get of another replica: it may
// see the new value, and then again the old one, until the write's Invalidate is heard. Put,
// Invalidate and Clear of a cache concern that cache alone.
//
// With Stored, ages are differences between the broker's clock and the process's. With Memory, a
// broker that is lost takes the values and the log with it; replicas notice at the next
// entry.
//
// # Cost
//
// A hit costs what it costs without a tier. A miss by peers costs a message there and back, and
// the codec. An idle replica writes an entry three times in MaxStale, which all hear: with P
// replicas that is P² messages in that time.
package shared
