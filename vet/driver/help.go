package driver

import (
	"fmt"
	"io"
	"strings"

	"github.com/weakref-go/weakref/vet"
)

// writeHelp lists the checks, all of them, and the flags.
func writeHelp(w io.Writer, name string) {
	fmt.Fprintf(w, `%[1]s finds misuse of weak pointers, cleanups, finalizers and unique handles.

  %[1]s [flags] [packages]   check them; if there are none, this folder's
  %[1]s help NAME            what a check reports, and what to write instead

The checks:
`, name)
	for tier, title := range tierTitles {
		fmt.Fprintf(w, "\n%s\n", title)
		for _, c := range vet.Suite {
			if c.Tier == vet.Tier(tier) {
				summary, _, _ := strings.Cut(c.Doc, "\n")
				fmt.Fprintf(w, "  %-16s %s\n", c.Name, wrap(summary, 19))
			}
			if c.Part != "" && c.PartTier == vet.Tier(tier) {
				usage := c.Flags.Lookup(c.Part).Usage
				fmt.Fprintf(w, "  -%s.%s\n%19s%s\n", c.Name, c.Part, "", wrap(usage, 19))
			}
		}
	}
	fmt.Fprint(w, `
The flags:

  -tier TIER       default, warning (these too) or all
  -NAME            run this check only; -NAME=false leaves it out
  -json            print the findings as JSON
  -fix             apply the suggested fixes; with -diff, print them instead
  -test=false      leave out tests
  -c N             show N lines around each finding

The exit code is 0 if all is well, 1 if the packages could not be checked, 2 if
the command line is wrong, and 3 if there are findings (0 with -json).
`)
}

var tierTitles = []string{
	vet.Default: "-tier default: a bug, with next to no exception",
	vet.Warning: "-tier warning: worth a look",
	vet.OptIn:   "-tier all: depends on what the code is meant for",
}

// wrap breaks a text into lines of at most 79 columns, indented but for the first.
func wrap(text string, indent int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > 79:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
