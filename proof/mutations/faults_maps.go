package main

var mapFaults = []fault{
	{
		name: "ValueMap.CompareAndDelete does not compare",
		edits: []edit{{"valuemap.go", `	if !holds(slot, old) {
		return false
	}
	l.Remove(slot)`, `	if slot == nil || slot.Ref() == nil {
		return false
	}
	l.Remove(slot)`}},
		tests: []string{". TestValueMap"},
	},
	{
		name: "ValueMap.CompareAndSwap does not compare",
		edits: []edit{{"valuemap.go", `	if !holds(slot, old) {
		return false
	}
	l.Set(slot, ref)`, `	if slot == nil || slot.Ref() == nil {
		return false
	}
	l.Set(slot, ref)`}},
		tests: []string{". TestValueMap"},
	},
	{
		name: "ValueMap.Store keeps the value until the next",
		edits: []edit{
			{"valuestate.go", "	onCollect unsafe.Pointer // which", "	newest *V\n\n	onCollect unsafe.Pointer // which"},
			{"valuemap.go", `	s.put(key, handle.Of(v))
	runtime.KeepAlive(v)
`, `	s.put(key, handle.Of(v))
	s.newest = v
`},
		},
		tests: []string{". TestReplacementIsWeak"},
	},
	{
		name: "ValueMap.LoadOrStore does not look again under the lock",
		edits: []edit{{"valuemap.go", `	if actual = s.strong(l, slot); actual != nil {
		return actual, true
	}
	l.Set(slot, ref)
	return v, false`, `	l.Set(slot, ref)
	return v, false`}},
		tests: []string{". TestStoreRace", "./proof/conformance TestDefectTwo"},
	},
	{
		name: "ValueMap.Load returns a value without checking that it is alive",
		edits: []edit{{"valuemap.go", `	if v == nil {
		return s.loadAgain(hash, key)
	}
	return v, true`, `	return v, true`}},
		tests: []string{". TestValueMapModel", "./proof/conformance TestDefect"},
	},
	{
		name:  "ValueMap.Load takes a dead value for no entry, although it has been replaced meanwhile",
		edits: []edit{{"valuemap.go", `return s.loadAgain(hash, key)`, `return nil, false`}},
		tests: []string{"./proof/conformance TestDefectLoad", "./proof/linear"},
	},
	{
		name: "ValueMap.Load does not remove the dead entry it comes upon",
		edits: []edit{{"valuestate.go", `			s.table.TryBury(view, hash, slot)
`, ``}},
		tests: []string{". TestValueMapContact"},
	},
	{
		name: "ValueMap.Store over a dead value forgets to report the death",
		edits: []edit{{"valuestate.go", `	if slot.IsDead() {
		l.Bury(slot)
	}
	l.Set(slot, ref)`, `	l.Set(slot, ref)`}},
		tests: []string{". TestValueMapModel"},
	},
	{
		name: "ValueMap.All yields values of slots that have been moved elsewhere as they were",
		edits: []edit{{"valuemap.go", `	if stale {
		return m.Load(slot.Side)
	}
`, ``}},
		tests: []string{". TestValueMapIterator"},
	},
	{
		name:  "a blocked OnCollect keeps the map alive",
		edits: []edit{{"valuestate.go", `Call: m.OnCollect, What`, `Call: func(k K) { m.OnCollect(k) }, What`}},
		tests: []string{". TestValueMapBlockedOnCollect"},
	},
	{
		name: "ValueMap is not watched by the collector's clock",
		edits: []edit{{"valuestate.go", `		gcclock.Watch(s, (*valueState[K, V]).sweep)
`, `		_ = gcclock.Watch[valueState[K, V]]
`}},
		tests: []string{". TestValueMapEntriesLeave|TestValueMapOnCollect"},
	},
	{
		name: "KeyMap takes a new object for a dead one that was at the same address",
		edits: []edit{
			{"addrtable.go", `	table table.Table[S]
}`, `	table table.Table[S]
	byAddr sync.Map
}`},
			{"addrtable.go", `import (
`, `import (
	"sync"
`},
			{"addrtable.go", `	slot := table.FindAddr(t.table.Read(hash), hash, addr)
	runtime.KeepAlive(key)
	return slot
}

// lock`, `	slot := table.FindAddr(t.table.Read(hash), hash, addr)
	if slot != nil {
		t.byAddr.Store(addr, slot)
	} else if known, ok := t.byAddr.Load(addr); ok && known.(*table.Slot[S]).Ref() != nil {
		slot = known.(*table.Slot[S])
	}
	runtime.KeepAlive(key)
	return slot
}

// lock`},
		},
		tests: []string{". TestKeyMapAddressUsedAgain"},
	},
	{
		name:  "KeyMap keeps the value of a dead key until its slot is used again",
		edits: []edit{{"keystate.go", `func(b *beside[V]) { b.store(nil) }`, `func(b *beside[V]) {}`}},
		tests: []string{"."},
	},
	{
		name: "KeyMap.Delete keeps the value until its slot is used again",
		edits: []edit{{"keystate.go", `		slot.Side.store(nil)
`, ``}},
		tests: []string{". TestKeyMapReleasesValues"},
	},
	{
		name: "KeyMap with Slots leaves its values on the keys when it dies",
		edits: []edit{{"keystate.go", `		runtime.AddCleanup(end, (*onKeys[K, V]).dropLater, s.onKeys)
`, ``}},
		tests: []string{". TestKeyMapIsCollectable"},
	},
	{
		name:  "a copy of an object with Slots has the values of the original",
		edits: []edit{{"slots.go", `n == nil || handle.Addr[byte](n.life) != uintptr(key)`, `n == nil`}},
		tests: []string{"."},
	},
	{
		name:  "a handle is not asked whether its target has died since it was listed",
		edits: []edit{{"addrtable.go", `		if key := handle.Strong[K](ref); key != nil && !yield(key) {`, `		if key := handle.Strong[K](ref); !yield(key) {`}},
		tests: []string{"."},
	},
	{
		name: "Set.Add does not look again under the lock",
		edits: []edit{{"set.go", `	if slot != nil {
		return false
	}
	l.Insert`, `	_ = slot
	l.Insert`}},
		tests: []string{". TestStoreRace|TestSet"},
	},
	{
		name: "Set.Pop returns an element that somebody else has removed",
		edits: []edit{{"set.go", `		if s.Delete(p) {
			return p, true
		}`, `		s.Delete(p)
		return p, true`}},
		tests: []string{". TestSetPopRace"},
	},
	{
		name: "KeyMap.LoadOrStore does not look again under the lock",
		edits: []edit{{"keymap.go", `		if old != nil {
			actual, loaded = *old, true
			return nil
		}
		actual = value`, `		actual = value`}},
		tests: []string{". TestStoreRace"},
	},
	{
		name: "Interner.Intern does not look again under the lock",
		edits: []edit{{"interner.go", `	if found := s.find(l.View(), hash, v); found != nil {
		return found
	}
	l.Insert`, `	l.Insert`}},
		tests: []string{". TestIntern"},
	},
	{
		name: "Interner returns a copy that is dead",
		edits: []edit{{"interner.go", `		if p == nil || *p != v {
			return false
		}
		found = p`, `		if p != nil && *p != v {
			return false
		}
		found = p
		if p == nil {
			found = &v
		}`}},
		tests: []string{". TestIntern"},
	},
	{
		name: "Interner keeps the large string of which it was given a piece",
		edits: []edit{{"interner.go", `	s = strings.Clone(s)
	return &s`, `	return &s`}, {"interner.go", `	"strings"
`, ``}},
		tests: []string{". TestIntern"},
	},
	{
		name: "InternerFunc.Intern stores although an unseen value with that hash was added",
		edits: []edit{{"internerfunc.go", `	if unseen != nil {
		return false
	}`, `	_ = unseen`}},
		tests: []string{". TestIntern"},
	},
	{
		name: "Func.Call says that it has called a dead receiver",
		edits: []edit{{"func.go", `	if owner == nil {
		return false
	}
	b.fn()`, `	if owner == nil {
		return true
	}
	b.fn()`}},
		tests: []string{". TestFunc"},
	},
	{
		name: "a finalizer stays pending after it has been called",
		edits: []edit{{"pending.go", `	f.run = nil
	p.chainOf`, `	p.chainOf`}},
		tests: []string{". TestFinalize", "./proof/conformance TestCPython_Finalize"},
	},
	{
		name:  "the finalizers of an object are called in the wrong order",
		edits: []edit{{"pending.go", `			list = append(list, f)`, `			list = append([]*Finalizer{f}, list...)`}},
		tests: []string{". TestFinalize", "./proof/conformance TestCPython_Finalize"},
	},
	{
		name:  "Shutdown does not wait for finalizers that others run",
		edits: []edit{{"finalizer.go", `	callback.Here(&pending, func() { f.log(run()) })`, `	f.log(run())`}},
		tests: []string{". Finalize|Shutdown"},
	},
	{
		name: "Queue forgets how many events it has dropped",
		edits: []edit{{"queue.go", `		q.lost++
`, ``}},
		tests: []string{". TestQueue"},
		args:  []string{"-timeout=20s"},
	},
	{
		name: "Queue does not wake the one who waits",
		edits: []edit{{"queue.go", `	q.filled.Signal()
`, ``}},
		tests: []string{". TestQueue"},
		args:  []string{"-timeout=20s"},
	},
}

