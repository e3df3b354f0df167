// Package weakref provides references that do not keep things alive, and the
// containers that are built from them: a weak reference, maps with weak values
// or weak keys, and what belongs to them. It is what Python's weakref module
// is, in Go's idiom.
//
// # What a weak reference is
//
// A [Ref] refers to an object without keeping it alive. Once nothing else
// refers to the object and the collector has found that out, [Ref.Value]
// returns nil, for good. Until then it returns an ordinary, strong pointer.
// One call answers both "is it alive" and "give it to me"; there is no method
// that only asks, because its answer could be wrong by the time it is used.
//
// # When things die
//
// Go's collector decides. An object that nothing refers to is found dead by the
// next collection, not at once, and a collection may be minutes away in a
// program that allocates little. Where the moment of release matters (files,
// connections, memory of other languages) use counted references instead.
//
// # What cannot be weakly referenced
//
// Some pointers have no life of their own: a nil pointer, a value of no size, a
// small value without pointers that the runtime packs with others, memory that
// the collector does not manage. [Check] tells, with an error that says what to
// do; [Box] is the usual answer.
//
// # Concurrency
//
// Every method of every type is safe for concurrent use, unless its
// documentation says otherwise. Reading never blocks.
//
// Functions of the user's are called under no lock, and may panic, end their goroutine and
// use whatever calls them. A call that would wait for itself returns [ErrDeadlock].
//
// All of it may be used within [testing/synctest] bubbles, outside, and in several at once.
// What has died is noticed there by runtime.GC and a call of Sweep, or as the bubble's time
// advances.
package weakref
