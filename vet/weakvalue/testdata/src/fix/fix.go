package fix

import "weak"

type T struct{ name string }

type holder struct{ w weak.Pointer[T] }

func use(*T)     {}
func log(string) {}

func plain(w weak.Pointer[T]) *T {
	if w.Value() != nil {
		return w.Value() // want `this second call`
	}
	return nil
}

func conjunction(w weak.Pointer[T], p string) {
	if w.Value() != nil && w.Value().name == p { // want `this second call`
		use(w.Value()) // want `this second call`
	}
}

func otherwise(w weak.Pointer[T]) {
	if w.Value() == nil {
		log("dead")
	} else {
		use(w.Value()) // want `this second call`
	}
}

func field(h *holder) *T {
	if h.w.Value() != nil {
		return h.w.Value() // want `this second call`
	}
	return nil
}

// What follows is left alone: the weak pointer could change on the way.

func fieldAfterCall(h *holder) *T {
	if h.w.Value() != nil {
		log("alive")
		return h.w.Value() // want `this second call`
	}
	return nil
}

func changed(w weak.Pointer[T], u *T) {
	change := func() { w = weak.Make(u) }
	if w.Value() != nil {
		change()
		use(w.Value()) // want `this second call`
	}
}

func notFirst(h *holder) *T {
	if h != nil && h.w.Value() != nil {
		return h.w.Value() // want `this second call`
	}
	return nil
}

func initialized(m map[string]weak.Pointer[T]) *T {
	if w, ok := m[""]; ok && w.Value() != nil {
		return w.Value() // want `this second call`
	}
	return nil
}

func early(w weak.Pointer[T]) *T {
	if w.Value() == nil {
		return nil
	}
	return w.Value() // want `this second call`
}
