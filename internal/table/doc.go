// Package table is the concurrent hash table under every container of this
// module. An entry is a weak handle and a side value of type S; which of the two
// is the key is the container's business.
//
// # Structure
//
// The leading bits of a hash choose a segment in a directory, the bits above its
// lowest seven a group in the segment, and the lowest seven are the entry's tag
// (extendible hashing, Fagin et al. 1979, over groups that are searched by tag
// eight bytes at a time, as in Abseil's Swiss tables):
//
//	hash   ┌ depth ┬───────────────┬─ group ─┬─ tag ─┐
//	       └───┬───┴───────────────┴────┬────┴───┬───┘
//	           │                        │        │
//	directory  ▼      segment           │        │
//	         ┌────┐   ┌───────┬───────┬─▼─────┬──│────┬───────┐
//	         │ 00 ├──►│ group │ group │ group │ group │ ...   │
//	         │ 01 ├─┐ └───────┴───────┴───────┴───────┴───────┘
//	         │ 10 ├┐└►...          │
//	         │ 11 ├┴─►...          ▼
//	         └────┘     ┌──────────────────┐
//	                    │ ctrl: 7 tags     │ written when a slot is filled
//	                    │ slot 0: ref side │ ref is nil once the entry is removed
//	                    │ ...              │
//	                    │ slot 6: ref side │
//	                    │ next             │ overflow, for hopeless hashes only
//	                    └──────────────────┘
//
// A segment has up to [maxGroups] groups, so whatever is done to one segment is
// done in a bounded time. Growing splits one segment, shrinking merges two, and
// sweeping visits one after the other; no operation ever touches the whole
// table at once, the directory apart, which is 16 bytes per thousand entries.
//
// # Reading without locks
//
// A slot is written once. Its side value and tag never change while the segment
// is in use (a side value may have atomic parts of its own), and its ref changes
// atomically. So a reader that has seen a tag may read the side value as it is:
// the store of the tag published it. A removed entry leaves its slot behind,
// marked by a nil ref, until the segment is rebuilt: rebuilding copies the live
// entries to new groups and exchanges one pointer in the directory. A reader that
// still looks at the old groups sees the table as it was at some moment between
// its start and now, which is all that a concurrent reader may ask. This is the
// scheme of Cliff Click's non-blocking hash map, with segments for its resizing.
//
// # Writing
//
// A writer locks the segment of its hash. After it has the lock it checks that
// the segment has not been retired, which happens under the same lock. The order
// of locks is: segments by ascending prefix, then the directory. No user code
// runs under any of them.
//
// # Deaths
//
// Sweep looks at every handle without locking, then takes the lock to remove what
// is dead. It neither follows a handle nor keeps a target alive (see package
// handle), so it may run at any time.
package table
