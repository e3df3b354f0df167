package names

import (
	"math"
	"reflect"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
)

// Evidence is what all references together tell of the objects. The path that has
// reached an object may say little of it: a word of a stack of which no variable is
// known, or a pointer to the pool that is one of its fields. Another reference says
// it all: so the references are asked first, and paths are named afterwards.
//
// Each object has the sight that says most of it. An object of which something
// better is learned is followed once more; there are few such steps for each.
type Evidence struct {
	n *Namer
	s *graph.Search

	of      []uint32 // by object: the number of its sight, 0 if there is none
	sights  []sight
	number  map[sight]uint32
	views   []View // without addresses and lengths
	viewOf  map[View]uint32
	exact   []weight // by view: see exactly
	plans   []*plan  // by view
	statics []static // found and not entered yet
	names   []string // of types, by number of the view and 1
	recent  []recent // by view
	wait    waiting  // objects to follow
}

// recent is the last sight of a view and its number: most are as the one before.
type recent struct {
	sight
	number uint32
}

// sight is how an object is seen.
type sight struct {
	view   uint32
	delta  int32  // where what is seen begins, in the object
	weight weight // how much it says
}

// weight orders sights: by their class, within one by the size of the type, and where that is
// the same, a type comes before its shape, which is all that generic code knows of it.
type weight uint32

const classBits = 28

func (w weight) class() class { return class(w >> classBits) }

// class is how much a reference says of the object that it leads to.
type class uint8

const (
	nothing class = iota
	aLook         // what the object looks like, or the word before an untyped pointer
	aPart         // a typed pointer to a part, or to the first of more than it is the type of
	aWhole        // a typed pointer to the beginning of an object of about that size
	itself        // the object says it: it has a header, or is a record of a goroutine
)

// Gather asks all references of what a search has reached.
func (n *Namer) Gather(s *graph.Search, progress func(float64)) {
	e := &Evidence{
		n: n, s: s, of: make([]uint32, n.Heap.Len()), wait: newWaiting(n.Heap),
		sights: make([]sight, 1), number: map[sight]uint32{}, viewOf: map[View]uint32{},
	}
	n.evidence = e
	e.headers()
	e.records()
	for i := range s.Roots {
		if r := &s.Roots[i]; r.Kind < graph.StaleWord {
			e.root(r)
		}
	}
	e.drain(progress)
	e.enterStatics(progress)
	e.looks()
	e.drain(progress)
	e.wait, e.number, e.recent = waiting{}, nil, nil
}

// known is the best view of an object.
func (n *Namer) known(o graph.ID) (v View, c class) {
	e := n.evidence
	if e == nil {
		v = n.intrinsic(o)
		if v.known() {
			c = aLook
		}
		return v, c
	}
	if e.of[o] == 0 {
		return View{addr: n.Heap.Addr(o)}, nothing
	}
	s := e.sights[e.of[o]]
	v = e.views[s.view]
	v.addr = n.Heap.Addr(o) + uint64(int64(s.delta))
	return v, s.weight.class()
}

// settled is a view of what a reference leads to, completed by what others say of
// the object.
func (n *Namer) settled(v View, o graph.ID) View {
	if v.known() || o == graph.None {
		return v
	}
	if w, _ := n.known(o); w.known() {
		// Where nothing else says what follows, it is shown with its type.
		w.captured = w.form == plain && !w.many
		return w
	}
	return v
}

// typeOf is the name of the type of an object that is seen as v.
func (n *Namer) typeOf(o graph.ID, v View) string {
	if o == graph.None {
		return n.typeText(v)
	}
	if w, c := n.known(o); c >= aWhole || c > nothing && !v.known() {
		return n.typeText(w)
	}
	return n.typeText(v)
}

// typeView is the number of the view that gives an object its type; 0 if there is
// none.
func (e *Evidence) typeView(o graph.ID) uint32 {
	if e == nil || e.of[o] == 0 {
		return 0
	}
	return e.sights[e.of[o]].view + 1
}

// TypeOf is the name of the type of an object, "" if it is not known.
func (n *Namer) TypeOf(o graph.ID) string {
	e := n.evidence
	return e.typeNames()[e.typeView(o)]
}

// typeNames is the names of the types by number of their view and 1.
func (e *Evidence) typeNames() []string {
	for i := len(e.names); i <= len(e.views); i++ {
		name := ""
		if i > 0 {
			name = e.n.typeText(e.views[i-1])
		}
		e.names = append(e.names, name)
	}
	return e.names
}

