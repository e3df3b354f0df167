package usercode

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
)

func TestOutcome(t *testing.T) {
	boom := errors.New("boom")
	ends := func(f func() error) (err error) {
		ended := make(chan error)
		go func() {
			var err error
			returned := false
			defer func() { ended <- Outcome(returned, recover(), err) }()
			err = f()
			returned = true
		}()
		return <-ended
	}
	if err := ends(func() error { return nil }); err != nil {
		t.Errorf("returned nil: %v", err)
	}
	if err := ends(func() error { return boom }); err != boom {
		t.Errorf("returned an error: %v", err)
	}
	if err := ends(func() error { runtime.Goexit(); return nil }); err != ErrGoexit {
		t.Errorf("ended its goroutine: %v", err)
	}
	err := ends(func() error { panic(boom) })
	p, ok := err.(*Panic)
	if !ok || p.Value != any(boom) || !errors.Is(err, boom) || !strings.Contains(string(p.Stack), "TestOutcome") {
		t.Errorf("panicked: %v", err)
	}
	if err := ends(func() error { panic(nil) }); err == nil || err == ErrGoexit {
		t.Errorf("panicked with nil: %v", err)
	}
}

func TestDo(t *testing.T) {
	if err := Do(func() error { return io.EOF }); err != io.EOF {
		t.Error(err)
	}
	if err := Do(func() error { panic(io.EOF) }); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestLog(t *testing.T) {
	var buf bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&buf, nil)))
	defer slog.SetDefault(old)
	for want, err := range map[string]error{
		"a callback panicked\" bus=b panic=boom stack=": Do(func() error { panic("boom") }),
		"a callback ended its goroutine\" bus=b":        ErrGoexit,
		"a callback failed\" bus=b error=EOF":           io.EOF,
	} {
		buf.Reset()
		Log("a callback", err, "bus", "b")
		if !strings.Contains(buf.String(), want) {
			t.Errorf("logged %q, want %q", buf.String(), want)
		}
	}
	buf.Reset()
	if Log("a callback", nil); buf.Len() > 0 {
		t.Errorf("nothing failed, logged %q", buf.String())
	}
}
