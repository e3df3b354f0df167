package why

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// browse lets a person look around in a heap.
func browse(ctx context.Context, v *view) error {
	m := newBrowser(v)
	p := tea.NewProgram(m, tea.WithContext(ctx))
	v.Progress = func(work string, share float64) { p.Send(progressMsg(progressText(work, share))) }
	_, err := p.Run()
	v.inUse = m.busy != "" // quitting does not wait for it
	return err
}

// browser is the state of the screen. The heap is only touched by the commands
// that make pages, of which one runs at a time.
type browser struct {
	view          *view
	pages         []*page // the last one is shown; those before are gone back to
	tab           int
	busy          string // what is being done, "" if nothing is
	failed        string
	typing        bool // the filter is being typed
	width, height int
}

type (
	progressMsg string
	pageMsg     struct {
		page *page
		err  error
	}
)

// tabs are the pages to begin with.
var tabs = []struct {
	name string
	make func(*view) (*page, error)
}{
	{"types", typesPage},
	{"holders", holdersPage},
	{"dominators", dominatorsPage},
	{"without a root", unrootedPage},
}

func newBrowser(v *view) *browser {
	return &browser{view: v, width: 80, height: 24}
}

func (b *browser) Init() tea.Cmd { return b.goTo(0) }

// goTo opens a tab.
func (b *browser) goTo(tab int) tea.Cmd {
	b.tab, b.pages = tab, nil
	return b.open(func() (*page, error) { return tabs[tab].make(b.view) })
}

// open makes a page, which may take a while.
func (b *browser) open(make func() (*page, error)) tea.Cmd {
	b.busy = "working …"
	return func() tea.Msg {
		p, err := make()
		return pageMsg{p, err}
	}
}

func (b *browser) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		b.width, b.height = msg.Width, msg.Height
	case progressMsg:
		if b.busy != "" {
			b.busy = string(msg)
		}
	case pageMsg:
		b.busy, b.failed = "", ""
		if msg.err != nil {
			b.failed = msg.err.Error()
		} else {
			b.pages = append(b.pages, msg.page)
		}
	case tea.KeyPressMsg:
		return b, b.key(msg)
	}
	return b, nil
}

// page is the page that is shown, nil before there is one.
func (b *browser) page() *page {
	if len(b.pages) == 0 {
		return nil
	}
	return b.pages[len(b.pages)-1]
}

func (b *browser) key(k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "ctrl+c" || k.String() == "q" && !b.typing {
		return tea.Quit
	}
	p := b.page()
	switch {
	case b.busy != "":
		return nil
	case b.typing:
		b.typing = p.typeFilter(k)
		return nil
	}
	switch s := k.String(); s {
	case "tab":
		return b.goTo((b.tab + 1) % len(tabs))
	case "shift+tab":
		return b.goTo((b.tab + len(tabs) - 1) % len(tabs))
	case "alt+esc": // two of them at once, for a terminal
		b.back()
		b.back()
	case "esc", "backspace", "left", "h":
		b.back()
	case "enter", "right", "l":
		if r := p.selected(); r != nil && r.open != nil {
			return b.open(r.open)
		}
	case "/":
		b.typing = p != nil
	default:
		p.move(s, b.rowsShown())
	}
	return nil
}

// back takes back the filter, or the page.
func (b *browser) back() {
	if p := b.page(); p != nil && p.filter != "" {
		p.setFilter("")
	} else if len(b.pages) > 1 {
		b.pages = b.pages[:len(b.pages)-1]
	}
}

var (
	bold     = lipgloss.NewStyle().Bold(true)
	faint    = lipgloss.NewStyle().Faint(true)
	reversed = lipgloss.NewStyle().Reverse(true)
)

// The lines that are not rows: the tabs and the title above, the help below.
const otherLines = 4

func (b *browser) rowsShown() int {
	n := b.height - otherLines
	if p := b.page(); p != nil {
		n -= len(p.headShown(b.height))
	}
	return max(n, 1)
}

func (b *browser) View() tea.View {
	lines := append([]string{b.tabLine()}, b.pageLines()...)
	for len(lines) < b.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, b.status())
	for i, l := range lines {
		lines[i] = lipgloss.NewStyle().MaxWidth(b.width).Render(l)
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.WindowTitle = "weakref why " + b.view.file
	return v
}

func (b *browser) tabLine() string {
	var names []string
	for i, t := range tabs {
		name := " " + t.name + " "
		if i == b.tab {
			name = reversed.Render(name)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func (b *browser) pageLines() []string {
	p := b.page()
	if p == nil {
		return nil
	}
	lines := []string{bold.Render(fit(p.title, b.width))}
	for _, l := range p.headShown(b.height) {
		lines = append(lines, fit(l, b.width))
	}
	lines = append(lines, faint.Render(p.columns))
	shown, at := p.window(b.rowsShown())
	for i, r := range shown {
		text := fit(r.text, b.width)
		if i == at {
			text = reversed.Render(text)
		}
		lines = append(lines, text)
	}
	return lines
}

func (b *browser) status() string {
	p := b.page()
	switch {
	case b.busy != "":
		return b.busy
	case b.failed != "":
		return b.failed
	case b.typing:
		return "/" + p.filter + "▏"
	}
	help := "↑↓ move  enter open  esc back  / filter  tab next list  q quit"
	if p != nil && p.filter != "" {
		help = fmt.Sprintf("only with %q; esc: all   %s", p.filter, help)
	}
	return faint.Render(help)
}