// headers looks at the objects that begin with their type.
func (e *Evidence) headers() {
	h := e.n.Heap
	h.ForPages(func(p graph.Page, first graph.ID, count int, pointers bool) {
		if !pointers || !e.n.hasHeader(h.SizeIn(p)) {
			return
		}
		for o := first; o < first+graph.ID(count); o++ {
			if len(h.Edges(o)) == 0 || !e.s.Reached(o) {
				continue
			}
			addr := h.AddrIn(p, o)
			v := e.n.headed(addr, h.SizeIn(p))
			if !v.known() {
				continue
			}
			w := weight(itself) << classBits
			if v.form == mapGroups {
				w = weight(aWhole) << classBits // a map's type says more
			}
			e.learn(o, p, e.view(v), int32(v.addr-addr), w)
		}
	})
}

// records enters the runtime's records of goroutines and threads.
func (e *Evidence) records() {
	g, m := e.n.Exe.TypeNamed("runtime.g"), e.n.Exe.TypeNamed("runtime.m")
	for i := range e.n.Heap.Dump.Goroutines {
		r := &e.n.Heap.Dump.Goroutines[i]
		e.record(r.Addr, g)
		e.record(r.M, m)
	}
}

func (e *Evidence) record(addr uint64, t *exe.Type) {
	if o, p := e.n.Heap.Locate(addr); o != graph.None && t != nil {
		e.learn(o, p, e.view(View{typ: t}), int32(addr-e.n.Heap.AddrIn(p, o)), weight(itself)<<classBits)
	}
}

// root enters what a root says.
func (e *Evidence) root(r *graph.Root) {
	o, p := e.n.Heap.Locate(r.Ptr)
	if o == graph.None {
		return
	}
	v, typed := e.n.rootView(r)
	if v.known() {
		e.see(o, p, v, typed)
	}
}

// see enters a view of an object.
func (e *Evidence) see(o graph.ID, p graph.Page, v View, typed bool) {
	id, delta, size := e.view(v), int32(v.addr-e.n.Heap.AddrIn(p, o)), e.n.Heap.SizeIn(p)
	w := e.weigh(id, o, delta, size, v.cap)
	if !typed && w.class() > aLook {
		w = weight(aLook) << classBits
	}
	e.learn(o, p, id, delta, w)
}

// weigh says how much a view says of an object. room is how many bytes a slice has.
func (e *Evidence) weigh(view uint32, o graph.ID, delta int32, size, room uint64) weight {
	v, exact := &e.views[view], e.exact[view]
	atStart := delta == 0 || uint64(delta) == headerSize && e.n.hasHeader(size)
	part := weight(aPart)<<classBits | exact
	switch {
	case delta < 0 || uint64(delta) >= size:
		return 0
	case v.form != plain, v.group != nil:
		if !atStart {
			return part
		}
		return weight(itself)<<classBits - 2 + exact
	case v.typ == nil || v.typ.Size == 0:
		return 0
	case len(e.n.Heap.Edges(o)) == 0 && v.typ.Kind == reflect.String:
		if atStart {
			return part | 2
		}
		return part
	case v.many:
		if atStart && (room == 0 || fits(room+uint64(delta), size)) {
			return weight(aWhole)<<classBits | exact
		}
		return part
	case v.typ.Size+uint64(delta) > size:
		return 0 // it cannot be
	case atStart && fits(v.typ.Size+uint64(delta), size):
		return weight(aWhole)<<classBits | ofSize(v.typ) | exact
	case atStart:
		return part | ofSize(v.typ)
	}
	return part
}

// ofSize is the part of a weight that is for the size of a type.
func ofSize(t *exe.Type) weight { return weight(min(t.Size, 1<<(classBits-1)-1)) << 1 }

// exactly is 1 for a view of a type, and 0 for one of a shape.
func exactly(v View) weight {
	for _, t := range []*exe.Type{v.typ, v.group} {
		if t != nil && strings.Contains(t.Name, shapeMark) {
			return 0
		}
	}
	return 1
}

// learn notes a sight of an object if it says more than what is known, and has the
// object followed then.
func (e *Evidence) learn(o graph.ID, p graph.Page, view uint32, delta int32, w weight) {
	had := e.of[o]
	if w == 0 || had != 0 && e.sights[had].weight >= w {
		return
	}
	e.of[o] = e.sight(sight{view, delta, w})
	if e.n.Heap.HasPointers(p) {
		e.wait.add(o, p)
	}
}

// sight numbers a sight.
func (e *Evidence) sight(s sight) uint32 {
	last := &e.recent[s.view]
	if last.sight == s {
		return last.number
	}
	n, ok := e.number[s]
	if !ok {
		n = uint32(len(e.sights))
		e.sights = append(e.sights, s)
		e.number[s] = n
	}
	*last = recent{s, n}
	return n
}

// view numbers a view.
func (e *Evidence) view(v View) uint32 {
	v.addr, v.cap, v.captured = 0, 0, false
	if v.many {
		v.len = unknownLen
	} else {
		v.len = 0
	}
	id, ok := e.viewOf[v]
	if !ok {
		id = uint32(len(e.views))
		e.viewOf[v] = id
		e.views = append(e.views, v)
		e.plans = append(e.plans, nil)
		e.exact = append(e.exact, exactly(v))
		e.recent = append(e.recent, recent{})
	}
	return id
}

// drain follows what waits.
func (e *Evidence) drain(progress func(float64)) {
	for done := 0; ; done++ {
		f, ok := e.wait.take()
		if !ok {
			return
		}
		e.follow(f)
		if done&(1<<16-1) == 0 {
			progress(min(1, float64(done)/float64(e.n.Heap.Len())))
		}
	}
}

// follow enters what the references of an object say.
func (e *Evidence) follow(f toFollow) {
	h := e.n.Heap
	s := e.sights[e.of[f.object]]
	base := h.AddrIn(f.page, f.object)
	pl := e.plan(s.view)
	h.Visit(f.page, f.object, func(off, ptr uint64, to graph.ID, in graph.Page) {
		a := pl.at(e, int64(off)-int64(s.delta))
		switch a.kind {
		case leadsTo:
			if a.view == noView {
				return
			}
			delta, size := int32(ptr-h.AddrIn(in, to)), h.SizeIn(in)
			e.learn(to, in, a.view, delta, e.weigh(a.view, to, delta, size, 0))
		case outside:
			if v := e.n.beforeIt(base+off, ptr); v.known() {
				e.see(to, in, v, false)
			}
		default:
			v := e.views[s.view]
			v.addr = base + uint64(int64(s.delta))
			if _, next := e.n.Follow(v, f.object, off, ptr); next.known() {
				e.see(to, in, next, true)
			}
		}
	}, func(off, ptr uint64) {
		if n := e.n; n.Exe.Level() >= exe.Symbols && n.inSegments(ptr) {
			e.static(pl, s, f.object, base, off, ptr)
		}
	})
}

// static enters a static temporary that an object leads to: nothing in the segments
// may lead to it any more.
func (e *Evidence) static(pl *plan, s sight, o graph.ID, base, off, ptr uint64) {
	if _, known := e.n.Exe.Global(ptr); known || e.n.static(ptr) != nil {
		return
	}
	a := pl.at(e, int64(off)-int64(s.delta))
	var v View
	switch {
	case a.kind == leadsTo && a.view != noView:
		v = e.views[a.view]
		v.addr = ptr
	case a.kind == asked:
		at := e.views[s.view]
		at.addr = base + uint64(int64(s.delta))
		_, v = e.n.Follow(at, o, off, ptr)
	}
	if v.known() && v.form == plain && v.typ != nil && v.addr == ptr {
		e.statics = append(e.statics, static{addr: ptr, view: v, via: &via{o, off, ptr}})
	}
}

// enterStatics enters the static temporaries that were found, and what they lead to.
func (e *Evidence) enterStatics(progress func(float64)) {
	const rounds = 8
	for range rounds {
		if len(e.statics) == 0 {
			return
		}
		e.n.addStatics(e.statics)
		e.statics = nil
		for i := range e.s.Roots {
			if r := &e.s.Roots[i]; r.Kind == graph.Word && r.Frame == nil {
				e.root(r)
			}
		}
		e.drain(progress)
	}
}

// beforeIt is a view by the word before a pointer, if that is the type of an
// interface.
func (n *Namer) beforeIt(slot, ptr uint64) (v View) {
	if t := n.dynamicType(slot - n.word()); t != nil {
		_, v = n.asserted(t, slot, ptr)
	}
	return v
}

// looks looks at the objects of which nothing has said anything.
func (e *Evidence) looks() {
	h := e.n.Heap
	h.ForPages(func(p graph.Page, first graph.ID, count int, pointers bool) {
		if !pointers {
			return
		}
		for o := first; o < first+graph.ID(count); o++ {
			if e.of[o] != 0 || len(h.Edges(o)) == 0 || !e.s.Reached(o) {
				continue
			}
			if v := e.n.look(h.AddrIn(p, o), h.SizeIn(p)); v.known() {
				e.learn(o, p, e.view(v), int32(v.addr-h.AddrIn(p, o)), weight(aLook)<<classBits)
				continue
			}
			base := h.AddrIn(p, o)
			h.Visit(p, o, func(off, ptr uint64, to graph.ID, in graph.Page) {
				if off == 0 {
					return
				}
				if v := e.n.beforeIt(base+off, ptr); v.known() {
					e.see(to, in, v, false)
				}
			}, func(uint64, uint64) {})
		}
	})
}

// plan is what the words of a view lead to. It is worked out once for each view
// instead of for each object.
type plan struct {
	view   View
	period uint64 // of arrays and of groups of maps: the size of one; 0 otherwise
	size   uint64 // what the view covers, if it is not an array
	words  []action
	word   uint64
}

// action is what a word leads to.
type action struct {
	kind actionKind
	view uint32 // if it is always the same
}

type actionKind uint8

const (
	unplanned actionKind = iota
	leadsTo              // always to what is seen as one view
	outside              // it is not a part of the view
	asked                // it has to be followed to be known
)

const noView = math.MaxUint32

// maxPlan bounds the words of a plan. In larger types words are followed.
const maxPlan = 1 << 12

func (e *Evidence) plan(view uint32) *plan {
	if p := e.plans[view]; p != nil {
		return p
	}
	p := e.planOf(e.views[view])
	e.plans[view] = p
	return p
}

// planOf begins a plan.
func (e *Evidence) planOf(v View) *plan {
	p := &plan{view: v, word: e.n.word()}
	switch {
	case v.form == plain && v.typ != nil:
		p.size = v.typ.Size
		if v.many {
			p.period = v.typ.Size
		}
	case v.form == mapGroups:
		group := v.group
		if group == nil {
			group = v.typ.Group()
		}
		if group != nil {
			p.period, p.size = group.Size, group.Size
		}
	}
	if n := p.size / p.word; n > 0 && n <= maxPlan {
		p.words = make([]action, n)
	}
	return p
}

// at is what the word at an offset of the view leads to.
func (p *plan) at(e *Evidence, off int64) action {
	if p.size == 0 {
		return action{kind: asked}
	}
	switch {
	case p.period != 0:
		_, off = floorDiv(off, int64(p.period))
	case off < 0 || uint64(off) >= p.size:
		return action{kind: outside}
	}
	i := uint64(off) / p.word
	if i >= uint64(len(p.words)) {
		return action{kind: asked}
	}
	if p.words[i].kind == unplanned {
		p.words[i] = e.planned(p.view, uint64(off))
	}
	return p.words[i]
}

// planned works out what a word leads to.
func (e *Evidence) planned(v View, off uint64) action {
	t, to := v.typ, ""
	at := off
	if v.form == mapGroups {
		v.addr = 0
		en, ok := e.n.entry(v, off)
		if !ok {
			return action{leadsTo, noView}
		}
		t, at = en.typ, off-en.addr
	}
	l := e.n.leaf(t, at)
	t, to = l.typ, l.to
	if to != "" {
		if t := e.n.Exe.TypeNamed(to); t != nil {
			return action{leadsTo, e.view(View{typ: t, many: isArrayOf(t)})}
		}
		return action{leadsTo, noView}
	}
	if t == nil || t.Kind != reflect.Interface && at != l.off {
		return action{leadsTo, noView}
	}
	switch t.Kind {
	case reflect.Pointer:
		to := t.Elem()
		if to == nil || isShape(t) {
			return action{leadsTo, noView}
		}
		if strings.Contains(to.Name, "sync.node") {
			return action{kind: asked}
		}
		return action{leadsTo, e.view(View{typ: to, many: isArrayOf(to)})}
	case reflect.String:
		return action{leadsTo, e.view(View{typ: t})}
	case reflect.Map:
		return action{leadsTo, e.view(View{typ: t, form: mapHeader})}
	case reflect.Chan:
		return action{leadsTo, e.view(View{typ: t, form: channel})}
	case reflect.Slice, reflect.Func, reflect.Interface:
		return action{kind: asked}
	}
	return action{leadsTo, noView}
}
