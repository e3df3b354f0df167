// Package uintptrkey reports maps keyed by the address of an object that has a cleanup.
//
// An address says which object it is only while the object lives. The runtime
// uses it again for the next object, which then finds the entry of the dead one
// if the cleanup has not run yet, and loses its own when it does.
//
// WRONG:
//
//	key := uintptr(unsafe.Pointer(p))
//	m[key] = meta
//	runtime.AddCleanup(p, func(key uintptr) { delete(m, key) }, key)
//
//	m.Store(reflect.ValueOf(p).Pointer(), meta) // m is a sync.Map
//
// RIGHT:
//
//	key := weak.Make(p) // equal for the same object, never for another
//	m[key] = meta
//	runtime.AddCleanup(p, func(key weak.Pointer[T]) { delete(m, key) }, key)
//
// Not reported, except with the flag -uintptrkey.guarded, which is opt-in, are
// functions that guard against it: with a finalizer, which runs before the
// address is free, or with a weak pointer to the object beside the address. A
// weak.Pointer as the key needs no guard.
//
// Reported are address keys in the function that registers the cleanup or
// finalizer, taken there or by a function of the package that returns the
// address of its parameter.
package uintptrkey
