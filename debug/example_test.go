package debug_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/weakref-go/weakref/debug"
	"github.com/weakref-go/weakref/inspect"
)

// Mount it where you like, behind what guards your other internal pages.
func ExampleHandler() {
	var sampler inspect.Sampler
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go sampler.Run(ctx) // for growth; leave it out and nothing runs

	pages := debug.Handler(debug.Options{
		Sampler: &sampler,
		Actions: debug.Why | debug.Collect,
	})
	admin := func(h http.Handler) http.Handler { // stands for yours
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != "secret" {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/debug/weakref", admin(pages))

	r := httptest.NewRequest("GET", "/debug/weakref", nil)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code)

	r.SetBasicAuth("ada", "secret")
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "<h1>Containers</h1>"))
	// Output:
	// 401
	// 200 true
}
