//go:build !rcsched

package rc_test

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/rc"
)

// scripted is a value whose method Handles runs code of the test.
type scripted struct {
	of  []rc.Handle
	end func()
}

func (s *scripted) Handles(yield func(rc.Handle) bool) {
	for _, h := range s.of {
		if !yield(h) {
			return
		}
	}
	if end := s.end; end != nil {
		s.end = nil
		end()
	}
}

// However a drop function or Handles ends, of a value at the top or below, every value is
// dropped, once and in order.
func TestEndsOfUserCode(t *testing.T) {
	for how, end := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
		for _, where := range []string{"drop at the top", "Handles at the top", "drop below", "Handles below"} {
			for _, inHook := range []bool{false, true} {
				name := how + " in " + where
				if inHook {
					name += ", then Goexit in OnFault"
				}
				t.Run(name, func(t *testing.T) {
					l := faults(t)
					old := rc.OnFault(func(f *rc.Fault) {
						l.add(f)
						if inHook {
							runtime.Goexit()
						}
					})
					t.Cleanup(func() { rc.OnFault(old) })
					var j journal
					at := func(what string) func() {
						if what == where {
							return end
						}
						return func() {}
					}
					leaf := func(name string) rc.Handle { return rc.New(name, j.note) }
					below := rc.New(&scripted{[]rc.Handle{leaf("a1"), leaf("a2")}, at("Handles below")}, func(*scripted) {
						j.note("a")
						at("drop below")()
					})
					top := rc.New(&scripted{[]rc.Handle{below, leaf("b")}, at("Handles at the top")}, func(*scripted) {
						j.note("top")
						at("drop at the top")()
					})
					on(func() {
						err := top.Close()
						if how == "Goexit" || inHook {
							t.Error("Close returned")
						}
						var p *weakref.PanicError
						if !errors.As(err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
							t.Errorf("Close returned %v", err)
						}
					})
					j.want(t, "top a a1 a2 b")
					if ks := l.kinds(); len(ks) != 1 || ks[0] != rc.CallFailed {
						t.Errorf("reported %v", ks)
					}
				})
			}
		}
	}
}

// In a cycle likewise: what one call of Collect did not come to, the next does.
func TestEndsOfUserCodeInCollect(t *testing.T) {
	for how, end := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
		for _, where := range []string{"drop", "Handles", "drop of what is owned"} {
			t.Run(how+" in "+where, func(t *testing.T) {
				faults(t)
				var j journal
				at := func(what string) func() {
					if what == where {
						return end
					}
					return func() {}
				}
				v := &scripted{end: at("Handles")}
				s := rc.New(v, func(*scripted) {
					j.note("v")
					at("drop")()
				})
				owned := rc.New(1, func(int) {
					j.note("owned")
					at("drop of what is owned")()
				})
				v.of = []rc.Handle{s.Clone(), owned}
				s.Close()
				for range 3 {
					on(func() { rc.Collect() })
				}
				j.want(t, "v owned")
			})
		}
	}
}

// TestEdges calls the methods with nil and zero receivers and arguments, and with
// numbers that make no sense.
func TestEdges(t *testing.T) {
	faults(t)
	mustPanic := func(what string, f func()) {
		t.Helper()
		if panicked(f) == nil {
			t.Errorf("%s: no panic", what)
		}
	}
	var none *rc.Strong[int]
	for what, f := range map[string]func(){
		"Value": func() { none.Value() }, "Clone": func() { none.Clone() }, "Close": func() { none.Close() },
		"Move": func() { none.Move() }, "Weak": func() { none.Weak() }, "Count": func() { none.Count() },
		"Local": func() { none.Local() }, "Unchecked": func() { none.Unchecked() },
	} {
		mustPanic(what+" of a nil handle", f)
	}
	closed := rc.New(1, func(int) {})
	closed.Close()
	for _, s := range []*rc.Strong[int]{closed, new(rc.Strong[int])} {
		for what, f := range map[string]func(){
			"Value": func() { s.Value() }, "Clone": func() { s.Clone() }, "Move": func() { s.Move() },
			"Weak": func() { s.Weak() }, "Local": func() { s.Local() }, "Unchecked": func() { s.Unchecked() },
		} {
			f := panicked(f)
			if f, ok := f.(*rc.Fault); !ok || f.Kind != rc.UseAfterClose || !errors.Is(f, rc.ErrClosed) {
				t.Errorf("%s of a closed handle: %v", what, f)
			}
		}
		if s.Count() != 0 || !errors.Is(s.Close(), rc.ErrClosed) {
			t.Error("a closed handle counts or closes")
		}
	}
	var noUnchecked rc.Unchecked[int]
	for what, f := range map[string]func(){
		"Value": func() { noUnchecked.Value() }, "Clone": func() { noUnchecked.Clone() },
		"Close": func() { noUnchecked.Close() }, "Strong": func() { noUnchecked.Strong() },
	} {
		mustPanic(what+" of the zero Unchecked", f)
	}
	var nothing rc.Weak[int]
	if _, ok := nothing.Upgrade(); ok || nothing.Count() != 0 || nothing != (rc.Weak[int]{}) {
		t.Error("the zero Weak refers to something")
	}
	if err := rc.New[int, func(int)](1, nil).Close(); err != nil {
		t.Errorf("nil drop: %v", err)
	}
	if err := rc.New[int, func(int) error](1, nil).Close(); err != nil {
		t.Errorf("nil drop with an error: %v", err)
	}
	if err := rc.New[error](nil, func(error) {}).Close(); err != nil {
		t.Errorf("nil value: %v", err)
	}
	var typedNil *scripted
	mustNotHang := rc.New(typedNil, func(*scripted) {})
	if err := mustNotHang.Close(); err == nil || !strings.Contains(err.Error(), "nil pointer") {
		t.Errorf("the Handles of a nil pointer: %v", err)
	}
	mustPanic("NewCyclic(nil)", func() { rc.NewCyclic[int](nil, func(int) {}) })
	for _, k := range []rc.Kind{math.MinInt, -1, 0, 5, math.MaxInt} {
		if !strings.HasPrefix(k.String(), "Kind(") {
			t.Errorf("%d is %v", int(k), k)
		}
	}
	if s := (rc.Stack)(nil).String(); s != "" {
		t.Errorf("no stack is %q", s)
	}
	if s := (&rc.Fault{}).Error(); !strings.Contains(s, "Kind(0)") {
		t.Errorf("no fault is %q", s)
	}
	_ = rc.OpenHandle{}.String()
	if old := rc.OnFault(nil); old == nil {
		t.Error("OnFault returned nothing")
	} else if rc.OnFault(old) != nil {
		t.Error("OnFault(nil) set something")
	}
	rc.VerifyNone(new(recorder), rc.OpenHandle{})
	for _, budget := range []int{math.MinInt, -1, 0, 1, math.MaxInt} {
		if _, _, err := rc.CollectSome(budget); err != nil {
			t.Errorf("budget %d: %v", budget, err)
		}
	}
}
