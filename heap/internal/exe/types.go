package exe

import "reflect"

// Type is what is known of a Go type.
type Type struct {
	Name string // with full import paths if DWARF tells them
	Size uint64
	Kind reflect.Kind // Invalid if it is not known

	key, elem, group *Type
	fields           []Field
	load             func(*Type) // finds the above when they are first asked for
}

// Field is a field of a struct, or a variable that a closure captures.
type Field struct {
	Name string
	Off  uint64
	Type *Type
}

func (t *Type) complete() *Type {
	if load := t.load; load != nil {
		t.load = nil
		load(t)
	}
	return t
}

// Elem is the element of an array, slice, pointer, channel or map; nil if it is
// not known.
func (t *Type) Elem() *Type { return t.complete().elem }

// Key is the key of a map.
func (t *Type) Key() *Type { return t.complete().key }

// Group is the type that a map stores groups of entries in.
func (t *Type) Group() *Type { return t.complete().group }

// Fields are the fields of a struct.
func (t *Type) Fields() []Field { return t.complete().fields }

// Field returns the field of a given name.
func (t *Type) Field(name string) (Field, bool) {
	for _, f := range t.Fields() {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// poolValue is a struct that a sync.Pool keeps values in: an interface by its layout.
const poolValue = "sync.eface"

// NewChan makes a channel type.
func NewChan(name string, size uint64, elem *Type) *Type {
	return &Type{Name: name, Size: size, Kind: reflect.Chan, elem: elem}
}
