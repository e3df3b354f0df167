package weakref_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/weakref-go/weakref"
)

// TestArguments gives nil, negative, zero and huge arguments, and zero receivers, to what
// is exported, but for the maps and sets, which have a table of their own. want is a part of the
// panic's text, or "" if there must be none.
func TestArguments(t *testing.T) {
	p := newObject(1)
	var zeroRef weakref.Ref[object]
	var zeroFunc weakref.Func[int]
	var zeroFinalizer weakref.Finalizer
	var zeroInterner weakref.Interner[string]
	var zeroInternerFunc weakref.InternerFunc[[]string]
	var zeroMap weakref.ValueMap[string, object]
	for name, test := range map[string]struct {
		want string
		call func()
	}{
		"Make nil":   {"", func() { mustBe(t, weakref.Make[object](nil) == zeroRef) }},
		"Ref zero":   {"", func() { mustBe(t, zeroRef.Value() == nil && strings.Contains(zeroRef.String(), "nil")) }},
		"Check nil":  {"", func() { mustBe(t, weakref.Check[object](nil) != nil) }},
		"Check tiny": {"", func() { mustBe(t, weakref.Check(new(byte)) != nil && weakref.Check(new(struct{})) != nil) }},
		"Make tiny":  {"may share", func() { weakref.Make(new(byte)) }},
		"Box": {"", func() {
			mustBe(t, weakref.Check(weakref.Box[any](nil)) == nil && weakref.Check(weakref.Box(struct{}{})) == nil)
		}},
		"Bind nil owner":        {"nil", func() { weakref.Bind((*object)(nil), func(*object, int) {}) }},
		"Bind nil method":       {"needs a method", func() { weakref.Bind[object, int](p, nil) }},
		"Func zero":             {"", func() { mustBe(t, !zeroFunc.Call(1) && zeroFunc.String() == "weakref.Func(nil)") }},
		"Finalize nil":          {"nil", func() { weakref.Finalize((*object)(nil), func(int) {}, 1) }},
		"Finalize nil function": {"needs a function", func() { weakref.Finalize(p, (func(int))(nil), 1) }},
		"Finalize nil fallible": {"needs a function", func() { weakref.Finalize(p, (func(int) error)(nil), 1) }},
		"Finalizer zero": {"", func() {
			zeroFinalizer.SetAtShutdown(false)
			mustBe(t, !zeroFinalizer.Run() && !zeroFinalizer.Stop() && !zeroFinalizer.Pending())
		}},
		"Queue negative":      {"must not be negative", func() { (&weakref.Queue[int]{Limit: -1}).Put(1) }},
		"Queue most negative": {"must not be negative", func() { (&weakref.Queue[int]{Limit: math.MinInt}).Len() }},
		"Queue huge":          {"", func() { (&weakref.Queue[int]{Limit: math.MaxInt}).Put(1) }},
		"Queue zero":          {"", func() { mustBe(t, new(weakref.Queue[int]).Len() == 0); new(weakref.Queue[int]).Clear() }},
		"Interner zero": {"", func() {
			zeroInterner := new(weakref.Interner[string])
			mustBe(t, zeroInterner.Len() == 0 && zeroInterner.Sweep() == 0 && zeroInterner.String() != "")
		}},
		"Interner Lookup":        {"", func() { v, ok := new(weakref.Interner[string]).Lookup(""); mustBe(t, v == nil && !ok) }},
		"InternBytes nil":        {"", func() { mustBe(t, *weakref.InternBytes(&zeroInterner, nil) == "") }},
		"Intern huge":            {"", func() { zeroInterner.Intern(strings.Repeat("x", 1<<20)) }},
		"Intern NaN":             {"", func() { new(weakref.Interner[float64]).Intern(math.NaN()) }},
		"Intern incomparable":    {"hash of unhashable", func() { new(weakref.Interner[any]).Intern([]int{}) }},
		"InternerFunc no Hasher": {"needs its Hasher", func() { zeroInternerFunc.Intern(nil) }},
		"InternerFunc zero": {"", func() {
			v, ok := zeroInternerFunc.Lookup(nil)
			mustBe(t, v == nil && !ok && zeroInternerFunc.Len() == 0)
		}},
		"LoadOrCreate nil": {"needs a function", func() { zeroMap.LoadOrCreate("a", nil) }},
		"LoadOrCreate nil, nil": {"", func() {
			v, err := zeroMap.LoadOrCreate("a", func() (*object, error) { return nil, nil })
			mustBe(t, v == nil && err != nil)
		}},
		"PanicError zero": {"", func() {
			mustBe(t, errors.Unwrap(new(weakref.PanicError)) == nil && new(weakref.PanicError).Error() != "")
		}},
		"LostError zero": {"", func() { mustBe(t, new(weakref.LostError).Error() != "") }},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				got := recover()
				switch text := fmt.Sprint(got); {
				case got == nil && test.want != "":
					t.Errorf("no panic; want %q", test.want)
				case got != nil && (test.want == "" || !strings.Contains(text, test.want)):
					t.Errorf("panicked with %q, want %q", text, test.want)
				}
			}()
			test.call()
		})
	}
}

