package cache

import (
	"testing"
	"unsafe"
)

// TestSizes checks that what a miss and an empty cache allocate does not cross into
// another of the allocator's size classes without anyone noticing.
func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("not a machine with words of 64 bits")
	}
	type (
		b = batch[int, int]
		c = core[int, int]
		e = entry[int, int]
	)
	for what, size := range map[string][2]uintptr{
		"a load":             {unsafe.Sizeof(b{}), 208},
		"a run":              {unsafe.Sizeof(run{}), 48},
		"an entry":           {unsafe.Sizeof(e{}), 24},
		"an entry with time": {unsafe.Sizeof(timed[int, int]{}), 80},
		"a cache":            {unsafe.Sizeof(c{}), 2304},
	} {
		if size[0] > size[1] {
			t.Errorf("%s takes %d bytes, more than %d", what, size[0], size[1])
		}
	}
}
