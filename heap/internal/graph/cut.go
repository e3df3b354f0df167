package graph

// Cuts tells, for each reference of a path, whether it is the only way: whether
// cutting it would free the object at the end of the path. Stale words do not
// count as ways, unless the path itself begins at one.
//
// It goes along the path and explores what can be reached without its remaining
// part. Where that leads back to the path further ahead, everything in between
// can be bypassed. Each object is visited once.
func (s *Search) Cuts(path []Step) []bool {
	e := explorer{Search: s, path: path, place: make(map[ID]int, len(path)), seen: newBitset(s.Heap.Len())}
	for i, step := range path {
		e.place[step.To] = i + 1
	}
	only := make([]bool, len(path))
	e.roots()
	for at := 0; at < len(path); {
		if e.far > at { // a way around path[at]
			at++
			e.leave(at)
			continue
		}
		only[at] = true
		at++
		e.far = at
		e.leave(at)
	}
	return only
}

// explorer explores from the front of a path. Place 0 is the roots, place i is
// the object that path[i-1] leads to.
type explorer struct {
	*Search
	path  []Step
	place map[ID]int
	seen  bitset
	far   int // the furthest place reached without the reference that leaves the current one
	work  []ID
}

// reach notes that object o can be reached.
func (e *explorer) reach(o ID) {
	if at, ok := e.place[o]; ok {
		e.far = max(e.far, at)
		return
	}
	if e.seen.addNew(o) {
		e.work = append(e.work, o)
	}
}

// roots explores from all roots but the one that the path begins with.
func (e *explorer) roots() {
	first := e.path[0].Root
	for i := range e.Roots {
		r := &e.Roots[i]
		if r != first && (r.holds() || first.Kind >= StaleWord) {
			e.reach(r.To)
		}
	}
	e.explore()
}

// leave explores from the object at a place, but for the one reference that the
// path goes on with.
func (e *explorer) leave(at int) {
	next := None
	if at < len(e.path) {
		next = e.path[at].To
	}
	for _, to := range e.Heap.Edges(e.path[at-1].To) {
		if to == next {
			next = None // further references to it are another way
			continue
		}
		if to != None {
			e.reach(to)
		}
	}
	e.explore()
}

func (e *explorer) explore() {
	for len(e.work) > 0 {
		from := e.work[len(e.work)-1]
		e.work = e.work[:len(e.work)-1]
		for _, to := range e.Heap.Edges(from) {
			if to != None {
				e.reach(to)
			}
		}
	}
}
