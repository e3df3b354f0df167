package debug_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/debug"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

type session struct{ _ [4]*int }

func (*session) hear(string) {}

// secret is the key of an entry of every map here.
const secret = "token-of-<b>Ada</b>"

// hold makes a map with an entry that lives as long as the test.
func hold(t *testing.T, name string) (id uint64) {
	t.Helper()
	m := &weakref.ValueMap[string, session]{Name: name}
	v := new(session)
	m.Store(secret, v)
	t.Cleanup(func() { runtime.KeepAlive(m); runtime.KeepAlive(v) })
	return idOf(t, name)
}

func idOf(t *testing.T, name string) uint64 {
	t.Helper()
	for _, c := range inspect.Containers() {
		if c.Name == name {
			return c.ID
		}
	}
	t.Fatalf("no container %q", name)
	return 0
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// get returns the body of a page.
func get(t *testing.T, h http.Handler, target string) string {
	t.Helper()
	w := do(h, "GET", target)
	if w.Code != 200 {
		t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	return w.Body.String()
}

// TestActionsAreOff checks that nothing is allowed by default, and each action alone if
// it is given.
func TestActionsAreOff(t *testing.T) {
	id := hold(t, t.Name())
	for name, test := range map[string]struct {
		action debug.Action
		target string
	}{
		"debug.Why":     {debug.Why, fmt.Sprintf("/?action=why&id=%d", id)},
		"debug.Why ":    {debug.Why, fmt.Sprintf("/?action=holders&id=%d", id)},
		"debug.Collect": {debug.Collect, "/?action=collect"},
		"debug.Dump":    {debug.Dump, "/?action=dump"},
	} {
		target, name := test.target, strings.TrimSpace(name)
		for _, allowed := range []debug.Action{0, ^test.action} {
			if w := do(debug.Handler(debug.Options{Actions: allowed}), "POST", target); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), name+" in debug.Options.Actions") {
				t.Errorf("POST %s with %b allowed: %d %s", target, allowed, w.Code, w.Body)
			}
		}
		w := do(debug.Handler(debug.Options{Actions: ^debug.Action(0)}), "GET", target)
		if w.Code != 200 || w.Header().Get("Content-Disposition") != "" || strings.Contains(w.Body.String(), "The collection took") {
			t.Errorf("GET %s: %d, did something", target, w.Code)
		}
	}
	body := get(t, debug.Handler(debug.Options{}), "/") + get(t, debug.Handler(debug.Options{}), fmt.Sprintf("/?id=%d", id))
	if strings.Contains(body, "<form") {
		t.Error("a form without an action")
	}
	for _, name := range []string{"debug.Collect and debug.Dump.", "lacks debug.Why."} {
		if !strings.Contains(body, name) {
			t.Errorf("the pages do not say that %q is lacking", name)
		}
	}
}

// TestOtherSites checks that a browser cannot be made to act from elsewhere.
func TestOtherSites(t *testing.T) {
	h := debug.Handler(debug.Options{Actions: debug.Collect})
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		if w := do(h, "POST", "http://service.example/?action=collect", header...); w.Code != http.StatusForbidden {
			t.Errorf("%v: %d", header, w.Code)
		}
	}
	if w := do(h, "POST", "http://service.example/?action=collect", "Sec-Fetch-Site", "same-origin"); w.Code != 200 {
		t.Errorf("from the page itself: %d %s", w.Code, w.Body)
	}
}

func TestMethods(t *testing.T) {
	h := debug.Handler(debug.Options{Actions: debug.Collect})
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"} {
		if w := do(h, method, "/?action=collect"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	for target, want := range map[string]int{
		"/?page=nothing": 400, "/?id=x": 400, "/?id=0": 400, "/?id=-1": 400, "/?id=99999999999": 404, "/?seconds=0": 400, "/?seconds=61": 400,
		"/?seconds=1e9": 400, "/?format=xml": 400, "/?%zz": 400,
	} {
		if w := do(h, "GET", target); w.Code != want || !strings.Contains(w.Body.String(), "<nav>") {
			t.Errorf("GET %s: %d, %s", target, w.Code, w.Body)
		}
		if strings.Contains(target, "format") || strings.Contains(target, "%") {
			continue
		}
		var said struct{ Error string }
		if w := do(h, "GET", target+"&format=json"); w.Code != want || json.Unmarshal(w.Body.Bytes(), &said) != nil || said.Error == "" {
			t.Errorf("GET %s as JSON: %d, %s", target, w.Code, w.Body)
		}
	}
	if w := do(h, "POST", "/"); w.Code != 400 {
		t.Errorf("POST without an action: %d", w.Code)
	}
}

// TestHeaders checks what guards the pages, answers that are errors included, and that the
// policy has the hash of the style that is sent.
func TestHeaders(t *testing.T) {
	h := debug.Handler(debug.Options{})
	for _, target := range []string{"/", "/?page=handles", "/?page=leaks", "/?format=json", "/?id=x"} {
		w := do(h, "GET", target)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", target, name, got)
			}
		}
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", target, csp)
		}
		style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(w.Body.String())
		if target == "/" {
			sum := sha256.Sum256([]byte(style[1]))
			if !strings.Contains(csp, base64.StdEncoding.EncodeToString(sum[:])) {
				t.Error("the style's hash is another")
			}
		}
	}
	body := get(t, h, "/")
	for _, not := range []string{"<script", "style=", "http:", "https:", "<img", "<link", `href="/`, `action="/`} {
		if strings.Contains(body, not) {
			t.Errorf("the page has %s", not)
		}
	}
}

