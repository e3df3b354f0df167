// Package cleanuplocal reports weak pointers, cleanups and finalizers on a local variable that nothing keeps.
//
// A weak pointer to a parameter or a local variable refers to that variable, not
// to the value that was copied into it. If the variable's address goes nowhere
// else, it dies with the call: the weak pointer is nil after the next collection
// and the cleanup runs while the value is in use.
//
// WRONG:
//
//	func (c *Cache) Set(k K, v V) { c.m[k] = weak.Make(&v) } // v is a copy
//
//	t := &T{}
//	runtime.AddCleanup(&t, release, fd) // the variable t, not what it points to
//
//	b := pool[i:j]
//	runtime.AddCleanup(&b, put, i) // the slice header b
//	return b
//
//	w := weak.Make(v)
//	runtime.AddCleanup(&w, remove, k) // the weak pointer, not v
//
// RIGHT:
//
//	func (c *Cache) Set(k K, v *V) { c.m[k] = weak.Make(v) }
//
//	v := new(V)
//	*v = x
//	c.m[k] = weak.Make(v)
//	return v
//
//	var d Device
//	runtime.AddCleanup(&d, release, fd)
//	return &d
//
// Functions of the checked program and of the weakref module that hold a
// parameter weakly are known. Tests are not checked: they do this on purpose.
package cleanuplocal
