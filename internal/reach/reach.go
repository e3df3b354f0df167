// Package reach walks the objects that a value keeps alive, by reflection.
//
// It sees what Go's types tell: pointers, structs with all their fields, slices to
// their capacity, arrays, maps, interfaces, the pointers of sync/atomic, and
// sync.Map. Of a closure it sees the first variable that it captures, which is the
// receiver if it is a method value; how many there are, the runtime does not say. It
// does not see what is in a channel, on a stack, in a timer, or behind an
// unsafe.Pointer.
//
// It reads without any lock, so nobody may change what it walks meanwhile.
package reach

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// Walk calls visit for each pointer that v keeps, directly or through others, with
// the address that it holds. path returns how it is reached, as an expression that
// begins with the type of v. Walk ends when it has looked at limit values, and
// reports whether it has seen all.
func Walk(v reflect.Value, limit int, visit func(addr uintptr, path func() string)) (complete bool) {
	w := walker{visit: visit, left: limit, seen: make(map[object]bool)}
	w.items = []item{{v: v, from: -1, path: typeName(v.Type())}}
	for w.at = 0; w.at < len(w.items); w.at++ {
		w.value(w.items[w.at].v, "")
	}
	return w.left > 0
}

// Shallow is Walk for what is in v itself: it follows no pointer, so it reads
// nothing that others might change. It calls visit with the address of what each
// pointer points to.
func Shallow(v reflect.Value, visit func(addr uintptr, path func() string)) {
	w := walker{visit: visit, left: 1000, shallow: true}
	w.items = []item{{v: v, from: -1, path: typeName(v.Type())}}
	w.value(v, "")
}

// typeName is how a path begins. Pointers are followed without a word, as a
// selector in Go does.
func typeName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() != "" {
		return t.Name()
	}
	return t.String()
}

type walker struct {
	visit func(uintptr, func() string)
	left  int // values that may still be looked at
	seen  map[object]bool
	items []item
	at    int // the item that is being looked at

	shallow bool // follow nothing
}

// item is what a pointer points to.
type item struct {
	v    reflect.Value
	from int    // the item in which the pointer was found
	path string // where in it
}

// object is something that need not be walked twice.
type object struct {
	addr uintptr
	t    reflect.Type
}

// path returns how something in an item is reached.
func (w *walker) path(at int, path string) string {
	for ; at >= 0; at = w.items[at].from {
		path = w.items[at].path + path
	}
	return path
}

// found reports a pointer in the current item.
func (w *walker) found(addr uintptr, path string) {
	if addr != 0 {
		at := w.at
		w.visit(addr, func() string { return w.path(at, path) })
	}
}

// value looks at a value in the current item. Only what is behind a pointer waits
// for its turn, so the depth of the recursion is that of types, not of data.
func (w *walker) value(v reflect.Value, path string) {
	if w.left--; w.left <= 0 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		w.found(v.Pointer(), path)
		w.later(v, path)
	case reflect.UnsafePointer, reflect.Chan:
		w.found(v.Pointer(), path)
	case reflect.Interface:
		if e := v.Elem(); e.IsValid() {
			w.value(e, path+".("+e.Type().String()+")")
		}
	case reflect.Struct:
		w.structure(v, path)
	case reflect.Array:
		w.elements(v, path)
	case reflect.Slice:
		w.found(v.Pointer(), path)
		if !w.shallow {
			w.elements(v.Slice(0, v.Cap()), path)
		}
	case reflect.Map:
		w.found(v.Pointer(), path)
		if !w.shallow {
			w.mapping(v, path)
		}
	case reflect.Func:
		w.closure(v, path)
	}
}

// later has a pointer's target looked at when its turn comes.
func (w *walker) later(p reflect.Value, path string) {
	if w.shallow || p.IsNil() || !holdsPointers(p.Type().Elem()) {
		return
	}
	o := object{p.Pointer(), p.Type()}
	if !w.seen[o] {
		w.seen[o] = true
		w.items = append(w.items, item{p.Elem(), w.at, path})
	}
}

func (w *walker) elements(v reflect.Value, path string) {
	if !holdsPointers(v.Type().Elem()) {
		return
	}
	for i := 0; i < v.Len() && w.left > 0; i++ {
		w.value(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (w *walker) mapping(v reflect.Value, path string) {
	t := v.Type()
	keys, values := holdsPointers(t.Key()), holdsPointers(t.Elem())
	if !keys && !values {
		return
	}
	for it := v.MapRange(); it.Next() && w.left > 0; {
		entry := path + "[" + keyText(it.Key()) + "]"
		if keys {
			w.value(it.Key(), entry+" (the key)")
		}
		if values {
			w.value(it.Value(), entry)
		}
	}
}

// keyText returns a map key as it would be written, if it is short.
func keyText(k reflect.Value) string {
	switch k.Kind() {
	case reflect.String:
		if s := k.String(); len(s) <= 40 {
			return fmt.Sprintf("%q", s)
		}
		return fmt.Sprintf("%.40q…", k.String())
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		return fmt.Sprint(k)
	}
	return "a " + k.Type().String()
}

func (w *walker) structure(v reflect.Value, path string) {
	t := v.Type()
	switch pkg := t.PkgPath(); {
	case pkg == "weak", strings.HasPrefix(pkg, "github.com/weakref-go/weakref/internal/"):
		return // which do not keep what they refer to
	case pkg == "sync/atomic" && strings.HasPrefix(t.Name(), "Pointer["):
		// An unsafe.Pointer whose type is in the first field, a [0]*T.
		p := reflect.NewAt(t.Field(0).Type.Elem().Elem(), v.FieldByName("v").UnsafePointer())
		w.value(p, path)
		return
	case pkg == "sync" && t.Name() == "Map" && v.CanAddr() && !w.shallow:
		m := (*sync.Map)(unsafe.Pointer(v.UnsafeAddr())) // safe: it is one, wherever it was found
		m.Range(func(key, value any) bool {
			entry := path + "[" + keyText(reflect.ValueOf(key)) + "]"
			w.value(reflect.ValueOf(key), entry+" (the key)")
			w.value(reflect.ValueOf(value), entry)
			return w.left > 0
		})
		return
	}
	for i := range t.NumField() {
		if f := t.Field(i); holdsPointers(f.Type) {
			w.value(v.Field(i), path+"."+f.Name)
		}
	}
}

// closure looks at the first variable that a function captures.
func (w *walker) closure(v reflect.Value, path string) {
	if v.IsNil() || !v.CanAddr() {
		return
	}
	// Safe: a func is a pointer to an object that begins with the address of the
	// code. If it captures anything, that follows, and an object in memory is of two
	// words at least; if not, what follows is the next constant of the program.
	f := *(*unsafe.Pointer)(unsafe.Pointer(v.UnsafeAddr()))
	captured := *(*uintptr)(unsafe.Add(f, unsafe.Sizeof(uintptr(0))))
	name := "func"
	if fn := runtime.FuncForPC(v.Pointer()); fn != nil {
		name = fn.Name()
	}
	w.found(captured, path+" → "+name+" captures it")
}

var pointerTypes sync.Map // reflect.Type to bool

// holdsPointers reports whether values of a type may hold pointers that Walk
// follows.
func holdsPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Interface, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func:
		return true
	case reflect.Array:
		return t.Len() > 0 && holdsPointers(t.Elem())
	case reflect.Struct:
		if known, ok := pointerTypes.Load(t); ok {
			return known.(bool)
		}
		holds := false
		for i := range t.NumField() {
			holds = holds || holdsPointers(t.Field(i).Type)
		}
		pointerTypes.Store(t, holds)
		return holds
	}
	return false
}
