package suite

const (
	KeyMap      = "weakref.KeyMap"
	KeyMapSlots = "weakref.KeyMap+Slots"
	WeakMap     = "RWMutex+map[weak.Pointer]"
	WeakSet     = "weakref.Set"
)

func keyKind[T any]() kind[*T, int] {
	return kind[*T, int]{
		keys:   func(_, n int) []*T { return many[T](n) },
		query:  same[*T],
		value:  func() int { return 1 << 20 },
		values: func(n int) []int { return numbers(1<<20, n) },
	}
}

func keySets(scale Scale) []Set {
	slots := []impl[*slotted, int]{
		{KeyMapSlots, func() subject[*slotted, int] { return new(keyed[slotted]) }},
	}
	fields := []impl[*pointing, int]{{FieldFloor, func() subject[*pointing, int] { return field{} }}}
	maps := []impl[*object, int]{
		{KeyMap, func() subject[*object, int] { return new(keyed[object]) }},
		{WeakMap, func() subject[*object, int] { return newWeakKeys[int]() }},
		{StrongXsync, newXsync[*object, int]},
		{StrongSync, func() subject[*object, int] { return new(syncMap[*object, int]) }},
	}
	members := []impl[*object, int]{
		{WeakSet, func() subject[*object, int] { return new(member) }},
		{WeakMap, func() subject[*object, int] { return weakSet{newWeakKeys[struct{}]()} }},
		{StrongXsync, func() subject[*object, int] { return strongSet{newXsync[*object, struct{}]()} }},
	}
	var sets []Set
	for _, n := range sizes {
		sets = append(sets, slow(fixtureSets(scale, "Keys", "", n, keyKind[object](), maps), n > 131_072)...)
		sets = append(sets, slow(fixtureSets(scale, "Keys", "", n, keyKind[slotted](), slots), n > 131_072)...)
		sets = append(sets, slow(fixtureSets(scale, "Keys", "", n, keyKind[pointing](), fields, "store", "hit", "miss"), n > 131_072)...)
	}
	for _, n := range sizes {
		list := fixtureSets(scale, "Sets", "", n, keyKind[object](), members, "store", "hit", "miss", "iterate", "collect")
		floor := []impl[*object, int]{{Floor, func() subject[*object, int] { return newBareSet(scale.of(n)) }}}
		list = append(list, fixtureSets(scale, "Sets", "", n, keyKind[object](), floor, "store")...)
		sets = append(sets, slow(list, n != 131_072)...)
	}
	return sets
}
