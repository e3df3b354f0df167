// Command weakref is the command line of the weakref module. Run it without
// arguments for what it can do.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/weakref-go/weakref/cmd/weakref/internal/demo"
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
	c.AddCommand(demo.Command(), vet.Command(), why.Command())
	return c
}
