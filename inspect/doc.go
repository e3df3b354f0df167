// Package inspect lists what a program has of this module at a moment: every container,
// bus and pool that is alive, and the counted handles that are open.
//
//	before := inspect.Take()
//	…
//	fmt.Print(inspect.Take().Since(before))
//
//	+1204  #3  sessions  weakref.ValueMap[string,main.Session]  1961
//
// Nothing is registered by hand: maps, sets, interners, queues, caches, buses and pools are
// listed from their first use on until they have been collected, and nodes of package
// remote as long as their session lasts.
// Handles are those that [rc.Open] lists, so [rc.Track] must be on.
//
// # What is guaranteed
//
// Listing holds one container at a time, and none after it returns; like every use, it may
// carry a container that nobody refers to over the collection that is just under way. It
// shows no keys and no values, but for [Keys], and runs no code of the user's. Containers
// that exist from the beginning of a call to its end are listed, once each; others
// perhaps. A container's numbers are what its own Stats would have said at a moment of the
// call, which is another moment for each container.
//
// All functions are safe for concurrent use, and for use in and outside of bubbles of
// testing/synctest. They list the whole process, not a bubble.
//
// # What it costs
//
// A program that does not import this package does not contain it; it pays for the name
// that each container in use keeps, 16 bytes, or up to 64 where the allocator has no size
// between. Importing it costs nothing more: no goroutine, nothing for each operation. A
// listing takes some 0.3 microseconds for each container.
//
// Package debug shows it in a browser; see docs/live.md.
package inspect
