// Package top is the command "weakref top".
package top

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Command returns the command.
func Command() *cobra.Command {
	var once bool
	every := 2 * time.Second
	c := &cobra.Command{
		Use:   "top URL",
		Short: "Show the containers of a running service, those that grow first",
		Long: `Show the containers of a running service, those that grow first.

URL is where the service has mounted package debug's Handler. Growth counts from the first
look. A user and a password may be part of the URL. Without a terminal it prints a table
each time.

Keys: g and n sort by growth and length, r counts growth from now on, p pauses, arrows and
page keys scroll, ? shows all keys, q ends.`,
		Example: "  weakref top http://localhost:6060/debug/weakref\n  weakref top --once http://localhost:6060/debug/weakref",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if every <= 0 {
				return fmt.Errorf("--every is %v; it must be more than 0", every)
			}
			s, err := newSource(args[0])
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			if f, ok := out.(*os.File); ok && !once && term.IsTerminal(int(f.Fd())) {
				_, err := tea.NewProgram(newScreen(c.Context(), s, every), tea.WithContext(c.Context()), tea.WithOutput(f)).Run()
				return err
			}
			return plain(c.Context(), out, s, every, once)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "print a table once")
	c.Flags().DurationVar(&every, "every", every, "time between two looks")
	return c
}

// plain prints a table each time, until ctx ends or the service does not answer.
func plain(ctx context.Context, out io.Writer, s *source, every time.Duration, once bool) error {
	t := newTable()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		all, err := s.look(ctx)
		if err != nil {
			return err
		}
		t.update(all)
		if _, err := fmt.Fprintln(out, t.text(-1, 0, len(t.rows))); err != nil || once {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

var client = &http.Client{Timeout: 30 * time.Second}
