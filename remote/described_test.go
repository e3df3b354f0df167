package remote

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weakref-go/weakref/debug"
	"github.com/weakref-go/weakref/inspect"
)

// listedNodes returns the nodes of a bucket that package inspect lists.
func listedNodes(bucket string) (nodes []inspect.Container) {
	return slices.DeleteFunc(inspect.Containers(), func(c inspect.Container) bool { return c.Kind != "Node" || c.Name != bucket })
}

// TestListed looks for a node where containers are listed, and on its page for who holds
// what.
func TestListed(t *testing.T) {
	s := startBroker(t)
	bucket := Config{Bucket: "listed"}
	n, other := joined(t, connect(t, s), bucket), joined(t, connect(t, s), bucket)
	p := &session{user: "ada"}
	name, err := Announce(t.Context(), n, "user/ada", p)
	if err != nil {
		t.Fatal(err)
	}
	hold, err := other.Hold(t.Context(), name.Ref())
	if err != nil {
		t.Fatal(err)
	}
	all := listedNodes("listed")
	i := slices.IndexFunc(all, func(c inspect.Container) bool { return c.Stats.(Stats).HeldBy == 1 })
	if len(all) != 2 || i < 0 || all[i].Type != "remote.Node" || all[i].Len != 1 {
		t.Fatalf("listed %v", all)
	}
	for _, format := range []string{"html", "json"} {
		w := httptest.NewRecorder()
		debug.Handler(debug.Options{}).ServeHTTP(w, httptest.NewRequest("GET", fmt.Sprintf("/?id=%d&format=%s", all[i].ID, format), nil))
		body := w.Body.String()
		if w.Code != 200 || !strings.Contains(body, "Held by others") || !strings.Contains(body, name.Ref().String()) || strings.Count(body, other.Session().String()) != 2 {
			t.Errorf("%d %s", w.Code, body)
		}
		if strings.Contains(body, "user/ada") || format == "json" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("a name, or no JSON: %s", body)
		}
	}
	if err := hold.Close(); err != nil {
		t.Error(err)
	}
	for _, node := range []*Node{n, other} {
		if err := node.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for end := time.Now().Add(patience); len(listedNodes("listed")) > 0; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("listed after the end of the session")
		}
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(n)
	runtime.KeepAlive(other)
}

// TestHoldsTable sorts holders by their oldest holds.
func TestHoldsTable(t *testing.T) {
	now := time.Now()
	var all []HeldBy
	for i := range maxRows + 10 {
		holder := SessionID{byte(i), byte(i >> 8)}
		for j := range 2 {
			all = append(all, HeldBy{holder, Ref{SessionID{9}, uint64(j)}, now.Add(-time.Duration(i+j) * time.Hour)})
		}
	}
	table := holdsTable(all, now)
	last := SessionID{byte(maxRows + 9), byte((maxRows + 9) >> 8)}
	if len(table.Rows) != maxRows || table.More != 10 || table.Rows[0][0] != last.String() || table.Rows[0][1] != "2" || table.Rows[0][2] != "210h0m0s" {
		t.Errorf("%d rows and %d more, first %v", len(table.Rows), table.More, table.Rows[0])
	}
}
