package debug_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/debug"
	"github.com/weakref-go/weakref/inspect"
)

// FuzzParameters asks with any method, any query and any header of origin. Whatever comes,
// the handler does not fail, acts on nothing that is not allowed, and guards its answer.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		"", "page=buses", "page=leaks&format=json", "id=1&format=json", "action=why&id=1", "action=holders&id=1&format=json", "page=handles;x",
		"id=18446744073709551616", "%00", "action=dump", "seconds=10", "seconds=60&format=json", "action=collect&format=html",
	} {
		f.Add("GET", seed, "")
		f.Add("POST", seed, "http://example.com")
		f.Add("POST", seed, "null")
	}
	var s inspect.Sampler
	s.Sample()
	h := debug.Handler(debug.Options{Sampler: &s, Key: func(key any) string { return fmt.Sprint(key) }})
	ended, end := context.WithCancel(context.Background())
	end() // so that nothing waits
	f.Fuzz(func(t *testing.T, method, query, origin string) {
		r := httptest.NewRequestWithContext(ended, "GET", "/", nil)
		r.Method, r.URL.RawQuery = method, query
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		q, err := url.ParseQuery(query)
		waits := err == nil && q.Has("seconds") && w.Code == 503
		if w.Code >= 500 && !waits || method != "GET" && method != "HEAD" && w.Code < 400 {
			t.Errorf("%q %q: %d %s", method, query, w.Code, w.Body)
		}
		switch kind := w.Header().Get("Content-Type"); {
		case kind == "application/json":
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%q: no JSON: %s", query, w.Body)
			}
		case !strings.HasPrefix(kind, "text/html") || !strings.HasPrefix(w.Body.String(), "<!DOCTYPE html>"):
			t.Errorf("%q: %s: %s", query, kind, w.Body)
		}
		if w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%q: headers %v", query, w.Header())
		}
	})
}
