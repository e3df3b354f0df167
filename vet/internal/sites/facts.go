package sites

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/flow"
)

// weakParams is a fact about a function: it holds these parameters weakly and
// in no other way, so the caller's pointer must be held by something else.
type weakParams struct{ Index []int }

func (*weakParams) AFact()           {}
func (f *weakParams) String() string { return fmt.Sprintf("weakParams%v", f.Index) }

// lostParams is a fact about a function: of these parameters, which are
// functions, it keeps only a weak pointer to the parameter itself.
type lostParams struct{ Index []int }

func (*lostParams) AFact()           {}
func (f *lostParams) String() string { return fmt.Sprintf("lostParams%v", f.Index) }

// keepResult is a fact about a function: its result is the only thing that
// holds an object to which it has made a weak pointer.
type keepResult struct{}

func (*keepResult) AFact()         {}
func (*keepResult) String() string { return "keepResult" }

// hasFacts is a fact about a package: some function of it has one of the others.
type hasFacts struct{}

func (*hasFacts) AFact()         {}
func (*hasFacts) String() string { return "hasFacts" }

func importsFacts(pass *analysis.Pass) bool {
	return slices.ContainsFunc(pass.Pkg.Imports(), func(p *types.Package) bool {
		return pass.ImportPackageFact(p, new(hasFacts))
	})
}

// holding says how fn holds its argument i.
func (s *Sites) holding(fn *types.Func, i int) api.Holding {
	if h := api.Holds(fn, i); h != api.Strongly {
		return h
	}
	index := s.weak[fn]
	if fn.Pkg() != s.pass.Pkg {
		fact := new(weakParams)
		s.pass.ImportObjectFact(fn, fact)
		index = fact.Index
	}
	if slices.Contains(index, i) {
		return api.Weakly
	}
	return api.Strongly
}

func (s *Sites) mustKeep(fn *types.Func) bool {
	if fn.Pkg() == s.pass.Pkg {
		return s.keep[fn]
	}
	return api.MustKeep(fn) != "" || s.pass.ImportObjectFact(fn, new(keepResult))
}

// infer derives the facts of this package's functions from the weak pointers
// they make. A function that passes its parameter on to such a function is one
// itself, so it goes on until nothing is new.
func (s *Sites) infer(in *inspector.Inspector) {
	for from := 0; from < len(s.Weak); {
		fresh := s.inferFrom(s.Weak[from:])
		from = len(s.Weak)
		if fresh {
			s.recollect(in)
		}
	}
	for fn, index := range s.weak {
		slices.Sort(index)
		s.pass.ExportObjectFact(fn, &weakParams{index})
	}
	for fn := range s.keep {
		s.pass.ExportObjectFact(fn, &keepResult{})
	}
	lost := s.inferLost()
	for fn, index := range lost {
		s.pass.ExportObjectFact(fn, &lostParams{index})
	}
	if len(s.weak)+len(s.keep)+len(lost) > 0 {
		s.pass.ExportPackageFact(&hasFacts{})
	}
}

// inferFrom reports whether a function turned out to hold a parameter weakly or
// to have a result that must be kept.
func (s *Sites) inferFrom(weak []*WeakArg) (fresh bool) {
	for _, w := range weak {
		fn, o, ok := s.heldIn(w)
		if !ok || o.Itself {
			continue
		}
		if i := paramIndex(fn, o.Var); i >= 0 {
			fresh = s.inferParam(fn, w.Func, o.Var, i) || fresh
		} else if !s.keep[fn] && s.heldByResult(w.Func, o.Var) {
			s.keep[fn], fresh = true, true
		}
	}
	return fresh
}

// heldIn returns the function around a weakly held argument, and the object.
func (s *Sites) heldIn(w *WeakArg) (fn *types.Func, o flow.Object, ok bool) {
	decl, ok := w.Func.Cursor.Node().(*ast.FuncDecl)
	if !ok || w.Holding != api.Weakly {
		return nil, o, false
	}
	fn, _ = s.pass.TypesInfo.Defs[decl.Name].(*types.Func)
	o, ok = w.Func.Object(w.Arg)
	return fn, o, ok && fn != nil
}

func paramIndex(fn *types.Func, v *types.Var) int {
	sig := fn.Signature()
	for i := range sig.Params().Len() {
		if sig.Params().At(i) == v && !(sig.Variadic() && i == sig.Params().Len()-1) {
			return i
		}
	}
	return -1
}

func (s *Sites) inferParam(fn *types.Func, f *flow.Func, v *types.Var, i int) bool {
	if slices.Contains(s.weak[fn], i) || f.Reassigned(v) || !f.PointeeDiesWithCall(v, s.Weakly) {
		return false
	}
	s.weak[fn] = append(s.weak[fn], i)
	return true
}

// inferLost returns the functions that lose functions they are given.
func (s *Sites) inferLost() map[*types.Func][]int {
	lost := make(map[*types.Func][]int)
	for _, w := range s.Weak {
		fn, o, ok := s.heldIn(w)
		if !ok || !o.Itself {
			continue
		}
		_, isFunc := o.Var.Type().Underlying().(*types.Signature)
		if i := paramIndex(fn, o.Var); i >= 0 && isFunc && w.Func.DiesWithCall(o.Var, s.Weakly) && !slices.Contains(lost[fn], i) {
			lost[fn] = append(lost[fn], i)
		}
	}
	return lost
}

// heldByResult reports whether the function allocates what v points to and
// nothing but its result holds it.
func (s *Sites) heldByResult(f *flow.Func, v *types.Var) bool {
	val := f.Only(v)
	return val != nil && f.Home(v) == f.Cursor.Node() &&
		Allocates(s.pass.TypesInfo, val) && f.EscapesByResult(v, s.Weakly)
}

// Allocates reports whether e is &T{…} or new(…).
func Allocates(info *types.Info, e ast.Expr) bool {
	switch e := flow.Strip(info, e).(type) {
	case *ast.UnaryExpr:
		_, ok := ast.Unparen(e.X).(*ast.CompositeLit)
		return ok
	case *ast.CallExpr:
		id, ok := ast.Unparen(e.Fun).(*ast.Ident)
		return ok && id.Name == "new" && info.Types[id].IsBuiltin()
	}
	return false
}

// recollect files the calls of this package's own functions again, now that
// more is known of them.
func (s *Sites) recollect(in *inspector.Inspector) {
	known := make(map[ast.Expr]bool)
	for _, w := range s.Weak {
		known[w.Arg] = true
	}
	s.Kept = slices.DeleteFunc(s.Kept, func(c inspector.Cursor) bool {
		fn := api.Callee(s.pass.TypesInfo, c.Node().(*ast.CallExpr))
		return fn.Pkg() == s.pass.Pkg
	})
	for c := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		fn := api.Callee(s.pass.TypesInfo, call)
		if fn == nil || fn.Pkg() != s.pass.Pkg || call.Ellipsis.IsValid() {
			continue
		}
		for i := range call.Args {
			if h := s.holding(fn, i); h != api.Strongly && !known[call.Args[i]] {
				s.Weak = append(s.Weak, s.weakArg(c, call, fn, i, h))
			}
		}
		if s.keep[fn] {
			s.Kept = append(s.Kept, c)
		}
	}
}
