package graph

// Between returns a shortest path of references from one object to another, or nil. It
// looks at no more than max objects on the way.
func (h *Heap) Between(from, to ID, max int) []Step {
	by := map[ID]ID{from: None}
	for queue := []ID{from}; len(queue) > 0 && len(by) <= max; queue = queue[1:] {
		for _, o := range h.Edges(queue[0]) {
			if o == None {
				continue
			}
			if _, seen := by[o]; seen {
				continue
			}
			by[o] = queue[0]
			if o == to {
				return h.steps(by, to)
			}
			queue = append(queue, o)
		}
	}
	return nil
}

// steps follows by back from an object.
func (h *Heap) steps(by map[ID]ID, o ID) (path []Step) {
	for by[o] != None {
		path = append(path, h.Step(by[o], o))
		o = by[o]
	}
	reverse(path)
	return path
}
