package exe

import (
	"debug/buildinfo"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// Level is how much an executable tells. Each level includes those before it.
type Level int

const (
	Nothing   Level = iota // no executable, or not one that belongs to the dump
	Functions              // functions, lines, run-time types
	Symbols                // names of variables
	Full                   // types of variables, names of locals and captured variables
)

// File is an executable that belongs to a dump. The nil File tells nothing. A
// File may be used by one goroutine at a time.
type File struct {
	img    *image
	module module
	funcs  *funcs
	rtypes *rtypes
	debug  *debugInfo
	slide  slides
	mods   []string // see modules
	own    *File    // the executable that wrote the dump, if f is another build and it is known
}

// Open opens the executable at path that wrote a dump, or another build of the
// same sources with the same Go version. It returns an error if the executable
// does not belong to the dump.
func Open(path string, d *record.Dump) (*File, error) {
	img, err := openImage(path)
	if err != nil {
		return nil, err
	}
	f := &File{img: img}
	m, at, err := img.findModule(d)
	if err == nil {
		f.module = m
		f.funcs, f.rtypes, f.debug = newFuncs(img, m), newRtypes(img, m), newDebugInfo(img, m)
		err = f.match(d, at)
	}
	if err != nil {
		img.file.Close()
		return nil, fmt.Errorf("%s: %w%s", path, err, versions(path, d))
	}
	return f, nil
}

// OpenNamed opens a build with names of the sources of the executable at own, which
// wrote a dump. The linker does not put the descriptors of types, nor constants, at
// the same addresses in both, so those are read from the one that wrote the dump.
func OpenNamed(path, own string, d *record.Dump) (*File, error) {
	f, err := Open(path, d)
	if err != nil {
		return nil, err
	}
	if f.own, err = Open(own, d); err != nil {
		f.own = nil // as good as it gets
	}
	return f, nil
}

// versions says how the Go versions of an executable and a dump differ.
func versions(path string, d *record.Dump) string {
	info, err := buildinfo.ReadFile(path)
	if err != nil || info.GoVersion == d.Params.GoVersion {
		return ""
	}
	return fmt.Sprintf(" (it is built with %s, the dump is of %s)", info.GoVersion, d.Params.GoVersion)
}

// Rebase prepares f for another dump of the program, which may have been loaded
// elsewhere.
func (f *File) Rebase(d *record.Dump) error {
	_, at, err := f.img.findModule(d)
	if err != nil {
		return err
	}
	return f.match(d, at)
}

// Close closes the file.
func (f *File) Close() error {
	if f == nil {
		return nil
	}
	if f.own != nil {
		f.own.Close()
	}
	return f.img.file.Close()
}

// Level tells how much the executable tells.
func (f *File) Level() Level {
	switch {
	case f == nil:
		return Nothing
	case f.debug != nil:
		return Full
	case len(f.img.symbols) > 0:
		return Symbols
	}
	return Functions
}

// Constant returns n bytes of the program's memory that cannot be written: the
// bytes of strings. It returns nil if there are none at the address, or if the
// executable is another build than the one that wrote the dump, which keeps its
// constants elsewhere.
func (f *File) Constant(addr, n uint64) []byte {
	switch {
	case f == nil:
		return nil
	case f.own != nil:
		return f.own.Constant(addr, n)
	case !f.slide.same():
		return nil
	}
	return f.img.bytes(addr-f.slide.data, n, f.slide.data)
}

// Var is a variable.
type Var struct {
	Name string
	Addr uint64
	Size uint64
	Type *Type // nil if it is not known
	// Inlined is the function that a local variable belongs to if that was
	// inlined into the one whose frame holds the variable.
	Inlined string
}

// Global returns the package variable that covers an address.
func (f *File) Global(addr uint64) (Var, bool) {
	if f == nil {
		return Var{}, false
	}
	addr -= f.slide.data
	syms := f.img.symbols
	for i := sort.Search(len(syms), func(i int) bool { return syms[i].Addr > addr }) - 1; i >= 0; i-- {
		s := syms[i]
		if s.Size == 0 || isMarker(s.Name) {
			continue
		}
		if addr-s.Addr >= s.Size {
			return Var{}, false
		}
		v := Var{Name: s.Name, Addr: s.Addr + f.slide.data, Size: s.Size}
		if f.debug != nil {
			if off, ok := f.debug.globals[s.Addr]; ok {
				v.Type = f.debug.typeAt(off)
			}
		}
		return v, true
	}
	return Var{}, false
}

// Gap is how many bytes there are from an address to the next package variable.
func (f *File) Gap(addr uint64) uint64 {
	if f == nil {
		return 0
	}
	addr -= f.slide.data
	syms := f.img.symbols
	for i := sort.Search(len(syms), func(i int) bool { return syms[i].Addr > addr }); i < len(syms); i++ {
		if syms[i].Size != 0 && !isMarker(syms[i].Name) {
			return syms[i].Addr - addr
		}
	}
	return 1 << 20
}

// isMarker says whether a symbol marks the bounds of a segment.
func isMarker(name string) bool {
	switch strings.TrimPrefix(name, "runtime.") {
	case "data", "edata", "bss", "ebss", "noptrdata", "enoptrdata", "noptrbss", "enoptrbss", "end":
		return true
	}
	return false
}

// Func returns the function that covers a program counter. Entry is an address
// of the dump.
func (f *File) Func(pc uint64) (name string, entry uint64, ok bool) {
	if f == nil || f.funcs == nil {
		return "", 0, false
	}
	fn := f.funcs.Find(pc - f.slide.text)
	if fn == nil {
		return "", 0, false
	}
	return fn.Name, fn.Entry + f.slide.text, true
}

// ArgsSize returns how many bytes of the caller's frame the function at a program
// counter uses for its arguments and results.
func (f *File) ArgsSize(pc uint64) uint64 {
	if f == nil || f.funcs == nil {
		return 0
	}
	fn := f.funcs.Find(pc - f.slide.text)
	if fn == nil {
		return 0
	}
	return argsSize(fn)
}

// Line returns the file and line of a program counter, in the function whose
// frame it belongs to: where a call has been inlined, the place of the call.
func (f *File) Line(pc uint64) (file string, line int) {
	if f == nil || f.funcs == nil {
		return "", 0
	}
	fn := f.funcs.Find(pc - f.slide.text)
	if fn == nil {
		return "", 0
	}
	return f.funcs.line(fn, pc-f.slide.text)
}

// Type returns the type whose run-time descriptor is at an address, or nil.
func (f *File) Type(addr uint64) *Type {
	if f == nil || addr == 0 {
		return nil
	}
	if f.own != nil {
		return f.ownType(addr)
	}
	r := f.rtypes.at(addr - f.slide.types)
	if f.debug == nil {
		return r
	}
	for off := range f.debug.described(addr - f.slide.types) {
		if t := f.debug.typeAt(off); r == nil || alike(t, r) {
			return t
		}
	}
	return r
}

// ownType reads a descriptor of the executable that wrote the dump. Types whose name is
// the same in DWARF are that.
func (f *File) ownType(addr uint64) *Type {
	r := f.own.rtypes.at(addr - f.own.slide.types)
	if r == nil || f.debug == nil {
		return r
	}
	if off, ok := f.debug.byName[r.Name]; ok {
		if t := f.debug.typeAt(off); alike(t, r) {
			return t
		}
	}
	return r
}

// alike says whether a type of DWARF may be that of a descriptor. The linker leaves
// the descriptors out that a program does not need, and where DWARF refers to one of
// these there may be another.
func alike(t, r *Type) bool {
	is := func(k reflect.Kind) bool { return (t.Kind == k) == (r.Kind == k) }
	return t.Size == r.Size && is(reflect.Pointer) && is(reflect.Func) && is(reflect.Map) && is(reflect.Chan)
}

// TypeNamed returns the type of a name, with its full import path, or nil.
func (f *File) TypeNamed(name string) *Type {
	if f == nil || f.debug == nil {
		return nil
	}
	if off, ok := f.debug.byName[name]; ok {
		return f.debug.typeAt(off)
	}
	return nil
}

// Captured returns the variables that closures of the function at a program
// counter capture, by their offset in the closure. The name of a variable that
// is shared with the function around it begins with &, and its type is a
// pointer.
func (f *File) Captured(pc uint64) (fields []Field) {
	for _, v := range f.typedVariables(pc) {
		if v.captured >= 0 {
			fields = append(fields, Field{v.name, uint64(v.captured), f.debug.typeAt(v.typ)})
		}
	}
	return fields
}

// Params returns the parameters of the function at a program counter.
func (f *File) Params(pc uint64) (fields []Field) {
	for _, v := range f.typedVariables(pc) {
		if v.param && v.inlined == "" && v.captured < 0 {
			fields = append(fields, Field{Name: v.name, Type: f.debug.typeAt(v.typ)})
		}
	}
	return fields
}

// typedVariables returns the variables of the function at a program counter whose
// types are known.
func (f *File) typedVariables(pc uint64) (typed []variable) {
	if f == nil || f.debug == nil {
		return nil
	}
	fn := f.debug.find(pc - f.slide.text)
	if fn == nil {
		return nil
	}
	for _, v := range f.debug.variables(fn) {
		if v.typ != 0 {
			typed = append(typed, v)
		}
	}
	return typed
}

// Variables returns the variables of the function at a program counter whose types
// are known, captured ones and those of inlined calls included.
func (f *File) Variables(pc uint64) (fields []Field) {
	for _, v := range f.typedVariables(pc) {
		fields = append(fields, Field{Name: v.name, Type: f.debug.typeAt(v.typ)})
	}
	return fields
}

// Lost returns the variables of the function at a program counter, captured ones
// included, that DWARF does not find in its frame. The compiler moves variables
// about, and does not always say where to.
func (f *File) Lost(pc uint64) (fields []Field) {
	if f == nil || f.debug == nil {
		return nil
	}
	pc -= f.slide.text
	fn := f.debug.find(pc)
	if fn == nil {
		return nil
	}
	for _, v := range f.debug.variables(fn) {
		if v.typ != 0 && !f.debug.inFrame(fn, &v, pc) {
			fields = append(fields, Field{Name: v.name, Type: f.debug.typeAt(v.typ)})
		}
	}
	return fields
}

// Local returns the local variable that covers an address of a frame, given the
// frame's program counter and end.
func (f *File) Local(pc, end, addr uint64) (Var, bool) {
	if f == nil || f.debug == nil {
		return Var{}, false
	}
	fn := f.debug.find(pc - f.slide.text)
	if fn == nil {
		return Var{}, false
	}
	v, base, ok := f.debug.local(fn, pc-f.slide.text, end, addr)
	if !ok {
		return Var{}, false
	}
	t := f.debug.typeAt(v.typ)
	return Var{Name: v.name, Addr: base, Size: t.Size, Type: t, Inlined: v.inlined}, true
}
