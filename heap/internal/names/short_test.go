package names_test

import (
	"testing"

	"github.com/weakref-go/weakref/heap/internal/names"
)

// The paths themselves are tested by the cases of package heap.
func TestShort(t *testing.T) {
	for name, want := range map[string]string{
		"":                                      "",
		"int":                                   "int",
		"main.User":                             "main.User",
		"*example.com/app/store.Session":        "*store.Session",
		"example.com/app/v2.(*Server).Serve":    "app.(*Server).Serve",
		"map[string]*example.com/a/b.C":         "map[string]*b.C",
		"func(example.com/a.T) example.com/b.U": "func(a.T) b.U",
		"main.Cache[go.shape.string,go.shape.*uint8].Get":               "main.Cache[...].Get",
		"main.Cache[string,*example.com/x/y.Z]":                         "main.Cache[string,*y.Z]",
		"gopkg.in/yaml%2ev3.Node":                                       "yaml.Node",
		"github.com/weakref-go/weakref.KeyMap[example.com/a.K,*main.V]": "weakref.KeyMap[a.K,*main.V]",
	} {
		if got := names.Short(name); got != want {
			t.Errorf("Short(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzShort(f *testing.F) {
	f.Add("*example.com/app/v2.(*Server[go.shape.int]).Serve.func1")
	f.Fuzz(func(t *testing.T, name string) {
		if short := names.Short(name); len(short) > len(name)+len("...") {
			t.Errorf("Short(%q) = %q", name, short)
		}
	})
}
