package cache_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/cache"
)

// TestArguments calls every method of a Cache with nil, zero and huge arguments, on a cache
// that has never been used. want is a part of the panic's text, or "" if there must be none.
func TestArguments(t *testing.T) {
	var none context.Context
	empty := func() *valueCache { return new(valueCache) }
	tests := map[string]struct {
		want string
		call func()
	}{
		"Get no loader":         {"", func() { fails(t, second(empty().Get(ctx, 0))) }},
		"Get nil context":       {"nil pointer", func() { empty().Get(none, 0) }},
		"GetMany nil":           {"", func() { m, err := empty().GetMany(ctx, nil); mustBe(t, len(m) == 0 && err == nil) }},
		"GetMany no loader":     {"", func() { fails(t, second(empty().GetMany(ctx, []int{1, 1, math.MinInt}))) }},
		"Refresh nothing":       {"", func() { mustBe(t, empty().Refresh(ctx) == nil) }},
		"Refresh no loader":     {"", func() { fails(t, empty().Refresh(ctx, math.MaxInt)) }},
		"Lookup":                {"", func() { v, ok := empty().Lookup(math.MinInt); mustBe(t, v == nil && !ok) }},
		"Peek":                  {"", func() { e, ok := empty().Peek(0); mustBe(t, e.Value == nil && !ok) }},
		"Put nil":               {"nil", func() { empty().Put(0, nil) }},
		"Invalidate":            {"", func() { empty().Invalidate(0) }},
		"InvalidateFunc nil":    {"", func() { empty().InvalidateFunc(nil) }}, // there is nothing to ask about
		"Clear":                 {"", func() { empty().Clear() }},
		"Sweep":                 {"", func() { mustBe(t, empty().Sweep() == 0) }},
		"Len":                   {"", func() { mustBe(t, empty().Len() == 0) }},
		"All":                   {"", func() { mustBe(t, count(empty().Keys()) == 0); empty().All()(nil) }},
		"Keys":                  {"", func() { mustBe(t, count(empty().Keys()) == 0) }},
		"Values":                {"", func() { mustBe(t, count(empty().Values()) == 0) }},
		"Stats":                 {"", func() { mustBe(t, empty().Stats().Len == 0 && empty().Stats().String() != "") }},
		"String":                {"", func() { mustBe(t, empty().String() != "") }},
		"Keep negative":         {"Keep is negative", func() { (&valueCache{Keep: -1}).Len() }},
		"Keep huge":             {"", func() { put(&valueCache{Keep: math.MaxInt}) }},
		"KeepSoft negative":     {"KeepSoft is negative", func() { (&valueCache{KeepSoft: -1}).Len() }},
		"KeepSoft huge":         {"", func() { put(&valueCache{Keep: 1, KeepSoft: math.MaxInt}) }},
		"KeepFor negative":      {"KeepFor is negative", func() { (&valueCache{KeepFor: -1}).Len() }},
		"MaxLoads negative":     {"MaxLoads is negative", func() { (&valueCache{MaxLoads: math.MinInt}).Len() }},
		"KeepErrors negative":   {"KeepErrors is negative", func() { (&valueCache{KeepErrors: -1}).Len() }},
		"RefreshAfter negative": {"RefreshAfter is negative", func() { (&valueCache{RefreshAfter: -1}).Len() }},
		"Weigh huge":            {"", func() { put(&valueCache{Keep: 1, Weigh: func(int, *value) uint32 { return math.MaxUint32 }}) }},
		"Weigh zero":            {"", func() { put(&valueCache{Keep: 1, Weigh: func(int, *value) uint32 { return 0 }}) }},
		"nil cache":             {"nil pointer", func() { (*valueCache)(nil).Len() }},
		"Cause":                 {"", func() { mustBe(t, cache.Cause(-1).String() == "unknown") }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				got := recover()
				if (got != nil) != (test.want != "") || !strings.Contains(fmt.Sprint(got), test.want) {
					t.Errorf("panicked with %v, want something about %q", got, test.want)
				}
			}()
			test.call()
		})
	}
	for method := range reflect.TypeFor[*valueCache]().Methods() {
		if export[method.Name] {
			continue
		}
		tried := false
		for name := range tests {
			tried = tried || name == method.Name || strings.HasPrefix(name, method.Name+" ")
		}
		if !tried {
			t.Errorf("%s has no case", method.Name)
		}
	}
}

// export is the methods of export_test.go.
var export = map[string]bool{"Validate": true, "Loading": true, "Waiting": true, "Remover": true, "LateKeeper": true, "Core": true, "LateLooker": true}

func put(c *valueCache) {
	for i := range 100 {
		c.Put(i, new(value))
	}
}

func second[A any](_ A, err error) error { return err }

func mustBe(t *testing.T, ok bool) {
	t.Helper()
	if !ok {
		t.Error("it is not so")
	}
}

func fails(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	}
}

func count[T any](seq iter.Seq[T]) (n int) {
	for range seq {
		n++
	}
	return n
}
