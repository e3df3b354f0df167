// Package driver is the command line of the checks.
package driver

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/weakref-go/weakref/vet"
)

// Main runs the checks as the command line args says and does not return. name
// is what the command is called in messages.
//
// It understands what [multichecker.Main] does: packages with the flags -json,
// -fix, -diff, -c and one for each analyzer, "help", and the protocol of go vet.
// To that it adds -tier, which selects the analyzers unless some are named, lets
// -diff stand for -fix -diff, and checks the package in the current folder if none
// is given, as go vet does. In a terminal it shows how far it is.
//
// The exit code is 0 if all is well, 1 if the packages could not be checked, 2
// if the command line is wrong, and 3 if there are findings (0 with -json).
func Main(name string, args []string) {
	l, err := takeApart(args)
	if err != nil {
		wrong(name, err)
	}
	tier, err := tierOf(args)
	if err != nil {
		wrong(name, err)
	}
	worker := os.Getenv(workerEnv) != ""
	switch {
	case l.protocol():
	case l.help():
		writeHelp(os.Stdout, name)
		os.Exit(0)
	case !worker:
		code, err := watch(name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
		os.Exit(code)
	default:
		signal.Reset(os.Interrupt) // whoever handles it cannot end the checks
		announce(os.Stderr)
	}
	if len(l.packages) == 0 && !l.protocol() {
		args = slices.Concat(args, []string{"."})
	}
	flag.CommandLine.Init(name, flag.ExitOnError)
	flag.String("tier", vet.Default.String(), "which `checks` to run: default, warning (these too) or all")
	os.Args = slices.Concat([]string{name}, implied(tier, args), args)
	multichecker.Main(vet.Analyzers()...)
}

// wrong ends the program because of its command line.
func wrong(name string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	os.Exit(2)
}

// tierOf returns the value of the flag -tier. It is needed before the flags are
// parsed: package analysis can switch analyzers on and off only by their own
// flags.
func tierOf(args []string) (vet.Tier, error) {
	tier := vet.Default.String()
	for i, arg := range args {
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case arg == "--", !strings.HasPrefix(arg, "-"):
			continue
		case name != "tier":
			continue
		case hasValue:
			tier = value
		case i+1 < len(args):
			tier = args[i+1]
		default:
			tier = ""
		}
	}
	return vet.ParseTier(tier)
}

// implied returns the flags that the tier and args stand for. They come before
// args, so that args can overrule them.
func implied(tier vet.Tier, args []string) []string {
	var flags []string
	for _, c := range vet.Suite {
		if c.Tier > tier {
			flags = append(flags, "-"+c.Name+"=false")
		}
		if c.Part != "" && c.PartTier <= tier {
			flags = append(flags, "-"+c.Name+"."+c.Part)
		}
	}
	has := func(name string) bool {
		return slices.Contains(args, "-"+name) || slices.Contains(args, "--"+name)
	}
	if has("diff") && !has("fix") {
		flags = append(flags, "-fix")
	}
	return flags
}
