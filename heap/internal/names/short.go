package names

import (
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// Short shortens import paths in a name of a type, function or variable to the
// name of the package, as they are written in Go.
//
//	*example.com/app/store.Session → *store.Session
//	example.com/app/v2.(*Server).Serve → app.(*Server).Serve
//
// Type arguments that the compiler has replaced by their shape are left out.
//
//	main.Cache[go.shape.string,go.shape.*uint8].Get → main.Cache[...].Get
func Short(name string) string { return shorten(name, shortPath) }

// shorten shortens each import path in a name.
func shorten(name string, path func(string) string) string {
	name = withoutShapes(name)
	if !strings.ContainsAny(name, "/%") {
		return name
	}
	var out strings.Builder
	for len(name) > 0 {
		n := strings.IndexAny(name, " []{}(),*;<>")
		switch n {
		case -1:
			n = len(name)
		case 0:
			n = 1
		}
		out.WriteString(path(name[:n]))
		name = name[n:]
	}
	return out.String()
}

// shapeMark is in the names of shapes: of the types that generic code is compiled for, each
// for all types that look alike.
const shapeMark = "go.shape."

// isShape says whether a type is a shape. That of a pointer is *uint8 whatever it leads to.
func isShape(t *exe.Type) bool { return strings.HasPrefix(t.Name, shapeMark) }

// withoutShapes replaces type arguments that are shapes by dots.
func withoutShapes(name string) string {
	i := strings.Index(name, "["+shapeMark)
	if i < 0 {
		return strings.ReplaceAll(name, shapeMark, "")
	}
	depth := 0
	for k := i; k < len(name); k++ {
		switch name[k] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return strings.ReplaceAll(name[:i], shapeMark, "") + "[...]" + withoutShapes(name[k+1:])
			}
		}
	}
	return name
}

// shortPath shortens one import path with what follows it.
func shortPath(s string) string { return lastOf(s, 1) }

// lastOf is the last elements of an import path, with what follows it. A major version
// is none.
func lastOf(s string, elements int) string {
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		dir, last := s[:i], s[i+1:]
		version, rest, _ := strings.Cut(last, ".")
		if isVersion(version) {
			k := strings.LastIndexByte(dir, '/')
			dir, last = dir[:max(k, 0)], dir[k+1:]+"."+rest
		} else if pkg, v, ok := strings.Cut(version, "%2e"); ok && isVersion(v) { // gopkg.in/yaml.v3
			last = pkg + "." + rest
		}
		if elements > 1 {
			last = dir[strings.LastIndexByte(dir, '/')+1:] + "/" + last
		}
		s = last
	}
	return strings.ReplaceAll(s, "%2e", ".")
}

// Short is as the function Short, but tells packages apart that have the same name in
// this program: gorilla/context.data is not of the package context.
func (n *Namer) Short(name string) string {
	if !strings.Contains(name, "/") || n.Exe.Level() == exe.Nothing {
		return Short(name)
	}
	if s, ok := n.shorts[name]; ok {
		return s
	}
	if n.packages == nil {
		n.packages, n.shorts = severalPackages(n.Exe.Packages()), map[string]string{}
	}
	s := shorten(name, func(path string) string {
		short := lastOf(path, 1)
		if pkg, _, _ := strings.Cut(short, "."); n.packages[pkg] {
			return lastOf(path, 2)
		}
		return short
	})
	n.shorts[name] = s
	return s
}

// severalPackages tells the names that several packages have. Those that only serve
// the standard library do not count: whoever writes atomic means sync/atomic.
func severalPackages(paths []string) map[string]bool {
	first, several := map[string]string{}, map[string]bool{}
	for _, path := range paths {
		if strings.Contains("/"+path+"/", "/internal/") || strings.HasPrefix(path, "vendor/") {
			continue
		}
		name, _, _ := strings.Cut(lastOf(path+".", 1), ".")
		if other, ok := first[name]; ok && other != path {
			several[name] = true
		}
		first[name] = path
	}
	return several
}

// isVersion says whether the last element of an import path is a major version.
func isVersion(s string) bool {
	return len(s) >= 2 && s[0] == 'v' && strings.Trim(s[1:], "0123456789") == ""
}
