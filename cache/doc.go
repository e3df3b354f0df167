// Package cache provides a loading cache in one table: values that somebody uses
// are held weakly, however many they are, and a bounded number of the hottest
// values is held strongly, whether or not anybody uses them.
//
// A cache that only holds strongly must choose a size. If it is too small, it
// evicts values that are in use, and the next request loads a second copy of a
// thing that is still in memory; if it is too large, it keeps what nobody needs.
// A cache that only holds weakly forgets a value as soon as its last user has let
// go of it. Here an entry is both: it leads to its value weakly, as long as that
// lives, and for some entries strongly as well.
//
//	Get(key) ──► table ──► entry ─┬─ strong ──────► value   if the policy keeps it,
//	             by key           │                         or KeepFor does
//	                              ├─ handle ─ ─ ─ ► value   if it has been let go of
//	                              ├─ call ────────► who waits for the load
//	                              └─ failure ─────► an error, with KeepErrors
//
// # What a request does
//
// A hit finds the entry without a lock, takes the value, and sets two bits in the
// entry, if they are not set. The policy reads them when it has to choose.
//
// A miss puts an entry that is loading into the slot of the key, under the lock of a
// small part of the table. Whoever asks for the key meanwhile finds it there, and
// waits. When the loader has returned, the entry gets its value, if it still is in its
// slot; Put and Invalidate take it out, and so does the last one who waits when he
// gives up. So a key is loaded once, and what is loaded is stored only if it is wanted,
// without a second structure that says what is under way.
//
// A [Tier], if there is one, takes the place of the loader: other processes may have the value.
//
// # What is kept
//
// The policy is a window and a ring with a hand that passes over what was used, with a
// sketch of how often keys were asked for, and three modes between which small shadows
// of the cache choose: see package internal/policy, and docs/decisions/0091. An entry that
// it lets go of gets a weak handle, and then loses its strong pointer; many together, since
// that is cheaper. If somebody holds the value, the entry stays in the table and can be
// kept again. If nobody does, a collection finds that out, and the entry leaves.
//
// # What memory allows
//
// With KeepSoft the strong tier holds more than Keep as long as there is memory. After each
// collection the live heap is compared with a target: three quarters of the heap that fits
// below GOMEMLIMIT (or [runtime/debug.SetMemoryLimit]). While less is alive, the cache may
// grow, by no more than half of what is missing; when more is, it lets go of what the policy
// would evict next, as much as is too much and no more than half of what it holds above Keep
// (seven eighths when the heap is nearly full). All caches of the process share the target.
// A cache that nobody asks anything for five minutes goes back to Keep by halves.
//
// So set GOMEMLIMIT. Without it, or if it is above 95 percent of what the control group of the
// process has, the heap grows to twice what is alive before it is collected (see GOGC), and
// 40 percent of the group's limit can be alive. Without a group's limit it is a quarter of
// the machine's memory that counts, and where that is not known, as on other systems than
// Linux, nothing is kept above Keep. Limits may change while the program runs.
//
// How large values are is estimated, if there is no Weigh: from one value in eight when it is
// stored, its own size and that of its slices and strings, as deep as it consists of structs.
// No pointer is followed. Nobody may write to a value while it is stored, as with Weigh.
// Where values are much larger than that, the cache still does not pass the target by
// itself, but its size swings; Weigh, in bytes, helps. A weight of 1 is taken for a byte at
// least.
//
// It is a matter of collections: nothing is let go of between two of them, so growth by
// more than the free quarter of the heap within one is not caught, nor is memory of C, though that
// of others in the control group is seen. In a bubble of testing/synctest there is Keep only.
//
// # What it costs
//
// A hit takes no lock and allocates nothing, unless the strong tier takes back a value that it
// had let go of. A miss takes the lock of a small part of the table twice, and that of the
// policy once; it allocates the entry and the context beside what the loader does, and with a
// context that can end it needs a goroutine. A value that the strong tier lets go of costs a
// weak handle. What that comes to, beside other caches, is in docs/decisions/0090.
//
// An entry has 24 bytes if keys are words, 32 if the cache weighs, and 80 if a setting has
// to do with time. Time is looked at only then. With its place in the table, and what the
// policy remembers, one that is kept takes 64 to 96 in all, beside the value. A cache without
// entries takes less than three kilobytes.
//
// The compiler makes a copy of the package's code for each pair of types of keys and values
// that differ in more than where pointers lead to: 230 kB of an executable without symbols, and
// about a second of compiling.
package cache
