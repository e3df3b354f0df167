// Package demo is the command "weakref demo": a service that indexes Go source, with
// four ways to hold on to what it has parsed, and what becomes of each. See
// docs/demo.md.
package demo

import (
	"fmt"

	"github.com/spf13/cobra"
)

// options is what the user can choose.
type options struct {
	files   int
	workers int
	rounds  int
	seed    uint64
	html    string
	json    bool
}

// Command returns the command.
func Command() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "demo [FOLDER]",
		Short: "Compare a map, an LRU and weak caches on real source code",
		Long: `A service parses Go files on demand, for editors that open files, hold their
syntax trees for a while, ask for files that others hold, and let go. The same
requests are made of a plain map, an LRU, a weak cache, and a weak cache that
keeps the hottest trees.

The files are those of FOLDER, or of the Go installation's own source.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return o.run(c.Context(), args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.IntVar(&o.files, "files", 4000, "use at most so many `files`")
	f.IntVar(&o.workers, "workers", 8, "have so many `editors` work at the same time")
	f.IntVar(&o.rounds, "rounds", 200, "have each do so many `rounds` of opening, asking and letting go")
	f.Uint64Var(&o.seed, "seed", 1, "the `number` that decides which files are chosen and what is asked for")
	f.StringVar(&o.html, "html", "", "write a report with charts to `FILE`")
	f.BoolVar(&o.json, "json", false, "print the figures as JSON")
	return c
}

// Bounds of what makes sense, and of what an int can count on any machine.
const (
	mostWorkers = 10_000
	mostRounds  = 1_000_000
)

// check says what is wrong with the options.
func (o *options) check() error {
	switch {
	case o.files < 1:
		return fmt.Errorf("--files is %d; it must be 1 or more", o.files)
	case o.workers < 1 || o.workers > mostWorkers:
		return fmt.Errorf("--workers is %d; it must be between 1 and %d", o.workers, mostWorkers)
	case o.rounds < 1 || o.rounds > mostRounds:
		return fmt.Errorf("--rounds is %d; it must be between 1 and %d", o.rounds, mostRounds)
	}
	return nil
}
