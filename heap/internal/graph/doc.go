// Package graph builds the graph of a heap dump and searches it. It is the
// second of the stages that package heap describes: records in, object numbers
// and edges out. It knows nothing of names and types.
//
// # Arrays
//
// An object is a number, in the order of the file. All that is known of it lies
// in flat arrays; with 1.5 pointers an object they take 18 bytes for each, and a
// search 8 more while it runs and 4 afterwards:
//
//	 object      0    1    2    3    4    5   …
//	┌─────────┬────┬────┬────┬────┬────┬────┬
//	│ start   │  0 │  4 │  8 │  0 │  6 │ 12 │       offset in its page, in words of 8 bytes
//	│ at      │  0 │ 41 │ 85 │  0 │ 57 │    │       offset of its contents behind those of the page's first
//	│ row     │  0 │  1 │  1 │  3 │  3 │    │       where its edges begin
//	└─────────┴────┴──┬─┴────┴──┬─┴────┴────┴
//	┌─────────┬────┬──┴─┬────┬──┴─┬
//	│ edge    │  4 │  2 │  0 │  5 │                 the objects that its pointers lead to
//	└─────────┴────┴────┴────┴────┴
//	 page        0              1
//	┌─────────┬──────────────┬──────────────┬
//	│ base    │ 0xc000000000 │ 0xc000a42000 │       address
//	│ size    │           32 │           48 │       of each object that begins here
//	│ first   │            0 │            3 │       object
//	│ file    │         4711 │         4902 │       where the contents of the first are in the file
//	└─────────┴──────────────┴──────────────┴
//
// This rests on the runtime's spans: the heap consists of pages of 8 KiB, all
// objects that begin in one page have one size, and a dump lists them side by
// side. A dump that says otherwise is refused.
//
// From an address to an object leads a radix tree of pages, then a guess (the
// page is full as a rule) and a binary search where the guess was wrong.
//
// # Searching
//
// [Heap.Search] goes breadth first from the roots, one kind of root after the
// other, best first: what a package variable holds is explained by that, even if
// a shorter way leads through the runtime's own variables. The result is a
// forest, one parent for each object; paths, referrers, retained sizes and
// dominators are read off the forest and the edges.
package graph
