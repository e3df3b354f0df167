// Package heap says why an object is still alive: it takes snapshots of the heap
// of a Go program, reads them, and finds the references that lead from a root to
// an object, by name.
//
//	answer, err := heap.Why(ref) // of a weakref.Ref
//	fmt.Println(answer)
//
//	*main.User at 0xc000123440 (64 bytes) is held by
//	  main.registry.listeners[4].fn → func main.setup.func2 captures session → *main.Session.user
//	retains 88 bytes in 2 objects
//
// [WhyWeak] asks the same of all objects that a container holds weakly.
//
// [Why] asks about the process itself and [Open] reads the dump of another, or of
// another day: what is there ([Dump.Types]), what leads to an object
// ([Dump.Paths], [Dump.Referrers]), what would go with it ([Dump.Retained],
// [Dump.Dominators]), what nothing leads to ([Dump.Unrooted]), what has grown
// ([Diff]). The page docs/why.md of this module's repository hunts eight leaks with
// them, and with the command weakref why.
//
// # Stages
//
// The work is done in four stages, each a package below internal:
//
//	capture, attach ─▶ file ─▶ record ─▶ graph ─▶ names ─▶ here
//	                    executable ─▶ exe ────────┘
//
// Package capture writes a dump if that can be done without harm, and package attach
// writes one of another process ([SnapshotProcess]). Package record
// reads its records, package graph builds the graph of objects and searches it,
// package exe reads names and types from the executable, and package names puts
// the two together. What this package adds is the questions and answers.
//
// # What an answer means
//
// A path is a chain of strong references, by which the collector keeps the object
// alive. It is one of the shortest from the best kind of root: a package
// variable is preferred to a goroutine's stack, that to a word that belongs to no
// variable, and that to the runtime's own variables. Others may remain when it is cut; [Step.Only] says of which
// reference that is certainly not so.
//
// The graph is complete but for what the runtime does not write to a dump:
// variables of plugins, memory of C, and cleanups ([runtime.AddCleanup]). What only
// a cleanup holds is found through the runtime's own records in [Why] and by
// [SnapshotProcess], and shows as an object without a root in a dump that another
// process has written.
//
// What an object is, all references to it tell together, before any path is named: a
// path through a word of a stack of which nothing is known has names all the same. What
// the compiler has lost and only one variable can be is named with a question mark.
//
// Words on a stack that are no roots, or no longer, are the last explanation and
// say so ([RootStale]).
//
// # Safety
//
// To write a heap dump can end a process. The runtime stops the world for as long
// as the writing takes (about three seconds for a heap of a gigabyte). It throws,
// in Go 1.26 and 1.27, if it meets a goroutine that is just returning from a
// system call, which is rare and more likely the more goroutines are in system
// calls, or one that the goroutineleak profile has marked as leaked, always. It
// tears objects of 2 GiB and more, which this package can mend up to the missing
// contents, and it does not notice a full disk.
//
// [Snapshot] and [Why] refuse in time: [ErrLeakedGoroutine], [ErrSystemCalls].
// What was written is read to its end before it is believed. On Linux, on amd64
// and arm64, [Fork] has a copy of the process write the dump: the process itself
// stops for milliseconds, and what goes wrong ends the copy. [Auto], which is the default
// of an [Explainer], turns to that where there are many system calls.
//
// # Secrets
//
// A dump holds all memory of the process: passwords, keys, the data of users.
// Files that this package makes by itself have mode 0600, are unlinked before
// anything is written to them where the system allows that, and go nowhere.
// Files that you make are yours to guard.
//
// # Cost
//
// Reading a dump takes 22 to 24 bytes of memory an object beside the mapped file, and 32
// for moments. For a gigabyte of small objects, 20 million, the graph and what each
// object is take about four seconds of processor time, more if references lead far and
// wide. A hostile file gives an error, not more.
package heap
