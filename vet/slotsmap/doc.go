// Package slotsmap reports values of a KeyMap with Slots that can lead to their own map.
//
// A KeyMap whose keys embed weakref.Slots keeps a value in its key. If the value
// leads to the map, then whoever holds the key holds the map, with all that the
// map refers to: it lives as long as the key, although nobody uses it any more.
// Go's collector knows no entry that needs both its key and its map to live.
//
// WRONG:
//
//	type Registry struct {
//		states weakref.KeyMap[Conn, *state] // Conn embeds weakref.Slots
//	}
//
//	type state struct{ registry *Registry }
//
// RIGHT:
//
//	type state struct{ registry weakref.Ref[Registry] }
//
// The check knows the types only, six steps deep, and stops at weak pointers,
// interfaces and functions. It is of no consequence if the map lives as long as
// the program, or if the value leads to another map of the same type. Say so in
// a //weakvet:ignore comment.
package slotsmap
