// Package debug shows in a browser what package inspect lists: the containers of a running
// service and how they grow, its buses, its open handles by where they were made, and what
// leaks by the way in which it is held.
//
//	h := debug.Handler(debug.Options{Sampler: &sampler})
//	mux.Handle("/debug/weakref", requireAdmin(h)) // wherever you like
//
// The handler listens nowhere, registers nothing, and starts no goroutine. Put your own
// authentication in front of it: it has none. Types, names of containers and the places
// where handles were made tell much of a program.
//
// # What is guaranteed
//
// A GET only reads, and shows no key, value or memory of the program, but for keys that
// [Options].Key has made text of. Of the path to what leaks it shows what all of its kind
// have in common (heap.Path.Signature). What does more is an [Action]: it needs a POST, and is
// refused unless Options allows it. A POST that a browser sends from another site is
// refused ([http.CrossOriginProtection]). That is no authentication: a program that
// is not a browser can send what it likes.
//
// Pages have no scripts and load nothing. They forbid framing and caching, and their
// content security policy allows nothing but their own style sheet. All links are
// relative queries, so that the handler works under any path.
//
// # Parameters
//
// The page is ?page=containers (the default), buses, handles or leaks; ?id=N is a container.
// ?seconds=N waits so long, 60 at most, and shows what has changed meanwhile.
// ?format=json gives all of it as JSON; without further parameters, that is an
// [inspect.Snapshot]. What is wrong is told as a page, or as JSON with an "error".
//
// # What it costs
//
// Nothing until a page is asked for; that lists all containers, some 0.3 microseconds
// each, and shows the first 200.
//
// There is no function for package expvar, because importing that serves /debug/vars on
// the default mux. If you have it, this is all it takes:
//
//	expvar.Publish("weakref", expvar.Func(func() any { return inspect.Take() }))
package debug
