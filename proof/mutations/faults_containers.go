package main

func init() { faults = append(faults, containerFaults...) }

// containerFaults are those that strangers' tests found in the containers, and their
// like.
var containerFaults = []fault{
	{
		name:  "a loop looks at slots that have been filled since it came to their segment",
		edits: []edit{{"internal/table/iterate.go", `m := &s.groups[i], notes[i]`, `m := &s.groups[i], s.groups[i].full(s.groups[i].ctrl.Load())`}},
		tests: []string{"./internal/table TestIterateRemovedAndAdded|TestIterateSharedGroups"},
	},
	{
		name:  "a loop looks at the overflow groups as they are when it comes to them",
		edits: []edit{{"internal/table/iterate.go", `for m := o.filled; m`, `for m := o.group.full(o.group.ctrl.Load()); m`}},
		tests: []string{"./internal/table TestIterateOverflow"},
	},
	{
		name: "a loop begins with a segment that has been merged, and whose groups are in use elsewhere",
		edits: []edit{{"internal/table/iterate.go", `	if s.retired.Load() {
		return true // what`, `	if false {
		return true // what`}},
		tests: []string{"./internal/table TestIterateBeginsInRetiredSegment"},
	},
	{
		name: "the hash of an entry is computed of a handle that is loaded again",
		edits: []edit{{"addrtable.go", `func(_ *table.Slot[S], ref handle.H) (hash uint64, live bool) {
		addr := handle.Addr[S](ref)`, `func(slot *table.Slot[S], _ handle.H) (hash uint64, live bool) {
		addr := handle.Addr[S](slot.Ref())`}},
		tests: []string{". TestIterateWhileEntryGoes"},
	},
	{
		name: "a deleted value comes back when its key is assigned what it was",
		edits: []edit{{"slots.go", `		atomic.StorePointer(&n.value, nil)
`, ``}},
		tests: []string{". TestSlotsAssignedBack"},
	},
	{
		name: "an object with Slots keeps its values through its death",
		edits: []edit{
			{"slots.go", `	life  handle.H                  // of the key: zero after its death, though it be brought back
`, `	life  unsafe.Pointer
`},
			{"slots.go", `	n := &slotValue{owner: owner, life: life, value: value}`, `	n := &slotValue{owner: owner, life: unsafe.Add(unsafe.Pointer(s), -int(owner.offset)), value: value}`},
			{"slots.go", `handle.Addr[byte](n.life) != uintptr(key)`, `n.life != key`},
			{"slots.go", `return handle.Addr[byte](n.life) ==`, `return uintptr(n.life) ==`},
		},
		tests: []string{". TestSlotsDead|TestKeyMapResurrectedKey"},
	},
	{
		name: "the entry of an object that has been overwritten cannot be deleted",
		edits: []edit{{"keystate.go", `	if was != nil {
		var change bool
`, `	if was == nil {
		return
	}
	{
		var change bool
`}},
		tests: []string{". TestSlotsOverwritten"},
	},
	{
		name: "KeyMap.Compute overwrites what was stored meanwhile",
		edits: []edit{{"keystate.go", `			if replaced = is == was; !replaced {
				return nil
			}
			return now`, `			replaced = true
			return now`}},
		tests: []string{". TestKeyMapComputeAgain|TestComputeCounts"},
	},
	{
		name: "KeyMap.Compute deletes what was stored meanwhile",
		edits: []edit{{"keystate.go", `		replaced = is == was
		return nil, replaced`, `		replaced = true
		return nil, replaced`}},
		tests: []string{". TestKeyMapComputeAgain"},
	},
	{
		name: "ValueMap.Compute overwrites what was stored meanwhile",
		edits: []edit{{"valuemap.go", `		return m.CompareAndSwap(key, old, new)`, `		m.Store(key, new)
		return true`}},
		tests: []string{". TestComputeAgain|TestComputeCounts"},
	},
	{
		name:  "KeyMap.DeleteFunc deletes a newer value than the function has seen",
		edits: []edit{{"keymap.go", `			return nil, is == p`, `			return nil, true`}},
		tests: []string{". TestDeleteFuncKeepsNewer"},
	},
	{
		name:  "a change of OnCollect after first use is silently ignored",
		edits: []edit{{"valuestate.go", `	if was != is {`, `	if false && was != is {`}},
		tests: []string{". TestFieldsAfterFirstUse"},
	},
	{
		name: "what is begun twice at the same time is watched twice",
		edits: []edit{{"internal/lazy/lazy.go", `	if !v.p.CompareAndSwap(nil, s) {
		return v.p.Load()`, `	if !v.p.CompareAndSwap(nil, s) {
		begun(s)
		return v.p.Load()`}},
		tests: []string{"./internal/lazy TestBegin"},
	},
}
