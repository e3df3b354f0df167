package debug

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/leak"
)

// Options says what a handler shows and allows. The zero Options shows what is harmless.
type Options struct {
	// Actions is what may be done with a POST; nothing by default.
	Actions Action

	// Key makes text of a key, for the pages of ValueMaps, Caches and Pools, which then
	// show a hundred keys. Without it no keys are shown. It is called under no lock, by
	// several requests at once; leave out of the text what a reader of the page must not see.
	Key func(key any) string

	// Sampler, if set, tells growth and draws it. The handler does not run it.
	Sampler *inspect.Sampler

	// Watcher is whose leaks are shown; leak.Default if nil.
	Watcher *leak.Watcher
}

// Handler returns a handler that shows the containers of this process. See the package
// comment for what guards it, and what does not.
func Handler(o Options) http.Handler { return &handler{o: o} }

type handler struct {
	o      Options
	cross  http.CrossOriginProtection
	action actions
}

// failure is an error with the status that it is answered with.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

var noContainer = &failure{http.StatusNotFound, "There is no such container, or it has been collected."}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	q, err := query(r.URL.RawQuery)
	if err == nil {
		err = h.serve(w, r, q)
	}
	if err != nil {
		f := &failure{http.StatusInternalServerError, err.Error()}
		errors.As(err, &f)
		f.write(w, q.json)
	}
}

// write answers with the failure, as a page from which there is a way back.
func (f *failure) write(w http.ResponseWriter, asJSON bool) {
	a := answer{map[string]string{"error": f.text}, view{Title: http.StatusText(f.status), Note: f.text}, f.status}
	_ = a.write(w, asJSON) // text cannot fail
}

// guard sets what keeps browsers from doing more with a page than showing it.
func guard(head http.Header) {
	sum := sha256.Sum256([]byte(style))
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	head.Set("X-Frame-Options", "DENY")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "same-origin") // a POST needs its Origin
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, q params) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p, err := h.page(r, q)
		if err != nil {
			return err
		}
		return p.write(w, q.json)
	case http.MethodPost:
		if err := h.cross.Check(r); err != nil {
			return &failure{http.StatusForbidden, err.Error()}
		}
		return h.act(w, q)
	}
	w.Header().Set("Allow", "GET, HEAD, POST")
	return &failure{http.StatusMethodNotAllowed, "GET, HEAD and POST are allowed"}
}

// params is what a request asks for.
type params struct {
	page   string
	id     uint64 // 0: none
	wait   time.Duration
	json   bool
	action string
}

const maxSeconds = 60

func query(raw string) (p params, err error) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return p, &failure{http.StatusBadRequest, "the query cannot be read"}
	}
	switch q.Get("format") {
	case "", "html":
	case "json":
		p.json = true
	default:
		return p, &failure{http.StatusBadRequest, "format is html or json"}
	}
	p.page, p.action = q.Get("page"), q.Get("action")
	switch p.page {
	case "":
		p.page = "containers"
	case "containers", "buses", "handles", "leaks":
	default:
		return p, &failure{http.StatusBadRequest, "page is one of containers, buses, handles, leaks"}
	}
	if s := q.Get("id"); s != "" {
		if p.id, err = strconv.ParseUint(s, 10, 64); err != nil || p.id == 0 {
			return p, &failure{http.StatusBadRequest, "id is the number of a container"}
		}
	}
	if s := q.Get("seconds"); s != "" {
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil || n == 0 || n > maxSeconds {
			return p, &failure{http.StatusBadRequest, fmt.Sprintf("seconds is a number from 1 to %d", maxSeconds)}
		}
		p.wait = time.Duration(n) * time.Second
	}
	return p, nil
}

// answer is a page and the value that it shows.
type answer struct {
	value  any // for JSON
	view   view
	status int // 0 is 200
}

func (a *answer) write(w http.ResponseWriter, asJSON bool) error {
	var b bytes.Buffer
	var err error
	kind := "text/html; charset=utf-8"
	if asJSON {
		kind = "application/json"
		err = json.NewEncoder(&b).Encode(a.value)
	} else {
		err = page.Execute(&b, &a.view)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(cmp.Or(a.status, http.StatusOK))
	_, _ = w.Write(b.Bytes())
	return nil
}

func (h *handler) page(r *http.Request, q params) (*answer, error) {
	switch {
	case q.id != 0:
		return h.container(q.id)
	case q.wait != 0:
		return h.difference(r, q.wait)
	case q.page == "handles":
		return handlesPage(), nil
	case q.page == "leaks":
		return h.leaks(), nil
	}
	return h.overview(q), nil
}
