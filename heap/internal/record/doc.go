// Package record reads the records of a heap dump, the file that
// [runtime/debug.WriteHeapDump] writes. It is the first of the four stages that
// package heap describes: bytes in, records out, nothing interpreted.
//
// A dump is one stream of records behind a line of text:
//
//	go1.7 heap dump\n
//	┌────────┬────────────┬─────────┬────────────┬─────────┬───────────┬────────────┬──────────┬─────────┬─────┐
//	│ params │ type  itab │ object  │ goroutine  │ thread  │ data  bss │ finalizer  │ memstats │ bucket  │ EOF │
//	│        │     …      │    …    │ frame … …  │    …    │           │ queued … … │          │ sample… │     │
//	└────────┴────────────┴─────────┴────────────┴─────────┴───────────┴────────────┴──────────┴─────────┴─────┘
//
// A record is a tag and then its fields, without a length. Every number is an
// unsigned varint; a string or a range of memory is its length and then its
// bytes. What holds memory (an object, a frame, the data and bss segments) is
// followed by the list of its pointers, as pairs of a kind, always 1, and an
// offset, up to a kind of 0:
//
//	tag 1 │ address │ size │ contents ……………… │ 1 │ offset │ 1 │ offset │ 0
//
// So nothing can be skipped, the file can only be read from front to back, and
// the last record, EOF, is the only proof that it is whole: the runtime ignores
// every error of writing.
//
// The format has not changed between Go 1.7 and Go 1.27, apart from a value
// here and there; nobody promises that it will not.
//
// # What a bad file can do
//
// Give an [Error] that names the record and its offset, and nothing else. The
// reader does not trust a length before it has compared it with what is left of
// the file, so it allocates in proportion to what it has read.
package record
