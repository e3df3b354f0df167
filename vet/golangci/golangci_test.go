package golangci_test

import (
	"strings"
	"testing"

	"github.com/golangci/plugin-module-register/register"

	"github.com/weakref-go/weakref/vet"
	_ "github.com/weakref-go/weakref/vet/golangci"
)

func TestPlugin(t *testing.T) {
	t.Cleanup(func() { vet.Select(vet.Default) })
	newPlugin, err := register.GetPlugin("weakvet")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		settings any
		tier     vet.Tier
	}{
		{nil, vet.Default},
		{map[string]any{}, vet.Default},
		{map[string]any{"tier": "warning"}, vet.Warning},
		{map[string]any{"tier": "all"}, vet.OptIn},
	} {
		p, err := newPlugin(test.settings)
		if err != nil {
			t.Errorf("%v: %v", test.settings, err)
			continue
		}
		got, err := p.BuildAnalyzers()
		if err != nil {
			t.Errorf("%v: %v", test.settings, err)
		}
		if want := vet.Select(test.tier); len(got) != len(want) {
			t.Errorf("%v: %d analyzers, want %d", test.settings, len(got), len(want))
		}
		if mode := p.GetLoadMode(); mode != register.LoadModeTypesInfo {
			t.Errorf("load mode %q", mode)
		}
	}
}

func TestBadSettings(t *testing.T) {
	newPlugin, err := register.GetPlugin("weakvet")
	if err != nil {
		t.Fatal(err)
	}
	for _, settings := range []any{
		map[string]any{"tier": "most"},
		map[string]any{"tiers": "all"},
		"all",
	} {
		if _, err := newPlugin(settings); err == nil || !strings.HasPrefix(err.Error(), "weakvet: ") {
			t.Errorf("%v: error %v", settings, err)
		}
	}
}
