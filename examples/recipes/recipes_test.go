package recipes

import (
	"context"
	"crypto/rand"
	"expvar"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/weaktest"
)

func TestSessions(t *testing.T) {
	s := NewSessions()
	token := s.Login("alice")
	weaktest.Collect(t)
	if session, ok := s.Find(token); !ok || session.User != "alice" {
		t.Fatal("a session is lost between requests")
	}
	s.Logout(token)
	if _, ok := s.Find(token); ok {
		t.Error("a session outlives its logout")
	}
}

func TestParse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.go")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	parse := func() *Tree {
		t.Helper()
		tree, err := Parse(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	write("package a\n")
	first := parse()
	if parse() != first {
		t.Error("parsed twice")
	}
	write("package changed\n")
	if second := parse(); second == first || second.File.Name.Name != "changed" {
		t.Error("the tree is old")
	}
	runtime.KeepAlive(first)
}

func TestThumbnails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(path, make([]byte, 1000), 0o666); err != nil {
		t.Fatal(err)
	}
	if v, err := thumbnails.Get(t.Context(), path); err != nil || len(v.PNG) != 1000 {
		t.Errorf("%v, %v", v, err)
	}
	weaktest.Eventually(t, "more than Keep may be kept", func() bool {
		runtime.GC()
		return thumbnails.Stats().Limit > thumbnails.Keep
	})
}

func TestRow(t *testing.T) {
	r := NewRow("GO")
	prices.Publish(Price{"GO", 126})
	prices.Publish(Price{"C", 1})
	if r.Cents != 126 {
		t.Error(r.Cents)
	}
}

func TestFailures(t *testing.T) {
	a, b := new(http.Client), new(http.Client)
	Failures(a).Add(2)
	Failures(b).Add(1)
	if Failures(a).Load() != 2 {
		t.Error("not the same count")
	}
	runtime.KeepAlive(b)
	a, b = nil, nil
	weaktest.Eventually(t, "no count is left", func() bool { return failures.Len() == 0 })
}

func TestDump(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a dump")
	}
	server := httptest.NewServer(DumpHandler(t.TempDir()))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusServiceUnavailable && !heap.CanFork:
	case resp.StatusCode != http.StatusOK || resp.ContentLength < 1000:
		t.Errorf("%s, %d bytes", resp.Status, resp.ContentLength)
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Serve(ctx, &http.Server{Addr: "localhost:0"}); err != nil && err != http.ErrServerClosed {
		t.Error(err)
	}
}

func TestPublish(t *testing.T) {
	s := NewSessions()
	s.Login("alice")
	name := "sessions " + rand.Text() // the test may run several times
	publish(name, s)
	logStats(s)
	if text := expvar.Get(name).String(); !strings.Contains(text, `"Len":1`) {
		t.Error(text)
	}
}
