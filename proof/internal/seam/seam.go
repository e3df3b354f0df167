// Package seam lets the tests of this module look into containers that do not show
// what is inside: at their tables and at their hashes.
package seam

import (
	"fmt"
	"reflect"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
)

// Hashes are the kinds of hashes that tests run under, and how many different ones
// many keys may have then; 0 is any number.
var Hashes = []struct {
	Name string
	Kind keyhash.Kind
	Most int
}{
	{"good hash", keyhash.Good, 0},
	{"constant hash", keyhash.OneHash, 1},
	{"truncated hash", keyhash.Truncated, 256},
}

// NeedsKill skips a test that chooses the moment of deaths where that is impossible.
func NeedsKill(t testing.TB) {
	t.Helper()
	if !handle.Kill(new([4]*int)) {
		t.Skip("deaths cannot be chosen on this runtime")
	}
}

// Validate checks the invariants of the table of a container, which is passed by
// pointer. Nobody else may use the container meanwhile.
func Validate(container any) error {
	defer gcclock.Pause()()
	state := state(container)
	if !state.IsValid() {
		return nil // not used yet
	}
	table, ok := find[interface{ Validate() error }](state)
	if !ok {
		return fmt.Errorf("%T has no table", container)
	}
	return table.Validate()
}

// TB is the part of [testing.TB] that the functions below need.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// DistinctHashes returns how many hashes a container, which is in use, has for a
// thousand keys. It is what shows that a bad hash is in effect.
func DistinctHashes(t TB, container any) int {
	t.Helper()
	s := state(container)
	if !s.IsValid() {
		t.Fatalf("%T is not in use", container)
	}
	hasher := field(s, func(v reflect.Value) bool { return v.MethodByName("Quick").IsValid() })
	if !hasher.IsValid() {
		t.Fatalf("%T has no hasher", container)
	}
	hash := hasher.MethodByName("Hash")
	seen := make(map[uint64]bool)
	for k := range 1000 {
		key := reflect.ValueOf(16 * k).Convert(hash.Type().In(0))
		seen[hash.Call([]reflect.Value{key})[0].Uint()] = true
	}
	return len(seen)
}

// CheckHash fails the test unless a container has the hash that it shall have.
func CheckHash(t TB, container any, most int) {
	t.Helper()
	n := DistinctHashes(t, container)
	if most == 0 && n < 1000 || most > 0 && n > most {
		t.Fatalf("%T has %d different hashes of 1000 keys, want at most %d (0: all)", container, n, most)
	}
}

// state returns what the field state of a container points to, addressable, or the
// zero Value.
func state(container any) reflect.Value {
	f := reflect.ValueOf(container).Elem().FieldByName("state")
	p := exposed(f).Addr().MethodByName("Load").Call(nil)[0]
	return p.Elem()
}

// find returns the first field that has the methods of I.
func find[I any](v reflect.Value) (found I, ok bool) {
	field(v, func(p reflect.Value) bool {
		found, ok = p.Interface().(I)
		return ok
	})
	return found, ok
}

// field returns a pointer to the first field for which match reports true. It looks
// into embedded structs, too.
func field(v reflect.Value, match func(reflect.Value) bool) reflect.Value {
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	for i := range v.NumField() {
		f := exposed(v.Field(i))
		if match(f.Addr()) {
			return f.Addr()
		}
		if v.Type().Field(i).Anonymous {
			if found := field(f, match); found.IsValid() {
				return found
			}
		}
	}
	return reflect.Value{}
}

// exposed returns an addressable field as if its name were exported.
func exposed(f reflect.Value) reflect.Value {
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem() // safe: f is there, and of that type
}
