package names

import "strings"

// Short shortens import paths in a name of a type, function or variable to the
// name of the package, as they are written in Go.
//
//	*example.com/app/store.Session → *store.Session
//	example.com/app/v2.(*Server).Serve → app.(*Server).Serve
//
// Type arguments that the compiler has replaced by their shape are left out.
//
//	main.Cache[go.shape.string,go.shape.*uint8].Get → main.Cache[...].Get
func Short(name string) string {
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
		out.WriteString(shortPath(name[:n]))
		name = name[n:]
	}
	return out.String()
}

// withoutShapes replaces type arguments that are shapes by dots.
func withoutShapes(name string) string {
	const shape = "go.shape."
	i := strings.Index(name, "["+shape)
	if i < 0 {
		return strings.ReplaceAll(name, shape, "")
	}
	depth := 0
	for k := i; k < len(name); k++ {
		switch name[k] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return strings.ReplaceAll(name[:i], shape, "") + "[...]" + withoutShapes(name[k+1:])
			}
		}
	}
	return name
}

// shortPath shortens one import path with what follows it.
func shortPath(s string) string {
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		dir, last := s[:i], s[i+1:]
		version, rest, _ := strings.Cut(last, ".")
		if isVersion(version) {
			last = dir[strings.LastIndexByte(dir, '/')+1:] + "." + rest
		} else if pkg, v, ok := strings.Cut(version, "%2e"); ok && isVersion(v) { // gopkg.in/yaml.v3
			last = pkg + "." + rest
		}
		s = last
	}
	return strings.ReplaceAll(s, "%2e", ".")
}

// isVersion says whether the last element of an import path is a major version.
func isVersion(s string) bool {
	return len(s) >= 2 && s[0] == 'v' && strings.Trim(s[1:], "0123456789") == ""
}
