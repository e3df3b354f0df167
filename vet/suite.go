package vet

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet/blockingcleanup"
	"github.com/weakref-go/weakref/vet/cleanuplocal"
	"github.com/weakref-go/weakref/vet/cleanupself"
	"github.com/weakref-go/weakref/vet/escapingmemory"
	"github.com/weakref-go/weakref/vet/fatalcleanup"
	"github.com/weakref-go/weakref/vet/finalizertarget"
	"github.com/weakref-go/weakref/vet/goroutinepin"
	"github.com/weakref-go/weakref/vet/ignoredirective"
	"github.com/weakref-go/weakref/vet/keepalive"
	"github.com/weakref-go/weakref/vet/latesetting"
	"github.com/weakref-go/weakref/vet/nilarg"
	"github.com/weakref-go/weakref/vet/prunedentry"
	"github.com/weakref-go/weakref/vet/slotsmap"
	"github.com/weakref-go/weakref/vet/stopmissing"
	"github.com/weakref-go/weakref/vet/tinytarget"
	"github.com/weakref-go/weakref/vet/uintptrkey"
	"github.com/weakref-go/weakref/vet/uniquedrop"
	"github.com/weakref-go/weakref/vet/weakdiscard"
	"github.com/weakref-go/weakref/vet/weakkeycycle"
	"github.com/weakref-go/weakref/vet/weaksubscribe"
	"github.com/weakref-go/weakref/vet/weakvalue"
)

// A Tier says how sure a finding is. A higher tier includes the lower ones.
type Tier int

const (
	Default Tier = iota // a bug, with next to no exception
	Warning             // right at least four times in five
	OptIn               // depends on what the code is meant for
)

var tierNames = []string{Default: "default", Warning: "warning", OptIn: "all"}

// ParseTier returns the tier called "default", "warning" or "all".
func ParseTier(name string) (Tier, error) {
	i := slices.Index(tierNames, name)
	if i < 0 {
		return 0, fmt.Errorf("there is no tier %q; use default, warning or all", name)
	}
	return Tier(i), nil
}

// String returns the name that [ParseTier] takes.
func (t Tier) String() string {
	if t < 0 || int(t) >= len(tierNames) {
		return fmt.Sprintf("Tier(%d)", int(t))
	}
	return tierNames[t]
}

// A Check is an analyzer and its place among the tiers.
type Check struct {
	*analysis.Analyzer
	Tier Tier

	// Part is the name of a boolean flag that switches on a part of the analyzer
	// in the tier PartTier, or empty.
	Part     string
	PartTier Tier
}

// Suite lists the checks.
var Suite = append(checks, Check{Analyzer: ignoredirective.New(names(checks)), Tier: Default})

var checks = []Check{
	{Analyzer: cleanupself.Analyzer, Tier: Default},
	{Analyzer: cleanuplocal.Analyzer, Tier: Default},
	{Analyzer: weakdiscard.Analyzer, Tier: Default, Part: "calls", PartTier: Warning},
	{Analyzer: weakvalue.Analyzer, Tier: Default},
	{Analyzer: nilarg.Analyzer, Tier: Default, Part: "iface", PartTier: OptIn},
	{Analyzer: fatalcleanup.Analyzer, Tier: Default},
	{Analyzer: weaksubscribe.Analyzer, Tier: Default},

	{Analyzer: uniquedrop.Analyzer, Tier: Warning, Part: "input", PartTier: OptIn},
	{Analyzer: weakkeycycle.Analyzer, Tier: Warning},
	{Analyzer: slotsmap.Analyzer, Tier: Warning},
	{Analyzer: latesetting.Analyzer, Tier: Warning},
	{Analyzer: goroutinepin.Analyzer, Tier: Warning},
	{Analyzer: tinytarget.Analyzer, Tier: Warning},
	{Analyzer: stopmissing.Analyzer, Tier: Warning, Part: "dropped", PartTier: OptIn},
	{Analyzer: blockingcleanup.Analyzer, Tier: Warning},
	{Analyzer: finalizertarget.Analyzer, Tier: Warning},
	{Analyzer: uintptrkey.Analyzer, Tier: Warning, Part: "guarded", PartTier: OptIn},

	{Analyzer: keepalive.Analyzer, Tier: OptIn},
	{Analyzer: escapingmemory.Analyzer, Tier: OptIn},
	{Analyzer: prunedentry.Analyzer, Tier: OptIn},
}

func names(checks []Check) []string {
	var all []string
	for _, c := range checks {
		all = append(all, c.Name)
	}
	return all
}

// Analyzers returns the analyzers of the [Suite].
func Analyzers() []*analysis.Analyzer {
	var all []*analysis.Analyzer
	for _, c := range Suite {
		all = append(all, c.Analyzer)
	}
	return all
}

// Select returns the analyzers up to a tier, and switches their parts on or off
// accordingly. The flags of an analyzer are global, so the last call counts.
func Select(t Tier) []*analysis.Analyzer {
	var selected []*analysis.Analyzer
	for _, c := range Suite {
		if c.Tier <= t {
			selected = append(selected, c.Analyzer)
		}
		if c.Part != "" {
			// A boolean flag of this module takes true and false.
			_ = c.Flags.Set(c.Part, fmt.Sprint(c.PartTier <= t))
		}
	}
	return selected
}
