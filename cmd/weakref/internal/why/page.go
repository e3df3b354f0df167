package why

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// page is a list to choose from, below some text.
type page struct {
	title   string
	head    []string
	columns string
	rows    []row
	filter  string

	shown []int // rows that the filter lets through
	at    int   // the chosen one of them
	top   int   // the first one on the screen
}

// row is an entry, and the page that it leads to.
type row struct {
	text string
	open func() (*page, error) // nil if it leads nowhere
}

func (p *page) setFilter(f string) {
	p.filter, p.at, p.top = f, 0, 0
	p.shown = p.shown[:0]
	for i, r := range p.rows {
		if p.matches(r.text) {
			p.shown = append(p.shown, i)
		}
	}
}

// ready returns the page with all its rows.
func (p *page) ready() *page {
	p.setFilter("")
	return p
}

// typeFilter takes a key while the filter is typed, and says whether it still is.
func (p *page) typeFilter(k tea.KeyPressMsg) (typing bool) {
	switch k.String() {
	case "enter":
		return false
	case "esc", "alt+esc":
		p.setFilter("")
		return false
	case "backspace":
		if r := []rune(p.filter); len(r) > 0 {
			p.setFilter(string(r[:len(r)-1]))
		}
	default:
		p.setFilter(p.filter + k.Key().Text)
	}
	return true
}

func (p *page) selected() *row {
	if p == nil || len(p.shown) == 0 {
		return nil
	}
	return &p.rows[p.shown[p.at]]
}

// move moves the choice, with n rows on the screen.
func (p *page) move(key string, n int) {
	if p == nil {
		return
	}
	switch key {
	case "up", "k":
		p.at--
	case "down", "j":
		p.at++
	case "pgup", "ctrl+b":
		p.at -= n
	case "pgdown", "ctrl+f", "space":
		p.at += n
	case "home", "g":
		p.at = 0
	case "end", "G":
		p.at = len(p.shown)
	}
	p.at = max(0, min(p.at, len(p.shown)-1))
}

// window returns the rows that are on the screen, and which of them is chosen.
func (p *page) window(n int) (rows []row, at int) {
	p.top = max(min(p.top, p.at), p.at-n+1)
	for _, i := range p.shown[p.top:min(p.top+n, len(p.shown))] {
		rows = append(rows, p.rows[i])
	}
	return rows, p.at - p.top
}

// headShown leaves at least half of the screen to the rows. What is left out is in the
// middle: the last step of a path is the one that matters. With a filter, it is the lines
// that the filter lets through, if there are any.
func (p *page) headShown(height int) []string {
	head := p.head
	if p.filter != "" {
		if found := slices.DeleteFunc(slices.Clone(head), func(l string) bool { return !p.matches(l) }); len(found) > 0 {
			head = found
		}
	}
	most := max(height/2, 1)
	if len(head) <= most || len(p.rows) == 0 {
		return head
	}
	first := (most - 1) / 3
	return slices.Concat(head[:first], []string{"…"}, head[len(head)-(most-1-first):])
}

// matches says whether the filter lets a text through.
func (p *page) matches(text string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(p.filter))
}

// fit shortens a line to a width, in the middle: both ends of a path matter.
func fit(line string, width int) string {
	if ansi.StringWidth(line) <= width {
		return line
	}
	if width < 8 {
		return ansi.Truncate(line, max(width, 0), "")
	}
	left := (width - 1) / 2
	right := width - 1 - left
	return ansi.Truncate(line, left, "") + "…" + ansi.TruncateLeft(line, ansi.StringWidth(line)-right, "")
}