func mustBe(t *testing.T, ok bool) {
	t.Helper()
	if !ok {
		t.Error("not as it should be")
	}
}

// outcome is what a call with an extreme argument does.
type outcome int

const (
	fine    outcome = iota // it returns
	none                   // it returns false, 0 or nil
	refuses                // it panics with an *UnsupportedError
	lacks                  // it panics because it needs a function
	follows                // it panics because it has called a nil sequence or followed a nil set
)

type argument struct {
	want outcome
	call func() any
}

// checkArguments makes calls, whose names begin with those of the methods. Each method
// of the container must be among them. The container must be sound afterwards.
func checkArguments(t *testing.T, container interface{ Validate() error }, used bool, calls map[string]argument) {
	t.Helper()
	missing := make(map[string]bool)
	for m := range reflect.TypeOf(container).Methods() {
		missing[m.Name] = true
	}
	for _, ofTests := range []string{"Validate", "BeforeHash", "UseConstantHash", "Hash"} {
		delete(missing, ofTests)
	}
	for name, c := range calls {
		method, _, _ := strings.Cut(name, " ")
		delete(missing, method)
		var result any
		v := panicOf(func() { result = c.call() })
		_, refused := v.(*weakref.UnsupportedError)
		_, followed := v.(runtime.Error)
		ok := v == nil
		switch c.want {
		case none:
			ok = ok && (result == nil || reflect.ValueOf(result).IsZero())
		case refuses:
			ok = refused
		case lacks:
			text, _ := v.(string)
			ok = contains(text, method, "needs a function")
		case follows:
			ok = followed || !used && ok
		}
		if !ok {
			t.Errorf("%s, in use: %v: it returns %v and panics with %v", name, used, result, v)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no call of %v", slices.Collect(maps.Keys(missing)))
	}
	if err := container.Validate(); err != nil {
		t.Error(err)
	}
}

// eachState runs a test with a container that is empty and with one that is in use.
func eachState(t *testing.T, f func(t *testing.T, used bool)) {
	t.Run("empty", func(t *testing.T) { f(t, false) })
	t.Run("in use", func(t *testing.T) { f(t, true) })
}

func TestValueMapArguments(t *testing.T) {
	eachState(t, func(t *testing.T, used bool) {
		var m weakref.ValueMap[float64, object]
		kept := newObject(1)
		if used {
			m.Store(1, kept)
		}
		nan := math.NaN() // a key that no call finds
		found := func(_ any, ok bool) any { return ok }
		checkArguments(t, &m, used, map[string]argument{
			"Load NaN":             {none, func() any { v, ok := m.Load(nan); return found(v, ok) }},
			"Load infinity":        {none, func() any { v, ok := m.Load(math.Inf(-1)); return found(v, ok) }},
			"LoadAndDelete NaN":    {none, func() any { v, ok := m.LoadAndDelete(nan); return found(v, ok) }},
			"Store nil":            {refuses, func() any { m.Store(1, nil); return nil }},
			"LoadOrStore nil":      {refuses, func() any { m.LoadOrStore(2, nil); return nil }},
			"Swap nil":             {refuses, func() any { m.Swap(1, nil); return nil }},
			"LoadOrCreate nil":     {lacks, func() any { m.LoadOrCreate(2, nil); return nil }},
			"CompareAndSwap nil":   {refuses, func() any { return m.CompareAndSwap(1, kept, nil) }},
			"CompareAndSwap old":   {none, func() any { return m.CompareAndSwap(2, nil, kept) }},
			"CompareAndDelete nil": {none, func() any { return m.CompareAndDelete(1, nil) }},
			"CompareAndDelete NaN": {none, func() any { return m.CompareAndDelete(nan, kept) }},
			"Compute nil":          {lacks, func() any { m.Compute(1, nil); return nil }},
			"Delete NaN":           {fine, func() any { m.Delete(nan); return nil }},
			"DeleteFunc nil":       {lacks, func() any { return m.DeleteFunc(nil) }},
			"Insert nil":           {follows, func() any { m.Insert(nil); return nil }},
			"Insert nothing":       {fine, func() any { m.Insert(maps.All(map[float64]*object{})); return nil }},
			"All":                  {fine, func() any { return len(maps.Collect(m.All())) }},
			"Keys":                 {fine, func() any { return slices.Collect(m.Keys()) }},
			"Values":               {fine, func() any { return slices.Collect(m.Values()) }},
			"Len":                  {fine, func() any { return m.Len() }},
			"Sweep":                {none, func() any { return m.Sweep() }},
			"Stats":                {fine, func() any { return m.Stats() }},
			"String":               {fine, func() any { return m.String() }},
			"Clear":                {fine, func() any { return nil }}, // below
		})
		if v, ok := m.Load(1); ok != used || used && v != kept {
			t.Errorf("Load = %v, %v afterwards", v, ok)
		}
		m.Store(nan, kept) // as in a Go map: it counts, and is not found
		if n := m.Len(); n == 0 {
			t.Error("an entry with a NaN does not count")
		}
		m.Clear()
		m.Clear()
		if m.Len() != 0 {
			t.Errorf("%d entries after Clear", m.Len())
		}
		runtime.KeepAlive(kept)
	})
}

func TestKeyMapArguments(t *testing.T) {
	keyTests(t, testKeyMapArguments[object], testKeyMapArguments[slotted])
}

func testKeyMapArguments[K any](t *testing.T, newKey func(int) *K) {
	eachState(t, func(t *testing.T, used bool) {
		var m weakref.KeyMap[K, int]
		kept, other := newKey(1), newKey(2)
		if used {
			m.Store(kept, 1)
		}
		checkArguments(t, &m, used, map[string]argument{
			"Load nil":             {none, func() any { _, ok := m.Load(nil); return ok }},
			"LoadAndDelete nil":    {none, func() any { _, ok := m.LoadAndDelete(nil); return ok }},
			"Store nil":            {refuses, func() any { m.Store(nil, 1); return nil }},
			"LoadOrStore nil":      {refuses, func() any { m.LoadOrStore(nil, 1); return nil }},
			"Swap nil":             {refuses, func() any { m.Swap(nil, 1); return nil }},
			"LoadOrCreate nil":     {refuses, func() any { m.LoadOrCreate(nil, func() (int, error) { return 1, nil }); return nil }},
			"LoadOrCreate func":    {lacks, func() any { m.LoadOrCreate(other, nil); return nil }},
			"CompareAndSwap nil":   {refuses, func() any { return m.CompareAndSwap(nil, 1, 2) }},
			"CompareAndSwap other": {none, func() any { return m.CompareAndSwap(other, 0, 2) }},
			"CompareAndDelete nil": {none, func() any { return m.CompareAndDelete(nil, 0) }},
			"Compute nil": {refuses, func() any {
				m.Compute(nil, func(int, bool) (int, weakref.ComputeOp) { return 1, weakref.UpdateOp })
				return nil
			}},
			"Compute func":   {lacks, func() any { m.Compute(kept, nil); return nil }},
			"Delete nil":     {fine, func() any { m.Delete(nil); return nil }},
			"Delete other":   {fine, func() any { m.Delete(other); return nil }},
			"DeleteFunc nil": {lacks, func() any { return m.DeleteFunc(nil) }},
			"Insert nil":     {follows, func() any { m.Insert(nil); return nil }},
			"Cycles":         {fine, func() any { c, _ := m.Cycles(); return c }},
			"All":            {fine, func() any { return len(maps.Collect(m.All())) }},
			"Keys":           {fine, func() any { return slices.Collect(m.Keys()) }},
			"Values":         {fine, func() any { return slices.Collect(m.Values()) }},
			"Len":            {fine, func() any { return m.Len() }},
			"Sweep":          {none, func() any { return m.Sweep() }},
			"Stats":          {fine, func() any { return m.Stats() }},
			"String":         {fine, func() any { return m.String() }},
			"Clear":          {fine, func() any { return nil }}, // below
		})
		if v, ok := m.Load(kept); ok != used || used && v != 1 {
			t.Errorf("Load = %v, %v afterwards", v, ok)
		}
		m.Clear()
		m.Clear()
		if m.Len() != 0 {
			t.Errorf("%d entries after Clear", m.Len())
		}
		runtime.KeepAlive(kept)
	})
}

func TestSetArguments(t *testing.T) {
	eachState(t, func(t *testing.T, used bool) {
		var s, empty weakref.Set[object]
		kept, other := newObject(1), newObject(2)
		if used {
			s.Add(kept)
		}
		nilSet := func(f func(o *weakref.Set[object])) func() any {
			return func() any { f(nil); return nil }
		}
		checkArguments(t, &s, used, map[string]argument{
			"Add nil":                      {refuses, func() any { return s.Add(nil) }},
			"Has nil":                      {none, func() any { return s.Has(nil) }},
			"Delete nil":                   {none, func() any { return s.Delete(nil) }},
			"Delete other":                 {none, func() any { return s.Delete(other) }},
			"DeleteFunc nil":               {lacks, func() any { return s.DeleteFunc(nil) }},
			"Insert nil":                   {follows, func() any { s.Insert(nil); return nil }},
			"Union nil":                    {follows, nilSet(func(o *weakref.Set[object]) { s.Union(o).Len() })},
			"Intersection nil":             {follows, nilSet(func(o *weakref.Set[object]) { s.Intersection(o) })},
			"Difference nil":               {follows, nilSet(func(o *weakref.Set[object]) { s.Difference(o) })},
			"SymmetricDifference nil":      {follows, nilSet(func(o *weakref.Set[object]) { s.SymmetricDifference(o) })},
			"SubsetOf nil":                 {follows, nilSet(func(o *weakref.Set[object]) { s.SubsetOf(o) })},
			"Disjoint nil":                 {follows, nilSet(func(o *weakref.Set[object]) { s.Disjoint(o) })},
			"Equal nil":                    {follows, nilSet(func(o *weakref.Set[object]) { s.Equal(o) })},
			"Intersection nothing":         {none, func() any { return s.Intersection(&empty).Len() }},
			"SymmetricDifference itself":   {none, func() any { return s.SymmetricDifference(&s).Len() }},
			"Clone":                        {fine, func() any { return s.Clone().Equal(&s) }},
			"All":                          {fine, func() any { return slices.Collect(s.All()) }},
			"Len":                          {fine, func() any { return s.Len() }},
			"Sweep":                        {none, func() any { return s.Sweep() }},
			"Stats":                        {fine, func() any { return s.Stats() }},
			"String":                       {fine, func() any { return s.String() }},
			"Clear":                        {fine, func() any { return nil }}, // below
			"Pop":                          {fine, func() any { return nil }},
			"SymmetricDifference of clone": {none, func() any { return s.SymmetricDifference(s.Clone()).Len() }},
		})
		if s.Has(kept) != used {
			t.Error("the element is gone")
		}
		if p, ok := s.Pop(); ok != used || used && p != kept {
			t.Errorf("Pop = %v, %v", p, ok)
		}
		if p, ok := s.Pop(); p != nil || ok {
			t.Errorf("Pop of an empty set = %v, %v", p, ok)
		}
		s.Clear()
		s.Clear()
		runtime.KeepAlive(kept)
	})
}

// TestFieldsAfterFirstUse: a change of OnCollect that would have no effect makes the next
// write panic, and nothing else; Name may be changed.
func TestFieldsAfterFirstUse(t *testing.T) {
	kept := newObject(1)
	values := objectMap{Name: "old"}
	keys := weakref.KeyMap[object, int]{OnCollect: func(int) {}}
	_, _ = values.Load(1) // is no write
	values.OnCollect = func(int) {}
	values.Store(1, kept)
	keys.Store(kept, 1)
	values.Name, keys.Name = "new", "new"
	if values.Stats().Name != "new" || keys.Stats().Name != "new" || !contains(values.String(), "new") {
		t.Error("a new name is not shown")
	}
	values.OnCollect, keys.OnCollect = nil, func(int) {}
	for name, write := range map[string]func(){
		"ValueMap.Store":       func() { values.Store(1, kept) },
		"ValueMap.LoadOrStore": func() { values.LoadOrStore(2, kept) },
		"ValueMap.Swap":        func() { values.Swap(1, kept) },
		"ValueMap.Insert":      func() { values.Insert(maps.All(map[int]*object{1: kept})) },
		"KeyMap.Store":         func() { keys.Store(kept, 2) },
		"KeyMap.LoadOrStore":   func() { keys.LoadOrStore(kept, 2) },
		"KeyMap.Swap":          func() { keys.Swap(kept, 2) },
	} {
		if s, _ := panicOf(write).(string); !contains(s, "OnCollect", "changed") {
			t.Errorf("%s panics with %q", name, s)
		}
	}
	if v, ok := values.Load(1); v != kept || !ok || values.Len() != 1 {
		t.Errorf("Load = %v, %v", v, ok)
	}
	valid(t, &values)
	valid(t, &keys)
	runtime.KeepAlive(kept)
}
