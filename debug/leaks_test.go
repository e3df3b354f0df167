package debug_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weakref-go/weakref/debug"
	"github.com/weakref-go/weakref/leak"
	"github.com/weakref-go/weakref/weaktest"
)

// ended are sessions that nobody should have any more.
var ended map[string]*session

type leaked struct {
	Type, Reason, Signature, Unexplained string
	Count                                int
	Retained                             struct{ Bytes uint64 }
	Path                                 *struct {
		Root, Kind string
		Steps      []struct{ Text, To string }
	}
}

func leaksOf(t *testing.T, w *leak.Watcher) (all []leaked, page string) {
	t.Helper()
	h := debug.Handler(debug.Options{Watcher: w})
	text := get(t, h, "/?page=leaks&format=json")
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	page = get(t, h, "/?page=leaks")
	for _, not := range []string{"token-of", "<b>", "0xc0"} {
		if strings.Contains(page, not) || strings.Contains(text, not) {
			t.Errorf("the leaks have %s in them:\n%s\n%s", not, page, text)
		}
	}
	return all, page
}

// awaitCollecting collects until a channel delivers. An explanation takes much of a minute
// on a machine where the copy of the process has to wait for a processor.
func awaitCollecting(t *testing.T, c <-chan struct{}) {
	t.Helper()
	for end := time.After(3 * time.Minute); ; runtime.GC() {
		select {
		case <-c:
			return
		case <-end:
			t.Fatal("nothing is reported")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestLeaks leaks through a map, and looks for the path on the page, without the key.
func TestLeaks(t *testing.T) {
	w := &leak.Watcher{Collections: 1, Age: time.Nanosecond, MaxPerHour: 100, InProcess: true}
	if all, page := leaksOf(t, w); len(all) != 0 || !strings.Contains(page, "No object that is watched") {
		t.Errorf("before there are any: %v\n%s", all, page)
	}
	reported := make(chan struct{}, 10)
	w.OnLeak = func(*leak.Leak) { reported <- struct{}{} }
	v := new(session)
	ended = map[string]*session{secret: v}
	leak.WatchBy(w, v, "session <i>closed</i>")
	awaitCollecting(t, reported)
	all, page := leaksOf(t, w)
	if len(all) != 1 {
		t.Fatalf("%d leaks: %+v", len(all), all)
	}
	l := all[0]
	if !strings.Contains(page, "1 × debug_test.session") || !strings.Contains(page, "session &lt;i&gt;closed") {
		t.Errorf("the leak is not on its page:\n%s", page)
	}
	if l.Count != 1 || l.Type != "debug_test.session" || l.Reason != "session <i>closed</i>" || l.Signature == "" {
		t.Errorf("%+v", l)
	}
	if l.Unexplained != "" {
		t.Skip("no explanation can be had here: ", l.Unexplained)
	}
	if l.Path.Kind != "global" || l.Retained.Bytes < 32 || len(l.Path.Steps) == 0 || !strings.Contains(page, `<div class="path">`) {
		t.Errorf("%+v\n%s", l, page)
	}
	ended = nil
}

// TestLeaksUnexplained shows what there is while there is no explanation.
func TestLeaksUnexplained(t *testing.T) {
	w := &leak.Watcher{Collections: 1, Age: time.Nanosecond, MaxPerHour: -1}
	v := new(session)
	leak.WatchBy(w, v, "session closed")
	weaktest.Eventually(t, "the leak is listed", func() bool {
		all, page := leaksOf(t, w)
		return len(all) == 1 && all[0].Path == nil && strings.Contains(page, "not explained yet")
	})
	runtime.KeepAlive(v)
}
