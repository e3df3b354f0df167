package weakref

import (
	"fmt"
	"reflect"
)

// String returns the type of the map, its name and its length. It does not look at
// the entries.
func (m *ValueMap[K, V]) String() string { return describe(m, m.Name, m.Len()) }

// String is as [ValueMap.String].
func (m *KeyMap[K, V]) String() string { return describe(m, m.Name, m.Len()) }

// String is as [ValueMap.String].
func (s *Set[T]) String() string { return describe(s, s.Name, s.Len()) }

// String is as [ValueMap.String].
func (in *Interner[T]) String() string { return describe(in, in.Name, in.Len()) }

// String is as [ValueMap.String].
func (in *InternerFunc[T]) String() string { return describe(in, in.Name, in.Len()) }

// describe names a container to which p points, as in
// "weakref.Set[main.Session](listeners, 3 entries)".
func describe[T any](_ *T, name string, n int) string {
	if name != "" {
		name += ", "
	}
	unit := "entries"
	if n == 1 {
		unit = "entry"
	}
	return fmt.Sprintf("%v(%s%d %s)", reflect.TypeFor[T](), name, n, unit)
}
