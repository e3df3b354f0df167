package recipes

import (
	"net/http"
	"sync/atomic"

	"github.com/weakref-go/weakref"
)

// page:

// failures counts for each client, whose type is not ours to change. A count goes with
// its client.
var failures weakref.KeyMap[http.Client, *atomic.Int64]

func Failures(c *http.Client) *atomic.Int64 {
	n, _ := failures.LoadOrStore(c, new(atomic.Int64))
	return n
}

// end:
