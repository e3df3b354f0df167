// Package weakdiscard reports weak pointers to an object that nothing else refers to.
//
// A weak pointer does not keep its object. If nothing else does, the object is
// gone after the next collection.
//
// WRONG:
//
//	m[k] = weak.Make(&T{})
//	w := weak.Make(new(T))
//
//	t := &T{}
//	m[k] = weak.Make(t) // and t goes nowhere else
//
//	p = weak.Make(parser.New(src)) // with -weakdiscard.calls
//
// RIGHT:
//
//	t := &T{}
//	m[k] = weak.Make(t)
//	return t
//
// With the flag -weakdiscard.calls, which belongs to the warnings, the result of
// a call counts too, if the function is known to return a new object and to keep
// no pointer to it.
//
// Functions of the checked program and of the weakref module that hold a
// parameter weakly are known: for a ValueMap m of the weakref module m.Store(k,
// &T{}) is reported too. Tests are not checked: they let objects die on purpose.
package weakdiscard
