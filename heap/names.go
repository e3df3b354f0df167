package heap

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// Names is how good the names in an answer are. Each level has what the one
// before has.
type Names int

const (
	NamesNone      Names = iota // functions on stacks only: there is no executable
	NamesFunctions              // functions and lines, run-time types: the executable is stripped
	NamesSymbols                // variables: the executable has symbols but no DWARF
	NamesFull                   // fields, locals and captured variables
)

func (n Names) String() string {
	return [...]string{"none", "functions", "symbols", "full"}[n]
}

// MarshalText writes the level as String does, for JSON.
func (n Names) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (n *Names) UnmarshalText(b []byte) error {
	for level := NamesNone; level <= NamesFull; level++ {
		if level.String() == string(b) {
			*n = level
			return nil
		}
	}
	return fmt.Errorf("heap: there is no level of names %q", b)
}

func levelOf(f *exe.File) Names {
	return map[exe.Level]Names{
		exe.Nothing: NamesNone, exe.Functions: NamesFunctions, exe.Symbols: NamesSymbols, exe.Full: NamesFull,
	}[f.Level()]
}

// symbolsEnv names the environment variable that tells of an executable with
// names, for a process whose own has none.
const symbolsEnv = "WEAKREF_SYMBOLS"

var errNoBinary = errors.New("no executable was given")

// hint says in a line how to get better names for answers about this process, or
// "" if they cannot be better.
func hint(level Names) string {
	switch {
	case level == NamesFull:
		return ""
	case strings.HasSuffix(strings.TrimSuffix(os.Args[0], ".exe"), ".test"):
		return "for names, run: go test -ldflags='-s=false -w=false'"
	}
	return "for names, build without -ldflags='-s -w', or set " + symbolsEnv + " to such a build of the same sources"
}

// hint says in a line how to get better names for this dump.
func (d *Dump) hint() string {
	switch {
	case d.self:
		return hint(d.level)
	case d.level == NamesFull:
		return ""
	case d.level == NamesNone && d.noExe != nil:
		return "for names, give the executable that wrote the dump (" + d.noExe.Error() + ")"
	}
	return "for names, give an executable of the same sources that is built without -ldflags='-s -w'"
}
