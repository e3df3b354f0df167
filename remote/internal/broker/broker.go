// Package broker asks a broker of NATS that may be slow, or lose a request with a
// connection.
package broker

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Patience is after how long a request is repeated that is not answered.
const Patience = time.Second

// Within calls f with a context that ends soon.
func Within[T any](ctx context.Context, d time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx)
}

// Again calls f until it is answered or ctx has ended.
func Again[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	for {
		v, err := Within(ctx, Patience, f)
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return v, err
		}
	}
}

// Conflicts reports whether err, of a write that names the revision that it replaces, means
// that it did not replace that, or that this is not known: it was not answered, although ctx
// has not ended.
func Conflicts(ctx context.Context, err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return ctx.Err() == nil
	}
	var api *jetstream.APIError
	// Wrong last sequence, as a single server says it and as a cluster does.
	return errors.As(err, &api) && (api.ErrorCode == 10071 || api.ErrorCode == 10164)
}

// NobodyListens reports whether a message is the broker's word that a request has reached
// nobody.
func NobodyListens(m *nats.Msg) bool {
	return len(m.Data) == 0 && m.Header.Get("Status") == "503"
}
