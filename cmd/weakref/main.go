// Command weakref is the command line of the weakref module. Run it without
// arguments for what it can do.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weakref-go/weakref/cmd/weakref/internal/demo"
	"github.com/weakref-go/weakref/cmd/weakref/internal/top"
	"github.com/weakref-go/weakref/cmd/weakref/internal/version"
	"github.com/weakref-go/weakref/cmd/weakref/internal/vet"
	"github.com/weakref-go/weakref/cmd/weakref/internal/why"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	if err := command().ExecuteContext(ctx); err != nil {
		if ctx.Err() != nil {
			os.Exit(130) // as if the signal had ended it
		}
		os.Exit(1)
	}
}

// command is the root of the commands. Each has a package of its own below
// internal.
func command() *cobra.Command {
	c := &cobra.Command{
		Use:          "weakref",
		Short:        "References that do not keep things alive",
		SilenceUsage: true,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("there is no command %q; there are %s", args[0], strings.Join(names(c), ", "))
		}
		return c.Help()
	}
	c.Args = cobra.ArbitraryArgs
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; %s has %s", err, c.CommandPath(), strings.Join(flags(c), ", "))
	})
	c.AddCommand(demo.Command(), vet.Command(), why.Command(), version.Command(), top.Command())
	return c
}

// names lists the commands below one.
func names(c *cobra.Command) (all []string) {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, sub.Name())
		}
	}
	return all
}

// flags lists the flags of a command.
func flags(c *cobra.Command) (all []string) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + " (" + name + ")"
		}
		all = append(all, name)
	})
	return all
}
