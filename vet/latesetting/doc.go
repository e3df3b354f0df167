// Package latesetting reports settings of a container that come after its first use.
//
// The exported fields of a map, a cache or a bus are its settings. They are read
// when it is first used. What is set later is not seen, or seen by some goroutines
// only: it is a data race.
//
// WRONG:
//
//	var m weakref.ValueMap[string, Doc]
//	m.Store("a", doc)
//	m.OnCollect = func(key string) { … }
//
// RIGHT:
//
//	m := weakref.ValueMap[string, Doc]{OnCollect: func(key string) { … }}
//	m.Store("a", doc)
//
// The check reads one function at a time. It reports an assignment only if a use
// of the same container has certainly come before it.
package latesetting