var tableFaults = []fault{
	{
		name: "a slot has its side value last, so that sets have a word more for each",
		edits: []edit{{"internal/table/group.go", `	Side S        // written before the tag; see the package comment
	ref  handle.H // atomic; nil once removed
`, `	ref  handle.H // atomic; nil once removed
	Side S        // written before the tag; see the package comment
`}},
		tests: []string{"./internal/table TestLayout"},
	},
	{
		name: "a writer does not check that its segment is still in use",
		edits: []edit{{"internal/table/table.go", `		if !s.retired.Load() {
			return Locked[S]{t, s, hash}
		}
		s.mu.Unlock()`, `		return Locked[S]{t, s, hash}`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "merging two segments loses the entries of one",
		edits: []edit{{"internal/table/resize.go", `		t.copy(b, add)
`, ``}},
		tests: []string{"./internal/table"},
	},
	{
		name:  "splitting a segment puts entries into the wrong half",
		edits: []edit{{"internal/table/resize.go", `		if hash&bit == 0 {`, `		if hash&bit != 0 {`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "an entry that makes the segment grow is lost",
		edits: []edit{{"internal/table/resize.go", `		if p.owns(hash) {
			p.add(hash, e)
		}`, `		_ = p`}},
		tests: []string{"./internal/table"},
	},
	{
		name:  "a reader removes the entry it found dead without looking again",
		edits: []edit{{"internal/table/table.go", `&s.groups[0] == v.first && slot.IsDead() {`, `&s.groups[0] == v.first {`}},
		tests: []string{"./internal/table"},
	},
	{
		name:  "a reader removes an entry of a segment that has been replaced",
		edits: []edit{{"internal/table/table.go", `!s.retired.Load() && &s.groups[0] == v.first && slot.IsDead()`, `!s.retired.Load() && slot.IsDead()`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "a sweep skips what a segment has been replaced by",
		edits: []edit{{"internal/table/sweep.go", `		for _, s := range t.covering(s.prefix, s.end()) {
			n += t.sweep(s)
		}
		return n`, `		return n`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "a sweep removes an entry whose slot has got a live value meanwhile",
		edits: []edit{{"internal/table/sweep.go", `		if slot := g.slot(m); slot.IsDead() {
			t.bury(s, slot)
			n++
		}`, `		t.bury(s, g.slot(m))
		n++`}},
		tests: []string{"./internal/table"},
	},
	{
		name:  "iteration yields entries of merged segments twice",
		edits: []edit{{"internal/table/iterate.go", `return live && hash >= from`, `return live`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "Clear leaves segments in use that are no longer in the table",
		edits: []edit{{"internal/table/table.go", `		s.retired.Store(true)
		t.count.Add(-int64(s.live))`, `		t.count.Add(-int64(s.live))`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "an entry that needs room in a table that is being cleared is lost, and the segment stays in use",
		edits: []edit{{"internal/table/resize.go", `		t.count.Add(-1)
		s.retired.Store(true)
`, `		t.count.Add(-1)
`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "the table does not shrink",
		edits: []edit{{"internal/table/sweep.go", `	t.shrink()
`, ``}},
		tests: []string{"./internal/table"},
	},
	{
		name: "the slots of removed entries are not given back",
		edits: []edit{{"internal/table/sweep.go", `	for _, s := range t.segments {
		t.tidy(s)
	}
`, ``}},
		tests: []string{"./internal/table"},
	},
	{
		name: "an entry found dead while its segment is copied is not reported",
		edits: []edit{{"internal/table/resize.go", `			t.buryOne(s, slot)
`, `			t.remove(s, slot)
`}},
		tests: []string{"./internal/table", ". TestKeyMapDeath"},
	},
	{
		name:  "a handle of a dead target is given its address",
		edits: []edit{{"internal/table/group.go", `	return ref != nil && handle.Addr[S](ref) == 0`, `	return ref != nil && handle.Addr[S](ref) == 1`}},
		tests: []string{"./internal/table"},
	},
	{
		name: "Cycles walks the way into a cycle once for each key on it",
		edits: []edit{{"cycles.go", `	g.trim()
`, ``}, {"cycles.go", `return component[from] != component[e.to]`, `return false && component[from] != component[e.to]`}},
		tests: []string{". TestTrim"},
	},
}
