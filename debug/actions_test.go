package debug_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/debug"
	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/weaktest"
)

// global holds an object, and globalMap a container, under a name that answers have.
var (
	global    map[string]*session
	globalMap *weakref.ValueMap[string, session]
)

// answered asks for an action, and skips the test where no dump can be had: on systems
// that cannot fork, and on machines so busy that the copy does not get on.
func answered(t *testing.T, h http.Handler, target string) string {
	t.Helper()
	w := do(h, "POST", target)
	if w.Code == http.StatusServiceUnavailable {
		t.Skipf("no dump can be had here: %s", w.Body)
	}
	if w.Code != 200 {
		t.Fatalf("POST %s: %d %s", target, w.Code, w.Body)
	}
	return w.Body.String()
}

// reason is an answer as JSON.
type reason struct {
	Objects int
	Held    []struct {
		Type           string
		Objects, Bytes int
		Path           struct {
			Root, Kind string
			Steps      []struct{ Text, To string }
		}
	}
}

func reasonOf(t *testing.T, text string) (r reason) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return r
}

func TestWhy(t *testing.T) {
	m := &weakref.ValueMap[string, session]{Name: t.Name()}
	global = map[string]*session{secret: new(session)}
	m.Store("a", global[secret])
	id := idOf(t, t.Name())
	h := debug.Handler(debug.Options{Actions: debug.Why})
	body := answered(t, h, fmt.Sprintf("/?action=why&id=%d", id))
	if !strings.Contains(body, `<div class="path">`) || !strings.Contains(body, "1 × ") || strings.Contains(body, "<b>") {
		t.Errorf("answered\n%s", body)
	}
	if strings.Contains(body, "debug_test.global") && !strings.Contains(body, "&lt;b&gt;Ada") {
		t.Errorf("there are names, but not the key\n%s", body)
	}
	if w := do(h, "POST", "/?action=why&id=1"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("at once again: %d", w.Code)
	}
	runtime.KeepAlive(m)
	global, m = nil, nil
	weaktest.Eventually(t, "asking for the reason has not kept the map", func() bool {
		return !slices.ContainsFunc(inspect.Containers(), func(c inspect.Container) bool { return c.ID == id })
	})
}

// TestHolders asks what holds a container, and finds it is not the question.
func TestHolders(t *testing.T) {
	globalMap = &weakref.ValueMap[string, session]{Name: t.Name()}
	v := new(session)
	globalMap.Store("a", v)
	h := debug.Handler(debug.Options{Actions: debug.Why})
	r := reasonOf(t, answered(t, h, fmt.Sprintf("/?action=holders&id=%d&format=json", idOf(t, t.Name()))))
	if r.Objects != 1 || len(r.Held) != 1 || r.Held[0].Path.Kind != "global" {
		t.Errorf("answered %+v", r)
	}
	runtime.KeepAlive(v)
	globalMap = nil
}

// TestWhyUnderLoad asks while goroutines allocate and collect.
func TestWhyUnderLoad(t *testing.T) {
	m := &weakref.ValueMap[string, session]{Name: t.Name()}
	global = map[string]*session{secret: new(session)}
	m.Store("a", global[secret])
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	for range 4 {
		wg.Go(func() {
			var keep [100][]*session
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				keep[i%len(keep)] = []*session{new(session), new(session)}
				m.Store("b", keep[i%len(keep)][0])
				if i%50_000 == 0 {
					runtime.GC()
				}
			}
		})
	}
	target := fmt.Sprintf("/?action=why&id=%d&format=json", idOf(t, t.Name()))
	r := reasonOf(t, answered(t, debug.Handler(debug.Options{Actions: debug.Why}), target))
	found := 0
	for _, h := range r.Held {
		if h.Path.Kind == "global" {
			found += h.Objects
		}
	}
	if r.Objects == 0 || found == 0 {
		t.Errorf("answered %+v", r)
	}
	runtime.KeepAlive(m)
	global = nil
}

// TestTwoWhys has two ask at the same time: one is told to wait.
func TestTwoWhys(t *testing.T) {
	id := hold(t, t.Name())
	h := debug.Handler(debug.Options{Actions: debug.Why})
	codes := make(chan int, 2)
	for range 2 {
		go func() { codes <- do(h, "POST", fmt.Sprintf("/?action=why&id=%d", id)).Code }()
	}
	a, b := <-codes, <-codes
	if (a == http.StatusTooManyRequests) == (b == http.StatusTooManyRequests) {
		t.Errorf("answered %d and %d", a, b)
	}
}

// TestNoSuchContainer asks about what is not there.
func TestNoSuchContainer(t *testing.T) {
	for _, action := range []string{"why", "holders"} {
		h := debug.Handler(debug.Options{Actions: debug.Why})
		if w := do(h, "POST", "/?action="+action+"&id=99999999999"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", action, w.Code)
		}
	}
}

// TestDump checks that the dump comes as a file, if it can be had.
func TestDump(t *testing.T) {
	w := do(debug.Handler(debug.Options{Actions: debug.Dump}), "POST", "/?action=dump")
	if w.Code == http.StatusServiceUnavailable {
		t.Skipf("no dump can be had here: %s", w.Body)
	}
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "go1.7 heap dump\n") || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}

// behind has a handler ask for a password.
func behind(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "right" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// TestActionsUnderAPrefix acts through a mux, from the page's own origin and with a
// password, and without.
func TestActionsUnderAPrefix(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/ops/weakref", behind(debug.Handler(debug.Options{Actions: debug.Collect})))
	for password, want := range map[string]int{"wrong": http.StatusUnauthorized, "right": 200} {
		r := httptest.NewRequest("POST", "http://service.example/ops/weakref?action=collect", nil)
		r.SetBasicAuth("ada", password)
		r.Header.Set("Origin", "http://service.example")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("password %s: %d", password, w.Code)
		}
	}
}
