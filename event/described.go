package event

import (
	"reflect"

	"github.com/weakref-go/weakref/internal/described"
)

// Describe is what the bus says of itself to package inspect, which alone calls it.
func (c *core[E]) Describe() described.Container {
	typ := reflect.TypeFor[Bus[E]]().String()
	st := c.stats(c.name)
	if st.Name == typ {
		st.Name = "" // the user has set none
	}
	return described.Container{Kind: "Bus", Name: st.Name, Type: typ, Len: st.Len, Capacity: st.Capacity, Stats: st}
}
