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
//	                    │ slot 0: side ref │ ref is nil once the entry is removed
//	                    │ ...              │
//	                    │ slot 6: side ref │
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
// # Iterating
//
// A loop goes through the segments in the order of their hashes and remembers how far
// it has come. Segments that are split or merged meanwhile change what covers the
// hashes to come; of a merged one, the loop leaves out the hashes that it has passed.
// So a hash is looked at in one segment only, and what is left to show is that no key
// comes twice within one.
//
// On coming to a segment, the loop notes which slots are filled, one word a group, and
// looks at no others. A key that is removed and added again takes a slot that was empty
// then, or its old one. Suppose that two slots with the same key have been noted: then
// one entry had been removed before the other was added, and the other had been added
// before the notes were complete; so the first was seen as removed whenever the loop
// came to it. The notes are void if the segment has been retired by the time they are
// complete, because a merge of empty segments hands on the groups of one, which then
// get entries of the other; the loop takes the notes again, of the segment that is
// there now. Groups that are handed on later do no harm: what they get is not noted.
//
// A key that is removed and added again meanwhile may not come at all. Where that is not
// good enough, [Table.Sides] locks a segment and copies its side values.
//
// Nothing is locked by Slots, and nothing is copied but the notes, 2 KiB on the stack at most.
// What a loop promises is what sync.Map's Range does: no key more than once. It also
// promises that an entry which is there all the while comes.
//
// # Deaths
//
// Sweep looks at every handle without locking, then takes the lock to remove what
// is dead. It neither follows a handle nor keeps a target alive (see package
// handle), so it may run at any time.
package table
