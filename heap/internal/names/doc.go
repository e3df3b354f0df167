// Package names turns paths of addresses into expressions of Go. It is the
// fourth of the stages that package heap describes: a path and what the
// executable tells go in, text comes out.
//
// Types are spread along the path. Where the root is a variable, its type tells
// which field the pointer is in, and what it points to; so the type of the
// next object is known, and so on:
//
//	root      registry (a Registry) + 24 ─▶ field listeners, a []Listener
//	object 1  an array of Listener  + 72 ─▶ element 4, field fn, a func
//	object 2  a closure: its first word is code of setup.func2, which captures a *Session at 8
//	object 3  a Session             +  0 ─▶ field user, a *User
//
//	main.registry.listeners[4].fn → func main.setup.func2 captures session → *Session.user
//
// One path may say little of what it passes. So all references are asked first what
// they lead to, and each object has the view that says most: see [Evidence]. Where a
// path leads through a word of which nothing is known, that view goes on. It is the
// same for the data of the program that has no variables: literals that variables point
// to ([Namer.Root]) are named by the way that leads there.
//
// What the runtime builds for maps, channels, interfaces and closures is taken
// apart on the way, and so are a few types of the standard library that would
// read badly: a sync.Map shows as a map, an atomic.Pointer as what it points
// to, a chain of contexts as the Value that is asked for.
//
// Where the type is not known, an object may still tell: an object of more than
// 512 bytes begins with the descriptor of its type, an interface has its type in
// the word before, a closure begins with its code. Otherwise the text has
// offsets.
//
// Everything that is read here comes from the dump, so nothing of it is
// believed: a name may be wrong if the dump is, but the path is that of the
// graph.
package names
