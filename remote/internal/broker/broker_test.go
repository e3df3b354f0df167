package broker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestAgain: a request that is not answered is repeated, until there is an answer, another
// error, or no time left.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		calls := 0
		lost := func(ctx context.Context) (int, error) {
			if calls++; calls < 4 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return calls, nil
		}
		if n, err := Again(ctx, lost); n != 4 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		other := errors.New("other")
		if _, err := Again(ctx, func(context.Context) (int, error) { return 0, other }); err != other {
			t.Error(err)
		}
		calls = -1000
		if _, err := Again(ctx, lost); !errors.Is(err, context.DeadlineExceeded) || calls > -990 {
			t.Errorf("%v after %d calls", err, calls+1000)
		}
	})
}

func TestConflicts(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	api := func(code jetstream.ErrorCode) error { return &jetstream.APIError{Code: 400, ErrorCode: code} }
	for _, test := range []struct {
		ctx  context.Context
		err  error
		want bool
	}{
		{t.Context(), api(10071), true},
		{t.Context(), api(10164), true},
		{over, api(10071), true},
		{t.Context(), api(10003), false},
		{t.Context(), context.DeadlineExceeded, true},
		{over, context.DeadlineExceeded, false},
		{t.Context(), nats.ErrConnectionClosed, false},
	} {
		if got := Conflicts(test.ctx, test.err); got != test.want {
			t.Errorf("%v, context %v: %v", test.err, test.ctx.Err(), got)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	m := nats.NewMsg("a")
	if NobodyListens(m) {
		t.Error("an empty answer is none")
	}
	m.Header.Set("Status", "503")
	if !NobodyListens(m) {
		t.Error("the broker's word is not known")
	}
	m.Data = []byte{1}
	if NobodyListens(m) {
		t.Error("an answer with such a header is none")
	}
}
