package demo

import (
	"strings"
	"testing"
	"time"
)

func TestProgressInLines(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out, 8).(*lines)
	for _, what := range []string{"one", "two"} {
		p.begin(what)
		for range 4 {
			p.step()
		}
	}
	p.end()
	if got, want := out.String(), "  0 %  one\n 50 %  two\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	out.Reset()
	p.done = 5
	p.last = time.Time{} // long ago
	p.step()
	p.step()
	if got, want := out.String(), " 75 %  two\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
