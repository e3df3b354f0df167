package exe

import (
	"debug/buildinfo"
	"slices"
	"strings"
)

// Packages returns the import paths of the packages that have functions in the
// program.
func (f *File) Packages() (paths []string) {
	if f == nil || f.funcs == nil {
		return nil
	}
	last := ""
	for i := range f.funcs.Len() {
		name := f.funcs.Name(i)
		if strings.HasPrefix(name, "type:") || strings.HasPrefix(name, "go:") {
			continue // made by the compiler
		}
		if path := packageOf(name); path != last {
			last = path
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// packageOf is the import path of the package of a function.
func packageOf(fn string) string {
	name, _, _ := strings.Cut(fn, "[") // type arguments have paths of their own
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return ""
	}
	return strings.ReplaceAll(name[:slash+dot], "%2e", ".")
}

// IsStandard says whether a function is of the standard library.
func (f *File) IsStandard(fn string) bool {
	path := packageOf(fn)
	if path == "main" {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "vendor/"), "/")
	if strings.Contains(first, ".") && !strings.HasPrefix(path, "vendor/") {
		return false
	}
	for _, m := range f.modules() {
		if path == m || strings.HasPrefix(path, m+"/") || path+".test" == m || path == m+"_test" {
			return false
		}
	}
	return true
}

// modules are the paths of the modules that the program is made of, as far as they do
// not look different from the standard library.
func (f *File) modules() []string {
	if f == nil {
		return nil
	}
	if f.mods == nil {
		f.mods = []string{}
		if info, err := buildinfo.Read(f.img.file); err == nil {
			for _, path := range []string{info.Path, info.Main.Path} {
				if path = strings.TrimSuffix(path, ".test"); path != "" && path != "command-line-arguments" {
					f.mods = append(f.mods, path)
				}
			}
			for _, d := range info.Deps {
				f.mods = append(f.mods, d.Path)
			}
		}
	}
	return f.mods
}

// TypesOfPackage returns the types that have names in the package of a function.
func (f *File) TypesOfPackage(fn string) (types []*Type) {
	if f == nil || f.debug == nil {
		return nil
	}
	dir := strings.LastIndex(fn, "/") + 1
	name, _, ok := strings.Cut(fn[dir:], ".")
	if !ok {
		return nil
	}
	for typ, off := range f.debug.byName {
		if strings.HasPrefix(typ, fn[:dir]+name+".") {
			types = append(types, f.debug.typeAt(off))
		}
	}
	return types
}
