// Package golangci makes the checks of package vet a plugin of golangci-lint,
// called weakvet. Importing it registers the plugin; nothing else does.
//
// Its settings:
//
//	linters:
//	  enable: [weakvet]
//	  settings:
//	    custom:
//	      weakvet:
//	        type: module
//	        settings:
//	          tier: warning # default, warning or all; default if absent
package golangci

import (
	"fmt"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet"
)

func init() {
	register.Plugin("weakvet", New)
}

// Settings are the plugin's settings in the configuration of golangci-lint.
type Settings struct {
	Tier string `json:"tier"`
}

type plugin struct{ tier vet.Tier }

// New returns the plugin for its settings, as golangci-lint passes them.
func New(settings any) (register.LinterPlugin, error) {
	s, err := register.DecodeSettings[Settings](settings)
	if err != nil {
		return nil, fmt.Errorf("weakvet: %w", err)
	}
	p := &plugin{vet.Default}
	if s.Tier != "" {
		if p.tier, err = vet.ParseTier(s.Tier); err != nil {
			return nil, fmt.Errorf("weakvet: %w", err)
		}
	}
	return p, nil
}

// BuildAnalyzers returns the analyzers of the tier.
func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return vet.Select(p.tier), nil
}

// GetLoadMode says that the analyzers need types.
func (p *plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
