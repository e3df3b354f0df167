// Package weakkeycycle reports maps with weak keys whose values can refer to their key.
//
// Go's collector knows no ephemerons: what a map holds strongly it keeps. If the
// value refers to its own key, the entry keeps the key, the weak pointer to it
// never becomes nil, and the entry never goes away.
//
// WRONG:
//
//	type Meta struct{ owner *Node }
//
//	var meta map[weak.Pointer[Node]]*Meta // if Meta.owner is the key
//	m.Store(weak.Make(node), &Meta{owner: node}) // m is a sync.Map
//	var km weakref.KeyMap[Node, Meta]
//
// RIGHT:
//
//	type Meta struct{ owner weak.Pointer[Node] } // or an identifier
//
//	type Node struct {
//		weakref.Slots // a KeyMap keeps the value in the node itself
//		…
//	}
//
// The check follows pointers, slices, arrays, maps, channels and structs from
// the value's type to a pointer to the key's type, six steps deep, and stops at
// weak pointers, interfaces and functions. It knows the types only: if the value
// refers to another object of the key's type, and that one does not lead back,
// nothing leaks. Say so in a //weakvet:ignore comment.
package weakkeycycle
