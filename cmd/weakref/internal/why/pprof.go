package why

import (
	"io"

	"github.com/google/pprof/profile"

	"github.com/weakref-go/weakref/heap"
)

// writeProfile writes what is retained as a profile. Its stacks are the chains of
// holders, so that the inclusive value of an entry is what it retains.
func (v *view) writeProfile(w io.Writer) error {
	b := builder{
		Profile: &profile.Profile{
			SampleType: []*profile.ValueType{
				{Type: "retained_objects", Unit: "count"},
				{Type: "retained_space", Unit: "bytes"},
			},
			DefaultSampleType: "retained_space",
		},
		locations: map[string]*profile.Location{},
	}
	for _, c := range v.Dominators().Chains() {
		b.add(c)
	}
	if err := b.CheckValid(); err != nil {
		return err
	}
	return b.Write(w) // compressed
}

type builder struct {
	*profile.Profile
	locations map[string]*profile.Location
}

func (b *builder) add(c heap.Chain) {
	s := &profile.Sample{Value: []int64{int64(c.Objects), int64(c.Bytes)}}
	for i := len(c.Holders) - 1; i >= 0; i-- { // innermost first
		s.Location = append(s.Location, b.location(c.Holders[i]))
	}
	b.Sample = append(b.Sample, s)
}

// location is a place of its own for each holder.
func (b *builder) location(name string) *profile.Location {
	if l := b.locations[name]; l != nil {
		return l
	}
	id := uint64(len(b.locations) + 1)
	// Without a SystemName pprof leaves the name as it is: it would drop the
	// parentheses.
	f := &profile.Function{ID: id, Name: name}
	l := &profile.Location{ID: id, Line: []profile.Line{{Function: f}}}
	b.Function = append(b.Function, f)
	b.Location = append(b.Location, l)
	b.locations[name] = l
	return l
}
