package driver

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/vet"
)

// core are the flags that belong to no check, and whether they have a value.
var core = map[string]bool{
	"tier": true, "json": false, "fix": false, "diff": false, "test": false, "c": true,
	"debug": true, "cpuprofile": true, "memprofile": true, "trace": true, "tags": true,
	"V": false, "flags": false, "h": false, "help": false,
	"all": false, "source": false, "v": false, // without effect, for old scripts
}

// named are the core flags worth naming to somebody who has mistyped one.
const named = "-tier, -json, -fix, -diff, -test, -c"

// valued tells for each flag whether it has a value of its own, and not just true or
// false.
func valued() map[string]bool {
	all := make(map[string]bool)
	for name, v := range core {
		all[name] = v
	}
	for _, a := range vet.Analyzers() {
		all[a.Name] = false
		a.Flags.VisitAll(func(f *flag.Flag) {
			b, ok := f.Value.(interface{ IsBoolFlag() bool })
			all[a.Name+"."+f.Name] = !ok || !b.IsBoolFlag()
		})
	}
	return all
}

// A line is a command line taken apart.
type line struct {
	flags    []string // their names
	packages []string // or what stands in their place
}

// takeApart reads a command line as package flag does. It knows which flags there are.
func takeApart(args []string) (line, error) {
	var l line
	flags := valued()
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			args = args[1:]
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			break
		}
		name, _, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		v, ok := flags[name]
		if !ok {
			return l, fmt.Errorf("there is no flag -%s; there are %s, and one for each check: -%s", name, named, strings.Join(checkNames(), ", -"))
		}
		l.flags = append(l.flags, name)
		args = args[1:]
		if v && !hasValue && len(args) > 0 {
			args = args[1:]
		}
	}
	l.packages = args
	return l, nil
}

func checkNames() []string {
	var names []string
	for _, a := range vet.Analyzers() {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return names
}

// protocol reports whether it is not a person who asks: go vet does, or a script that
// wants to know the version or the flags.
func (l line) protocol() bool {
	return slices.Contains(l.flags, "V") || slices.Contains(l.flags, "flags") ||
		len(l.packages) == 1 && strings.HasSuffix(l.packages[0], ".cfg")
}

// help reports whether it is help that is wanted, of everything.
func (l line) help() bool {
	return slices.Contains(l.flags, "h") || slices.Contains(l.flags, "help") ||
		len(l.packages) == 1 && l.packages[0] == "help"
}
