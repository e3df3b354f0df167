package b

import "weaksubscribe/real"

func fromOutside(b *real.Bus) func() {
	b.Subscribe("a", func(string) {}) // want `the result of Subscribe is dropped`
	return b.Subscribe("a", func(string) {})
}

type obj struct{ n int }

func (o *obj) onX() {}

func lost(em *real.EventManager, o *obj) {
	em.AddListener(o.onX) // want `AddListener keeps only a weak pointer to its own copy of the function`
}
