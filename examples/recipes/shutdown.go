package recipes

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/weakref-go/weakref"
)

// page:

// Serve serves until ctx ends. Then it lets requests end, and runs what is registered to
// run at an object's death, the last registered first.
func Serve(ctx context.Context, server *http.Server) error {
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := server.Shutdown(end)
	return errors.Join(err, weakref.Shutdown(end)) // says what is left, if the time is over
}

// end:
