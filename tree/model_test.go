package tree_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/tree"
	"github.com/weakref-go/weakref/weaktest"
)

// plain is a node of the model: with a strong parent.
type plain struct {
	value  string
	parent *plain
	kids   []*plain
}

func (p *plain) detach() {
	if p.parent != nil {
		q := p.parent
		q.kids = slices.DeleteFunc(q.kids, func(c *plain) bool { return c == p })
		p.parent = nil
	}
}

func (p *plain) isUnder(q *plain) bool {
	for ; p != nil; p = p.parent {
		if p == q {
			return true
		}
	}
	return false
}

func (p *plain) insert(i int, c *plain) {
	c.detach()
	p.kids = slices.Insert(p.kids, min(i, len(p.kids)), c)
	c.parent = p
}

func (p *plain) String() string {
	if len(p.kids) == 0 {
		return p.value
	}
	var kids []string
	for _, c := range p.kids {
		kids = append(kids, c.String())
	}
	return p.value + "(" + strings.Join(kids, " ") + ")"
}

func (p *plain) pre(yield func(string)) {
	for _, c := range p.kids {
		yield(c.value)
		c.pre(yield)
	}
}

func (p *plain) post(yield func(string)) {
	for _, c := range p.kids {
		c.post(yield)
		yield(c.value)
	}
}

// forest is trees, each twice. Only the roots are held, and nodes of a tree are looked
// up in it, so that what is dropped can die.
type forest struct {
	t     *testing.T
	r     *rand.Rand
	made  int
	trees []pair
}

type pair struct {
	real  *node
	model *plain
}

// pick returns some node of some tree, found by its path.
func (f *forest) pick() pair {
	at := f.trees[f.r.IntN(len(f.trees))]
	for len(at.model.kids) > 0 && f.r.IntN(4) > 0 {
		i := f.r.IntN(len(at.model.kids))
		at = pair{at.real.Child(i), at.model.kids[i]}
	}
	return at
}

func (f *forest) fresh() pair {
	f.made++
	v := fmt.Sprint("n", f.made)
	return pair{&node{Value: v}, &plain{value: v}}
}

// settle makes a node a tree of the forest, unless it has a parent.
func (f *forest) settle(p pair) {
	f.trees = slices.DeleteFunc(f.trees, func(q pair) bool { return q.model.parent != nil || q.model == p.model })
	if p.model != nil && p.model.parent == nil {
		f.trees = append(f.trees, p)
	}
	if len(f.trees) == 0 {
		f.trees = append(f.trees, f.fresh())
	}
}

func (f *forest) expect(what string, err error, fails bool, want error) bool {
	if fails && !errors.Is(err, want) || !fails && err != nil {
		f.t.Fatalf("%s: error %v, must fail: %v", what, err, fails)
	}
	return !fails
}

func (f *forest) step() {
	p, c := f.pick(), f.pick()
	if f.r.IntN(2) == 0 {
		c = f.fresh()
	}
	cycle := p.model.isUnder(c.model)
	switch f.r.IntN(10) {
	case 0, 1:
		if f.expect("Append", p.real.Append(c.real), cycle, tree.ErrCycle) {
			p.model.insert(len(p.model.kids), c.model)
		}
	case 2:
		if f.expect("Prepend", p.real.Prepend(c.real), cycle, tree.ErrCycle) {
			p.model.insert(0, c.model)
		}
	case 3, 4:
		if len(p.model.kids) == 0 {
			return
		}
		i := f.r.IntN(len(p.model.kids))
		mark := p.model.kids[i]
		after := f.r.IntN(2)
		do := p.real.InsertBefore
		if after == 1 {
			do = p.real.InsertAfter
		}
		if f.expect("InsertBefore or -After", do(c.real, p.real.Child(i)), cycle, tree.ErrCycle) && mark != c.model {
			c.model.detach()
			p.model.insert(slices.Index(p.model.kids, mark)+after, c.model)
		}
	case 5:
		if got, want := p.real.Detach(), p.model.parent != nil; got != want {
			f.t.Fatalf("Detach = %v", got)
		}
		p.model.detach()
		c = p
	case 6:
		q := p.model.parent
		switch err := p.real.Replace(c.real); {
		case c.model == p.model:
			f.expect("Replace", err, false, nil)
		case q == nil:
			f.expect("Replace", err, true, tree.ErrRoot)
		case f.expect("Replace", err, q.isUnder(c.model), tree.ErrCycle):
			c.model.detach()
			i := slices.Index(q.kids, p.model)
			p.model.detach()
			q.insert(i, c.model)
			f.settle(p)
		}
	case 7:
		if cycle {
			return
		}
		n := len(p.model.kids)
		if c.model.parent == p.model {
			n--
		}
		i := f.r.IntN(n + 1)
		f.expect("Insert", p.real.Insert(i, c.real), false, nil)
		p.model.insert(i, c.model)
	case 8:
		p.real.SortFunc(func(a, b *node) int { return strings.Compare(a.Value, b.Value) })
		slices.SortStableFunc(p.model.kids, func(a, b *plain) int { return strings.Compare(a.value, b.value) })
	case 9:
		f.forget()
		return
	}
	f.settle(c)
}

// forget drops a tree but for one node of it, which becomes a tree of its own, and
// waits until all above that is dead.
func (f *forest) forget() {
	i := f.r.IntN(len(f.trees))
	kept, above := f.drop(f.trees[i])
	f.trees = slices.Delete(f.trees, i, i+1)
	if kept.model != nil {
		kept.model.parent = nil
	}
	f.settle(kept)
	for _, r := range above {
		weaktest.MustCollect(f.t, r)
	}
}

// drop chooses what to keep of a tree.
func (f *forest) drop(at pair) (kept pair, above []weakref.Ref[node]) {
	for len(at.model.kids) > 0 && (len(above) == 0 || f.r.IntN(2) == 0) {
		above = append(above, weakref.Make(at.real))
		j := f.r.IntN(len(at.model.kids))
		at = pair{at.real.Child(j), at.model.kids[j]}
	}
	if len(above) == 0 {
		return pair{}, []weakref.Ref[node]{weakref.Make(at.real)}
	}
	return at, above
}

// check compares all trees and what can be asked of their nodes.
func (f *forest) check() {
	for _, at := range f.trees {
		if got, want := format(at.real), at.model.String(); got != want {
			f.t.Fatalf("the tree is %s, want %s", got, want)
		}
		f.order("pre-order", at.real.Descendants(), at.model.pre)
		f.order("post-order", at.real.DescendantsPostOrder(), at.model.post)
		for n := range at.real.DescendantsByLevel() {
			if n.Root() != at.real || n.Parent().Child(n.Index()) != n || len(n.Path()) != n.Depth()+1 {
				f.t.Fatalf("%s does not hang together", n.Value)
			}
		}
	}
}

func (f *forest) order(what string, got iter.Seq[*node], model func(func(string))) {
	var want []string
	model(func(v string) { want = append(want, v) })
	if got := values(got); got != strings.Join(want, " ") {
		f.t.Fatalf("%s: %s, want %v", what, got, want)
	}
}

func TestModel(t *testing.T) {
	steps := 500
	if testing.Short() || boxtest.InUse() {
		steps = 100
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			f := &forest{t: t, r: rand.New(rand.NewPCG(seed, 3))}
			f.settle(pair{})
			for range steps {
				f.step()
				for len(f.trees) > 6 {
					f.forget()
				}
				f.check()
			}
			t.Logf("%d nodes were made, %d trees are left", f.made, len(f.trees))
		})
	}
}
