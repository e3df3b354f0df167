package b

import "real"

func fromOutside(b *real.Bus) func() {
	b.Subscribe("a", func(string) {}) // want `the result of Subscribe is dropped`
	return b.Subscribe("a", func(string) {})
}
