package top

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/debug"
)

type session struct{ _ [4]*int }

// TestOnce asks package debug's own handler.
func TestOnce(t *testing.T) {
	m := &weakref.ValueMap[int, session]{Name: "evil\x1b[2J\u202ename"}
	v := new(session)
	for i := range 50 {
		m.Store(i, v)
	}
	srv := httptest.NewServer(debug.Handler(debug.Options{}))
	defer srv.Close()
	var out bytes.Buffer
	c := Command()
	c.SetOut(&out)
	c.SetArgs([]string{"--once", srv.URL + "/any/path?x=y"})
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, `"evil\x1b[2J\u202ename"`) || strings.ContainsAny(text, "\x1b\u202e") || !strings.Contains(text, " 50 ") {
		t.Errorf("printed %q", text)
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(v)
}

// TestWrong checks what is said of services that are none.
func TestWrong(t *testing.T) {
	answer := ""
	status := 200
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	defer srv.Close()
	password := strings.Replace(srv.URL, "://", "://ada:secret@", 1)
	for _, test := range []struct {
		args   []string
		status int
		answer string
		want   string
	}{
		{[]string{"localhost:6060"}, 200, "", "is no URL"},
		{[]string{"ftp://x/"}, 200, "", "is no URL"},
		{[]string{srv.URL}, 401, "", "401"},
		{[]string{srv.URL}, 200, "<html>", "not that of package debug"},
		{[]string{srv.URL}, 200, "{}", "no containers"},
		{[]string{srv.URL, "--every", "0s"}, 200, "{}", "--every is 0s"},
		{[]string{password}, 200, "[", "not that of package debug"},
	} {
		status, answer = test.status, test.answer
		c := Command()
		c.SilenceErrors, c.SilenceUsage = true, true
		c.SetArgs(append(test.args, "--once"))
		err := c.Execute()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v", test.args, err)
		}
	}
	srv.Close()
	c := Command()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs([]string{password, "--once"})
	if err := c.Execute(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody answers: %v", err)
	}
}

func containers(lens ...int) (all []container) {
	for i, n := range lens {
		all = append(all, container{ID: uint64(i), Kind: "Set", Name: fmt.Sprintf("c%d", i), Type: "weakref.Set[int]", Len: n})
	}
	return all
}

// order returns the names of the rows.
func order(t *table) (names string) {
	for _, r := range t.rows {
		names += fmt.Sprintf("%s%+d ", r.Name, r.growth)
	}
	return names
}

func TestKeys(t *testing.T) {
	s := newScreen(t.Context(), nil, 1)
	s.Update(lookMsg{all: containers(10, 5, 1)})
	s.Update(lookMsg{all: containers(10, 7, 9)})
	for _, step := range []struct{ key, want string }{
		{"", "c2+8 c1+2 c0+0 "}, {"n", "c0+0 c2+8 c1+2 "}, {"r", "c0+0 c2+0 c1+0 "}, {"g", "c0+0 c2+0 c1+0 "},
	} {
		s.key(step.key)
		if got := order(s.table); got != step.want {
			t.Errorf("after %q: %s", step.key, got)
		}
	}
	s.Update(lookMsg{all: containers(10, 7, 9, 4)})
	if got := order(s.table); !strings.HasPrefix(got, "c3+4 ") {
		t.Errorf("a new container: %s", got)
	}
	if s.key("q") == nil {
		t.Error("q does not end it")
	}
}

// TestPause checks that nothing changes while it is paused, and that there is one who
// looks afterwards, not two.
func TestPause(t *testing.T) {
	s := newScreen(t.Context(), nil, 1)
	s.Update(lookMsg{all: containers(1)})
	press := func(k string) tea.Cmd { return s.key(k) }
	if press("p") != nil || !strings.Contains(s.text(), "paused") {
		t.Errorf("not paused:\n%s", s.text())
	}
	if press("p") != nil {
		t.Error("somebody else looks, although the next look is to come")
	}
	for _, while := range []tea.Msg{tickMsg{}, lookMsg{all: containers(9)}} {
		press("p")
		if _, cmd := s.Update(while); cmd != nil || s.table.rows[0].Len != 1 {
			t.Errorf("%T while paused: %v", while, s.table.rows)
		}
		if press("p") == nil || strings.Contains(s.text(), "paused") {
			t.Error("nobody looks after the pause")
		}
	}
	if _, cmd := s.Update(lookMsg{all: containers(9)}); cmd == nil || s.table.rows[0].Len != 9 {
		t.Error("it does not go on")
	}
}

func TestHelp(t *testing.T) {
	s := newScreen(t.Context(), nil, 1)
	for _, k := range []string{"?", "h"} {
		s.key(k)
		if !strings.Contains(s.text(), "sort by growth") {
			t.Errorf("after %s:\n%s", k, s.text())
		}
		s.Update(tea.WindowSizeMsg{Width: 12, Height: 3})
		for i, l := range strings.Split(s.text(), "\n") {
			if i > 2 || ansi.StringWidth(l) > 12 {
				t.Errorf("line %d: %q", i, l)
			}
		}
		s.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		if s.key("n") != nil || s.table.byLen || strings.Contains(s.text(), "sort by growth") {
			t.Error("a key does more than leave the help")
		}
	}
	s.key("?")
	if s.key("q") == nil {
		t.Error("q does not end it")
	}
}

// TestGrows has the terminal grow while the last row is shown: there is no gap.
func TestGrows(t *testing.T) {
	s := newScreen(t.Context(), nil, 1)
	s.Update(lookMsg{all: containers(make([]int, 30)...)})
	s.Update(tea.WindowSizeMsg{Width: 80, Height: 10})
	s.key("end")
	s.Update(tea.WindowSizeMsg{Width: 80, Height: 32})
	if lines := strings.Count(s.text(), "\n"); lines != 31 {
		t.Errorf("%d lines:\n%s", lines, s.text())
	}
}

// TestNarrow checks that names can be read on a narrow terminal.
func TestNarrow(t *testing.T) {
	s := newScreen(t.Context(), nil, 1)
	s.Update(lookMsg{all: containers(7)})
	for width, want := range map[int]string{40: "      +0         7  c0  weakref.Set[int]\n", 100: " Set          c0  weakref.Set[int]\n"} {
		s.Update(tea.WindowSizeMsg{Width: width, Height: 10})
		if !strings.Contains(s.text(), want) {
			t.Errorf("%d wide:\n%s", width, s.text())
		}
	}
}

// TestFits draws many containers on small screens, and scrolls.
func TestFits(t *testing.T) {
	s := newScreen(t.Context(), nil, 1)
	s.Update(lookMsg{all: containers(make([]int, 100)...)})
	for _, size := range []tea.WindowSizeMsg{{Width: 1, Height: 1}, {Width: 20, Height: 5}, {Width: 200, Height: 50}, {Width: 80, Height: 500}} {
		s.Update(size)
		for _, k := range []string{"end", "down", "pgdown", "up", "home", "up", "pgup", "end"} {
			s.key(k)
			lines := strings.Split(s.View().Content, "\n")
			if len(lines) > max(size.Height, 3) {
				t.Errorf("%v after %s: %d lines", size, k, len(lines))
			}
			for _, l := range lines {
				if ansi.StringWidth(l) > size.Width {
					t.Errorf("%v: %q is too wide", size, l)
				}
			}
		}
	}
	s.Update(lookMsg{err: fmt.Errorf("gone\x1b")})
	if text := s.View().Content; strings.Contains(text, "\x1b") || !strings.Contains(text, "gone") {
		t.Errorf("an error: %q", text)
	}
}
