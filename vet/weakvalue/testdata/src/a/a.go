package a

import (
	"fmt"
	"runtime"
	"weak"

	"github.com/weakref-go/weakref"
	cache2 "github.com/weakref-go/weakref/cache"
)

type T struct {
	name string
	arr  [4]int
}

func (t *T) do() {}

type cache struct{ m map[string]weak.Pointer[T] }

func (c *cache) Get(k string) (weak.Pointer[T], bool) { w, ok := c.m[k]; return w, ok }

func use(*T) {}

// The bad examples of the specification.

func bad(w weak.Pointer[T], c *cache, k string) (*T, bool) {
	_ = w.Value().name // want `Value returns nil once the object is collected, and its result is used here without a check`
	_ = *w.Value()     // want `used here without a check`
	if wp, ok := c.Get(k); ok && wp.Value() != nil {
		return wp.Value(), true // want `this second call of Value may return nil although the first did not; keep the result of the first: p := wp.Value\(\)`
	}
	return nil, false
}

func badIf(w weak.Pointer[T]) *T {
	if w.Value() != nil {
		return w.Value() // want `this second call of Value may return nil`
	}
	return nil
}

// The good ones.

func good(w weak.Pointer[T], m map[string]weak.Pointer[T], k string) {
	if p := w.Value(); p != nil {
		use(p)
	}
	if w.Value() == nil {
		delete(m, k)
	}
	if m[k].Value() == nil {
		delete(m, k)
	}
	fmt.Println(w.Value() != nil)
}

// More of both.

func uses(w weak.Pointer[T], a weak.Pointer[[4]int], s weak.Pointer[[]int]) {
	w.Value().do()        // want `without a check`
	(w.Value()).do()      // want `without a check`
	_ = a.Value()[2]      // want `without a check`
	_ = a.Value()[:]      // want `without a check`
	for range a.Value() { // want `without a check`
	}
	for range *s.Value() { // want `without a check`
	}
	_ = &w.Value().name // want `without a check`
	use(w.Value())
	p := w.Value()
	p.do() // not followed
}

func conjunction(w weak.Pointer[T]) bool {
	if w.Value() != nil && w.Value().name == "" { // want `this second call of Value`
		return true
	}
	if len("x") > 0 && w.Value() != nil {
		use(w.Value()) // want `this second call of Value`
	}
	if w.Value() != nil || len("x") > 0 {
		use(w.Value())
	}
	return false
}

func early(w weak.Pointer[T]) *T {
	if w.Value() == nil {
		return nil
	}
	return w.Value() // want `this second call of Value`
}

func earlyContinue(ws []weak.Pointer[T]) {
	for _, w := range ws {
		if w.Value() == nil || len(ws) == 3 {
			continue
		}
		w.Value().do() // want `this second call of Value`
	}
}

func otherwise(w weak.Pointer[T]) {
	if w.Value() == nil {
		fmt.Println("dead")
	} else {
		use(w.Value()) // want `this second call of Value`
	}
}

func noReturn(w weak.Pointer[T]) {
	if w.Value() == nil {
		fmt.Println("dead")
	}
	use(w.Value())
}

func checkedAgain(w weak.Pointer[T]) {
	if w.Value() != nil {
		if p := w.Value(); p != nil {
			use(p)
		}
		if w.Value() != nil {
			fmt.Println("alive")
		}
	}
	if w.Value() == nil {
		return
	}
	p := w.Value()
	if p != nil {
		use(p)
	}
}

func other(w, u weak.Pointer[T], ws []weak.Pointer[T], get func() weak.Pointer[T]) {
	if w.Value() != nil {
		use(u.Value())
	}
	if ws[0].Value() != nil {
		use(ws[1].Value())
		use(ws[0].Value()) // want `this second call of Value`
	}
	if get().Value() != nil {
		use(get().Value())
	}
	if w.Value() != nil {
		w = u
		use(w.Value())
	}
	if w.Value() != nil {
		go func() { use(w.Value()) }()
	}
}

// Whoever holds the object himself need not check.
func held() {
	t := &T{}
	w := weak.Make(t)
	w.Value().do()
	runtime.KeepAlive(t)
	w.Value().do() // want `without a check`
}

var global T

func ofGlobal() {
	w := weak.Make(&global)
	w.Value().do()
}

func ours(r weakref.Ref[T], m *weakref.ValueMap[string, T]) {
	r.Value().do() // want `without a check`
	if r.Value() != nil {
		use(r.Value()) // want `this second call`
	}
	v, _ := m.Load("a") // want `Load returns nil once the value is collected, and v is used without a check; use the second result or compare v with nil`
	v.do()
	if _, ok := m.Load("a"); ok {
		v, _ := m.Load("a") // want `v is used without a check`
		v.do()
	}
	if v, ok := m.Load("a"); ok {
		v.do()
	}
	x, _ := m.Load("a")
	if x != nil {
		x.do()
	}
	y, _ := m.Load("a")
	use(y)
}

func cached(c *cache2.Cache[string, T]) {
	v, _ := c.Lookup("a") // want `v is used without a check`
	v.do()
}

func ignored(w weak.Pointer[T]) {
	w.Value().do() //weakvet:ignore weakvalue a test of the directive
}
