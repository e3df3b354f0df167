package why

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/weakref-go/weakref/heap"
)

// screen is a browser that is used without a terminal.
type screen struct {
	t testing.TB
	*browser
}

func open(t testing.TB) *screen {
	f := app(t)
	d, err := heap.Open(f.newer, f.exe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	s := &screen{t, newBrowser(&view{Dump: d, index: &index{}, file: f.newer, options: options{max: 20}})}
	s.do(s.Init())
	s.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
	return s
}

// do runs a command to its end.
func (s *screen) do(cmd tea.Cmd) {
	if cmd != nil {
		s.Update(cmd())
	}
}

var keys = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp},
	"down": {Code: tea.KeyDown}, "end": {Code: tea.KeyEnd}, "home": {Code: tea.KeyHome}, "pgdown": {Code: tea.KeyPgDown},
	"pgup": {Code: tea.KeyPgUp}, "backspace": {Code: tea.KeyBackspace}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
}

// press presses keys: one by its name, or a text.
func (s *screen) press(text string) {
	if k, ok := keys[text]; ok {
		s.key(k)
		return
	}
	for _, r := range text {
		s.key(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

func (s *screen) key(k tea.KeyPressMsg) {
	_, cmd := s.Update(k)
	s.do(cmd)
}

func (s *screen) lines() []string { return strings.Split(ansi.Strip(s.View().Content), "\n") }

func (s *screen) mustShow(words ...string) {
	s.t.Helper()
	text := strings.Join(s.lines(), "\n")
	for _, w := range words {
		if !strings.Contains(text, w) {
			s.t.Fatalf("the screen does not show %q:\n%s", w, text)
		}
	}
}

// A type, how it is held, an object, what refers to it, and back.
func TestBrowse(t *testing.T) {
	s := open(t)
	s.mustShow("types", "objects of", "main.Session", "↑↓ move")
	s.press("/")
	s.press("MAIN.sess")
	s.mustShow("/MAIN.sess▏", "main.Session")
	s.press("enter")
	s.mustShow("only with")
	s.press("enter")
	s.mustShow("How main.Session is held", "main.sessions[]")
	s.press("enter")
	s.mustShow("main.Session at 0x", "main.sessions (global)", `["user-`, "←", "[]uint8 at 0x")
	s.press("down")
	s.press("esc")
	s.mustShow("How main.Session is held")
	s.press("esc")
	s.mustShow("only with")
	s.press("esc")
	s.mustShow("objects of", "↑↓ move")
	for _, title := range []string{"What is held how", "Objects that retain most", "No root in the dump", "objects of"} {
		s.press("tab")
		s.mustShow(title)
	}
	if _, cmd := s.Update(tea.KeyPressMsg{Code: 'q', Text: "q"}); cmd == nil {
		t.Error("q does not quit")
	} else if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("q does something else than to quit")
	}
}

// A path that is too long for the screen loses its middle, not the step that leads to
// the object; and three Escapes, which a terminal may send as two keys, go back thrice.
func TestBrowseDetail(t *testing.T) {
	s := open(t)
	for _, p := range []*page{{title: "a"}, {title: "b"}, {title: "c"}} {
		s.pages = append(s.pages, p.ready())
	}
	long := &page{title: "object", rows: []row{{text: "row"}}}
	for i := range 40 {
		long.head = append(long.head, fmt.Sprintf("step %d", i))
	}
	long.head = append(long.head, "main.sessions"+strings.Repeat(".next", 50)+".last")
	s.pages = append(s.pages, long.ready())
	s.Update(tea.WindowSizeMsg{Width: 60, Height: 20})
	s.mustShow("step 0", "…", "step 39", "main.sessions.next", ".next.last", "row")
	s.press("/")
	s.press("p 17")
	s.mustShow("step 17")
	s.press("enter")
	s.press("esc")
	before := len(s.pages)
	s.key(tea.KeyPressMsg{Code: tea.KeyEscape, Mod: tea.ModAlt})
	s.press("esc")
	if len(s.pages) != before-3 {
		t.Errorf("%d pages are left of %d", len(s.pages), before)
	}
}

// While something is being made, keys do nothing, and progress is shown.
func TestBusy(t *testing.T) {
	s := open(t)
	_, cmd := s.Update(keys["tab"])
	s.Update(progressMsg("naming 40 %"))
	s.mustShow("naming 40 %")
	if _, second := s.Update(keys["enter"]); second != nil {
		t.Error("a key was obeyed meanwhile")
	}
	s.do(cmd)
	s.mustShow("What is held how")
}

// Whatever is pressed, in a window of whatever size, the screen is as large as the
// window, and the chosen row is on it.
func TestAnyKeys(t *testing.T) {
	s := open(t)
	var names []string
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	names = append(names, "j", "k", "g", "G", "l", "h", " ", "/", "x", "m", "s")
	seeds := uint64(20)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 1))
		s.Update(tea.WindowSizeMsg{Width: 1 + rnd.IntN(120), Height: 1 + rnd.IntN(40)})
		for range 40 {
			name := names[rnd.IntN(len(names))]
			s.press(name)
			lines := s.lines()
			if least := otherLines + 2; len(lines) > max(s.height, least) && s.height > 2*least {
				t.Fatalf("seed %d: %d lines in a window of %d after %s", seed, len(lines), s.height, name)
			}
			for _, l := range lines {
				if ansi.StringWidth(l) > s.width {
					t.Fatalf("seed %d: a line is wider than the window after %s: %s", seed, name, l)
				}
			}
			if p := s.page(); len(p.shown) > 0 {
				if rows, at := p.window(s.rowsShown()); at < 0 || at >= len(rows) {
					t.Fatalf("seed %d: row %d of %d is chosen after %s", seed, at, len(rows), name)
				}
			}
		}
	}
}