// TestNamesAreText checks that a name cannot become part of the page.
func TestNamesAreText(t *testing.T) {
	name := "\"><script>alert(1)</script>\x1b[31m\x00" + t.Name()
	id := hold(t, name)
	b := &event.Bus[string]{Name: name + "bus"}
	v := new(session)
	event.Subscribe(b, v, (*session).hear)
	h := debug.Handler(debug.Options{Key: func(k any) string { return fmt.Sprint(k) }, Actions: ^debug.Action(0)})
	for _, target := range []string{"/", "/?page=buses", fmt.Sprintf("/?id=%d", id)} {
		body := get(t, h, target)
		if strings.Contains(body, "<script") || strings.Contains(body, "<b>") || !strings.Contains(body, "&lt;script&gt;alert") {
			t.Errorf("%s: the name is not text", target)
		}
	}
	runtime.KeepAlive(b)
	runtime.KeepAlive(v)
}

// TestNoKeysWithoutKey looks at all there is for the key of an entry.
func TestNoKeysWithoutKey(t *testing.T) {
	id := hold(t, t.Name())
	page := fmt.Sprintf("/?id=%d", id)
	for _, target := range []string{"/", page, "/?page=buses", "/?page=handles", "/?page=leaks", page + "&action=why"} {
		for _, format := range []string{"html", "json"} {
			u, _ := url.Parse(target)
			q := u.Query()
			q.Set("format", format)
			if body := get(t, debug.Handler(debug.Options{}), "/?"+q.Encode()); strings.Contains(body, "token-of") {
				t.Errorf("%s %s shows a key", target, format)
			}
		}
	}
	h := debug.Handler(debug.Options{Key: func(k any) string { return strings.ToUpper(k.(string)) }})
	if body := get(t, h, page); !strings.Contains(body, "TOKEN-OF-&lt;B&gt;") {
		t.Error("Key is given, and no key shown")
	}
	if body := get(t, h, page+"&format=json"); !strings.Contains(body, "TOKEN-OF") {
		t.Error("Key is given, and no key shown in JSON")
	}
}

