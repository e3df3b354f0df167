package record

func (r *reader) readGoroutine() {
	g := Goroutine{Addr: r.uvarint()}
	r.uvarint() // sp
	g.ID, g.CreatedBy, g.Status = r.uvarint(), r.uvarint(), r.uvarint()
	g.System = r.bool()
	r.uvarint() // unused
	g.WaitSince, g.WaitReason = r.uvarint(), r.string()
	g.Context, g.M = r.uvarint(), r.uvarint()
	r.skipInts(2) // the first defer and panic record, which follow
	r.dump.Goroutines = append(r.dump.Goroutines, g)
}

// goroutine returns the goroutine that the current record belongs to.
func (r *reader) goroutine() *Goroutine {
	n := len(r.dump.Goroutines)
	if n == 0 {
		r.fail("it belongs to no goroutine")
		return new(Goroutine)
	}
	return &r.dump.Goroutines[n-1]
}

func (r *reader) readFrame() {
	f := Frame{SP: r.uvarint()}
	r.skipInts(2) // depth, child's sp
	f.Contents = r.bytes()
	f.Entry, f.PC = r.uvarint(), r.uvarint()
	r.uvarint() // where it goes on after a panic
	f.Func = r.string()
	f.Pointers = r.list(none) // some lie outside: the arguments of a call in progress
	g := r.goroutine()
	g.Frames = append(g.Frames, f)
}

func (r *reader) readDefer() {
	r.skipInts(4) // record, g, sp, pc of the defer statement
	d := Defer{Func: r.uvarint(), PC: r.uvarint()}
	r.uvarint() // next
	g := r.goroutine()
	g.Defers = append(g.Defers, d)
}

func (r *reader) readPanic() {
	r.skipInts(2) // record, g
	p := Panic{Type: r.uvarint(), Data: r.uvarint()}
	r.skipInts(2) // unused, next
	g := r.goroutine()
	g.Panics = append(g.Panics, p)
}
