// Package leak watches objects that should die, in a service in production, and
// explains the ones that do not.
//
//	func (s *Session) Close() {
//		…
//		leak.Watch(s, "session closed")
//	}
//
// Watch says: from now on this should die. A watcher looks after each collection.
// What has survived a number of collections and some time is retained. Then the
// watcher finds the path of references that keeps it alive, and hands each new
// kind of leak once to a hook and to log/slog: the reason that was given, the
// age, the path, what the object retains and where it was allocated. Leaks are of
// one kind if their paths are alike but for indexes, keys and addresses; each kind has
// the number of its own objects. Up to 8,192 objects are looked at for an explanation.
//
// The zero [Watcher] is ready to use, and [Default] is one. Settings are its
// fields.
//
// # What it costs
//
// While nothing leaks: a weak reference for each watched object (some 60 bytes,
// and 0.2 to 0.5 microseconds when it is made) and, after each collection, a look
// at no more than 65,536 of them (half a millisecond), on a goroutine of its own.
//
// An explanation reads a dump of the heap. By default the dump is written by a copy
// of the process, which stops the process for milliseconds, see
// [github.com/weakref-go/weakref/heap.Fork]. It is read by a process of its own
// if the program calls [Helper], or else by this process if it is not large. There
// are no more than so many explanations an hour.
//
// Where the process cannot be copied (all but Linux on amd64 and arm64, or where
// the kernel forbids it) leaks are reported without a path, unless
// [Watcher.InProcess] allows to stop the world for as long as writing a dump
// takes.
//
// # What is not found
//
// Objects that are not watched. Objects that cannot be referred to weakly: see
// [weakref.Check]. Leaks of a program that does not collect: the runtime collects
// every two minutes at least. In a dump, the function and argument of a cleanup
// have no root: a path from there begins with "no root".
package leak
