package names

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// Bounds of what is shown of a key.
const (
	maxString = 40 // bytes
	maxParts  = 4  // fields or elements
	maxDepth  = 3  // structs in structs, values in interfaces
)

// literal shows the value of type t at an address, which is a key of a map, as
// it would be written in Go.
func (n *Namer) literal(t *exe.Type, addr uint64) string {
	return n.literalIn(t, addr, maxDepth)
}

func (n *Namer) literalIn(t *exe.Type, addr uint64, depth int) string {
	if t == nil {
		return "?"
	}
	if depth == 0 {
		return n.Short(t.Name)
	}
	switch t.Kind {
	case reflect.String:
		return n.stringLiteral(addr)
	case reflect.Bool:
		v, _ := n.uintAt(addr, 1)
		return strconv.FormatBool(v != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v, ok := n.uintAt(addr, t.Size)
		shift := 64 - 8*t.Size
		return orUnknown(t, strconv.FormatInt(int64(v<<shift)>>shift, 10), ok)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v, ok := n.uintAt(addr, t.Size)
		return orUnknown(t, strconv.FormatUint(v, 10), ok)
	case reflect.Float32, reflect.Float64:
		return n.floatLiteral(t, addr)
	case reflect.Pointer, reflect.Chan:
		return fmt.Sprintf("(%s)(%#x)", n.Short(t.Name), n.wordAt(addr))
	case reflect.UnsafePointer:
		return fmt.Sprintf("%#x", n.wordAt(addr))
	case reflect.Struct, reflect.Array:
		return n.partsLiteral(t, addr, depth-1)
	case reflect.Interface:
		return n.interfaceLiteral(t, addr, depth-1)
	}
	return n.Short(t.Name)
}

func orUnknown(t *exe.Type, text string, ok bool) string {
	if !ok {
		return Short(t.Name)
	}
	return text
}

func (n *Namer) stringLiteral(addr uint64) string {
	p, length := n.wordAt(addr), n.wordAt(addr+n.word())
	b := n.read(p, min(length, maxString))
	switch {
	case length == 0:
		return `""`
	case b == nil:
		return fmt.Sprintf("string of %d bytes", length)
	case length > maxString:
		return strconv.Quote(string(b)) + "…"
	}
	return strconv.Quote(string(b))
}

func (n *Namer) floatLiteral(t *exe.Type, addr uint64) string {
	v, ok := n.uintAt(addr, t.Size)
	f := math.Float64frombits(v)
	if t.Size == 4 {
		f = float64(math.Float32frombits(uint32(v)))
	}
	return orUnknown(t, strconv.FormatFloat(f, 'g', -1, int(8*t.Size)), ok)
}

// partsLiteral shows the first fields or elements of a value.
func (n *Namer) partsLiteral(t *exe.Type, addr uint64, depth int) string {
	var parts []string
	add := func(name string, t *exe.Type, off uint64) {
		switch {
		case len(parts) < maxParts:
			parts = append(parts, name+n.literalIn(t, addr+off, depth))
		case len(parts) == maxParts:
			parts = append(parts, "…")
		}
	}
	for _, f := range t.Fields() {
		if f.Name != "_" {
			add(f.Name+": ", f.Type, f.Off)
		}
	}
	if e := t.Elem(); t.Kind == reflect.Array && e != nil && e.Size > 0 {
		for off := uint64(0); off < t.Size && len(parts) <= maxParts; off += e.Size {
			add("", e, off)
		}
	}
	return n.Short(t.Name) + "{" + strings.Join(parts, ", ") + "}"
}

func (n *Namer) interfaceLiteral(t *exe.Type, addr uint64, depth int) string {
	dyn := n.dynamicType(addr)
	if dyn == nil {
		if n.wordAt(addr) == 0 {
			return "nil"
		}
		return n.Short(t.Name)
	}
	at := addr + n.word()
	if !n.isPointer(dyn) {
		at = n.wordAt(at)
	}
	return n.literalIn(dyn, at, depth)
}
