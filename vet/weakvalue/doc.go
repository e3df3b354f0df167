// Package weakvalue reports weak pointers whose value is used without a check, or asked for twice.
//
// Value returns nil once the object has been collected, and a collection can
// come at any moment: between two calls too. Ask once, keep the answer, check
// it.
//
// WRONG:
//
//	w.Value().Do()
//	x := *w.Value()
//
//	if w.Value() != nil {
//		return w.Value() // may be nil
//	}
//
//	if w.Value() == nil {
//		return nil
//	}
//	use(w.Value()) // may be nil
//
//	v, _ := m.Load(key) // m is a ValueMap of the weakref module
//	v.Do()
//
// RIGHT:
//
//	if p := w.Value(); p != nil {
//		p.Do()
//	}
//
//	if w.Value() == nil {
//		delete(m, key)
//	}
//
// It is silent where the function made the weak pointer itself and uses the
// strong one afterwards.
//
// The fix asks once, in the if statement. It is offered where nothing in
// between can change the weak pointer.
package weakvalue
