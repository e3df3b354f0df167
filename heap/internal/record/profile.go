package record

// The memory profile is the largest part of a dump that is rarely asked for, so
// only its place is kept and it is read again when it is.

func (r *reader) readBucket() {
	addr := r.uvarint()
	at := r.pos
	r.skipBucket()
	r.dump.buckets[addr] = at
}

func (r *reader) skipBucket() {
	r.uvarint() // size
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		r.bytes()
		r.bytes()
		r.uvarint()
	}
	r.skipInts(2) // allocations, frees
}

// Allocations returns the stacks, innermost call first, at which the objects at
// the given addresses were allocated, as far as the memory profiler has sampled
// them. A nil stack means that it has not.
func (d *Dump) Allocations(addrs []uint64) [][]Call {
	out := make([][]Call, len(addrs))
	if d.samples == 0 {
		return out
	}
	want := make(map[uint64]int, len(addrs))
	for i, a := range addrs {
		want[a] = i
	}
	for c := (cursor{b: d.raw, pos: d.samples}); c.uvarint() == tagSample && c.err == nil; {
		addr, bucket := c.uvarint(), c.uvarint()
		if i, ok := want[addr]; ok {
			out[i] = d.stack(bucket)
		}
	}
	return out
}

func (d *Dump) stack(bucket uint64) (stack []Call) {
	at, ok := d.buckets[bucket]
	if !ok {
		return nil
	}
	c := cursor{b: d.raw, pos: at}
	c.uvarint() // size
	for n := c.uvarint(); n > 0 && c.err == nil; n-- {
		stack = append(stack, Call{string(c.bytes()), string(c.bytes()), c.int()})
	}
	return stack
}
