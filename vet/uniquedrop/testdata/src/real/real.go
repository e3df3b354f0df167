// Package real holds bugs found in published code, rewritten in minimal form.
package real

import "unique"

// Labels of a metadata object, interned while decoding (found in eight
// projects).
type meta struct {
	name   string
	labels map[string]string
}

func intern(m *meta) {
	m.name = unique.Make(m.name).Value() // want `the handle is dropped`
	for k, v := range m.labels {
		delete(m.labels, k)
		m.labels[unique.Make(k).Value()] = unique.Make(v).Value() // want `the handle is dropped` `the handle is dropped`
	}
}

// A counter behind a handle.
type sample struct{ at unique.Handle[uint64] }

func newSample(at uint64) sample {
	return sample{unique.Make(at)} // want `handles of uint64`
}
