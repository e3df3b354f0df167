package why

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestShorten(t *testing.T) {
	line := "         123    1.2 kB   34 kB  example.com/some/long/path/of/packages.Table[string,example.com/another.Value]"
	for _, width := range []int{44, 50, 60, 80} {
		got := shorten(line, width)
		if utf8.RuneCountInString(got) != width || !strings.HasPrefix(got, line[:40]) {
			t.Errorf("%d columns: %q", width, got)
		}
	}
	for _, width := range []int{20, 200} {
		if got := shorten(line, width); got != line {
			t.Errorf("%d columns: %q", width, got)
		}
	}
	if got := shorten(line, 80); !strings.HasSuffix(got, "r.Value]") {
		t.Errorf("without the end of the type: %q", got)
	}
}

func TestFitter(t *testing.T) {
	var out bytes.Buffer
	text := strings.Repeat("x", 100) + "\nshort\n"
	if n, err := (fitter{&out, 80}).Write([]byte(text)); n != len(text) || err != nil {
		t.Error(n, err)
	}
	if lines := strings.Split(out.String(), "\n"); len(lines) != 3 || utf8.RuneCountInString(lines[0]) != 80 || lines[1] != "short" {
		t.Errorf("%q", out.String())
	}
	// What is no terminal gets everything.
	if fitted(&out, &topAnswer{}) != &out {
		t.Error("a buffer has a width")
	}
}

func TestComplete(t *testing.T) {
	if names, _ := new(options).complete(nil, []string{"heap.dump"}, ""); strings.Join(names, " ") != strings.Join(queryNames(), " ") {
		t.Error(names)
	}
	if names, _ := new(options).complete(nil, nil, ""); len(names) != 1 || names[0] != "diff" {
		t.Error(names)
	}
	if names, _ := new(options).complete(nil, []string{"diff", "old"}, ""); names != nil {
		t.Error(names)
	}
	if names, _ := (&options{pid: 1}).complete(nil, nil, ""); len(names) != len(queries)+1 {
		t.Error(names)
	}
}
