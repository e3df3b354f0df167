// Package vet is the command "weakref vet": the static checks of the module
// github.com/weakref-go/weakref/vet.
package vet

import (
	"github.com/spf13/cobra"

	"github.com/weakref-go/weakref/vet/driver"
)

// Command returns the command. It does not return from a run: the driver of the
// checks ends the program, with an exit code that tells errors from findings.
func Command() *cobra.Command {
	return &cobra.Command{
		Use:   "vet [flags] [packages]",
		Short: "Find misuse of weak pointers, cleanups, finalizers and unique handles",
		Long: `Find misuse of weak pointers, cleanups, finalizers and unique handles, and of
the containers of the weakref module.

Without packages it checks the one in the current folder.

  -tier default   bugs (if absent)
  -tier warning   and what is worth a look
  -tier all       and what depends on the code's purpose
  -json           print the findings as JSON
  -fix            apply the suggested fixes; with -diff, print them instead

"weakref vet help" lists the checks and all flags, "weakref vet help NAME"
describes a check. The exit code is 3 if there are findings.`,
		Example:            "  weakref vet ./...\n  weakref vet -tier warning ./...\n  weakref vet -diff ./...",
		DisableFlagParsing: true, // they are those of the driver
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				switch args[0] {
				case "-h", "-help", "--help":
					return c.Help()
				}
			}
			driver.Main(c.CommandPath(), args)
			return nil
		},
	}
}
