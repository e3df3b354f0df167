// Package uniquedrop reports handles of package unique that are dropped at once or save nothing.
//
// The canonical copy of a value lives as long as some handle to it does. If only
// the value is kept, the next collection may drop the copy, and the next call of
// unique.Make stores another one: two equal strings, two backing arrays.
//
// WRONG:
//
//	func Intern(s string) string { return unique.Make(s).Value() }
//
//	h := unique.Make(s)
//	return h.Value()
//
//	id := unique.Make(42) // comparing handles costs as much as comparing ints
//
//	unique.Make(string(body)) // with -uniquedrop.input: large and rarely equal
//
// RIGHT:
//
//	type Label struct{ name unique.Handle[string] }
//	l := Label{unique.Make(s)}
//
// Dropping the handle can be meant: it shares what is equal between two
// collections, as when decoding in a burst. Say so in a //weakvet:ignore
// comment. Tests are not checked.
//
// With the flag -uniquedrop.input, which is opt-in, a handle on the whole of a
// function's []byte parameter is reported too.
package uniquedrop