// TestPrefix mounts the handler as a service would: under a path, behind authentication.
func TestPrefix(t *testing.T) {
	id := hold(t, t.Name())
	h := debug.Handler(debug.Options{Actions: debug.Collect})
	mux := http.NewServeMux()
	mux.HandleFunc("/ops/weakref", func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "right" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	if resp, err := http.Get(srv.URL + "/ops/weakref"); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a password: %v %v", resp, err)
	}
	base, _ := url.Parse(strings.Replace(srv.URL, "://", "://ada:right@", 1) + "/ops/weakref")
	body := get(t, h, "/")
	for _, link := range regexp.MustCompile(`(?:href|action)="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if strings.HasPrefix(link[1], "?seconds") || strings.HasPrefix(link[1], "?action") {
			continue
		}
		if strings.HasPrefix(link[1], "?id=") && link[1] != fmt.Sprintf("?id=%d", id) {
			continue // those of other tests may be gone by now
		}
		to, err := base.Parse(link[1])
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.Get(to.String()); err != nil || resp.StatusCode != 200 {
			t.Errorf("%v: %v %v", to.Path, resp, err)
		}
	}
}

func TestJSON(t *testing.T) {
	was := rc.Track(true)
	defer rc.Track(was)
	open := rc.New(1, func(int) {})
	defer func() { _ = open.Close() }()
	id := hold(t, t.Name())
	var s inspect.Sampler
	s.Sample()
	h := debug.Handler(debug.Options{Sampler: &s})
	var all struct {
		Containers []struct {
			ID   uint64
			Name string
			Len  int
		}
		Handles []struct{ Made []string }
	}
	if err := json.Unmarshal([]byte(get(t, h, "/?format=json")), &all); err != nil || len(all.Handles) == 0 {
		t.Errorf("%v, %v", all, err)
	}
	found := false
	for _, c := range all.Containers {
		found = found || c.ID == id && c.Name == t.Name() && c.Len == 1
	}
	if !found {
		t.Errorf("%v", all)
	}
	var one struct{ Points []struct{ Len int } }
	if err := json.Unmarshal([]byte(get(t, h, fmt.Sprintf("/?id=%d&format=json", id))), &one); err != nil || len(one.Points) != 1 {
		t.Errorf("%v, %v", one, err)
	}
	if body := get(t, h, "/?page=handles"); !strings.Contains(body, "TestJSON") {
		t.Error("the handle is not on its page")
	}
}

// TestGrowth checks the order of the overview and the line that is drawn.
func TestGrowth(t *testing.T) {
	var s inspect.Sampler
	m := &weakref.ValueMap[int, session]{Name: t.Name() + " grows"}
	v := new(session)
	m.Store(0, v)
	hold(t, t.Name()+" stays")
	s.Sample()
	for i := range 1000 {
		m.Store(i, v)
	}
	s.Sample()
	body := get(t, debug.Handler(debug.Options{Sampler: &s}), "/")
	grows, stays := strings.Index(body, t.Name()+" grows"), strings.Index(body, t.Name()+" stays")
	if grows < 0 || stays < grows || !strings.Contains(body, "&#43;999") || !strings.Contains(body, `points="0.0,19.0 100.0,1.0"`) {
		t.Errorf("at %d and %d of\n%s", grows, stays, body)
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(v)
}

// TestYoung draws a container that is younger than the first sample: from nothing, as its
// growth is counted.
func TestYoung(t *testing.T) {
	var s inspect.Sampler
	s.Sample()
	id := hold(t, t.Name())
	s.Sample()
	if body := get(t, debug.Handler(debug.Options{Sampler: &s}), fmt.Sprintf("/?id=%d", id)); !strings.Contains(body, `points="0.0,19.0 100.0,1.0"`) {
		t.Errorf("no line from nothing to one in\n%s", body)
	}
}

// TestSeconds checks that a difference waits, and ends with its request.
func TestSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &weakref.ValueMap[int, session]{Name: t.Name()}
		v := new(session)
		m.Store(0, v)
		h := debug.Handler(debug.Options{})
		go func() {
			time.Sleep(5 * time.Second)
			for i := range 777 {
				m.Store(i, v)
			}
		}()
		if body := get(t, h, "/?seconds=10"); !strings.Contains(body, "&#43;776") {
			t.Error("the difference is not shown")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/?seconds=60", nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("a request that has ended: %d", w.Code)
		}
		runtime.KeepAlive(m)
		runtime.KeepAlive(v)
	})
}

// TestOneActionAtATime has many ask at once.
func TestOneActionAtATime(t *testing.T) {
	h := debug.Handler(debug.Options{Actions: debug.Collect})
	var wg sync.WaitGroup
	codes := make(chan int, 20)
	for range 20 {
		wg.Go(func() { codes <- do(h, "POST", "/?action=collect").Code })
	}
	wg.Wait()
	close(codes)
	done := 0
	for code := range codes {
		if code == 200 {
			done++
		} else if code != http.StatusTooManyRequests {
			t.Errorf("answered %d", code)
		}
	}
	if done == 0 {
		t.Error("none was done")
	}
}

// TestKeeps checks that pages keep no container.
func TestKeeps(t *testing.T) {
	m := &weakref.ValueMap[string, session]{Name: t.Name()}
	v := new(session)
	m.Store("a", v)
	id := idOf(t, t.Name())
	h := debug.Handler(debug.Options{Key: func(any) string { return "k" }})
	for range 100 {
		get(t, h, fmt.Sprintf("/?id=%d", id))
		get(t, h, "/")
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(v)
	weaktest.Eventually(t, "it is not listed any more", func() bool {
		return !slices.ContainsFunc(inspect.Containers(), func(c inspect.Container) bool { return c.ID == id })
	})
}

// BenchmarkPage shows a thousand containers, with sixty samples of each.
func BenchmarkPage(b *testing.B) {
	v := new(session)
	maps := make([]weakref.ValueMap[int, session], 1000)
	for i := range maps {
		maps[i].Store(i, v)
	}
	var s inspect.Sampler
	for range 60 {
		s.Sample()
	}
	h := debug.Handler(debug.Options{Sampler: &s})
	for _, target := range []string{"/", "/?format=json"} {
		b.Run("target="+target, func(b *testing.B) {
			for b.Loop() {
				do(h, "GET", target)
			}
		})
	}
	runtime.KeepAlive(maps)
	runtime.KeepAlive(v)
}
