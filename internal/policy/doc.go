// Package policy chooses which entries of a cache stay when there is no room for
// all of them.
//
// # Structure
//
//	              duel, or none              not used since the hand passed
//	 ┌──────────┐            ┌──────────────┐            ┌───────┐
//	►│ window   ├───────────►│ main         ├───────────►│ limbo ├──► out
//	 │ FIFO     ├─┐          │ CLOCK        │            └───────┘
//	 └──────────┘ │          └──────────────┘                ▲
//	              └───────── loses the duel ─────────────────┘
//
// A new entry enters the window. Who leaves the window enters main, if he has been
// asked for more often than the one who would have to leave main for him: a sketch
// of counters says so, for entries that are gone as well. Main is a ring with a
// hand (CLOCK): an entry that was used since the hand last passed stays, with a use
// less. This is W-TinyLFU (Einziger, Friedman and Manes, 2017) with rings in place of
// lists, so that a use of an entry sets bits in the entry and does nothing else.
//
// # Modes
//
// No one admission is good for everything. There are three (see modes): for loops and
// scans, for recency, and one between. Each has a shadow, which is this same structure
// over a sample of the keys, without values. The mode is that of the shadow which
// would have had the most hits of late.
//
// # Limbo
//
// What the owner does with an entry that is out may be cheaper for many at once. So
// those who leave wait in limbo, within the limit, and go together. One that is used
// meanwhile returns to main.
//
// Nothing here locks. The owner calls [Policy] from one goroutine at a time; only
// [Node.Use], and what the owner does with bits of his own, may happen at any time.
package policy
