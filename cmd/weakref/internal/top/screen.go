package top

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// screen shows the table on a terminal.
type screen struct {
	ctx           context.Context // of the command
	source        *source
	every         time.Duration
	table         *table
	from          int // the first row that is shown
	status        string
	width, height int
	help          bool // is shown
	paused        bool
	idle          bool // nobody is going to look: it was paused
}

type (
	lookMsg struct {
		all []container
		err error
	}
	tickMsg struct{}
)

func newScreen(ctx context.Context, s *source, every time.Duration) *screen {
	return &screen{ctx: ctx, source: s, every: every, table: newTable(), status: "asking …", width: 80, height: 24}
}

func (s *screen) Init() tea.Cmd { return s.look }

func (s *screen) look() tea.Msg {
	all, err := s.source.look(s.ctx)
	return lookMsg{all, err}
}

func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case lookMsg:
		if s.paused {
			s.idle = true
			return s, nil
		}
		if msg.err != nil { // it may come back
			s.status = printable(msg.err.Error())
		} else {
			s.table.update(msg.all)
			s.status = fmt.Sprintf("%d containers", len(msg.all))
		}
		return s, tea.Tick(s.every, func(time.Time) tea.Msg { return tickMsg{} })
	case tickMsg:
		if s.paused {
			s.idle = true
			return s, nil
		}
		return s, s.look
	case tea.KeyPressMsg:
		return s, s.key(msg.String())
	}
	return s, nil
}

func (s *screen) key(k string) tea.Cmd {
	if s.help && k != "q" && k != "ctrl+c" {
		s.help = false // any key leaves it
		return nil
	}
	switch k {
	case "q", "esc", "ctrl+c":
		return tea.Quit
	case "?", "h":
		s.help = true
	case "p":
		return s.pause()
	case "g", "n":
		s.table.byLen = k == "n"
		s.table.sort()
	case "r":
		s.table.reset()
	case "up", "k":
		s.from--
	case "down", "j":
		s.from++
	case "pgup":
		s.from -= s.shown()
	case "pgdown", "space":
		s.from += s.shown()
	case "home":
		s.from = 0
	case "end":
		s.from = len(s.table.rows)
	}
	s.from = s.first()
	return nil
}

// pause stops looking, or goes on.
func (s *screen) pause() tea.Cmd {
	s.paused = !s.paused
	if s.paused || !s.idle {
		return nil
	}
	s.idle = false
	return s.look
}

// first is the first row that is shown: no later than leaves room for what there is.
func (s *screen) first() int { return max(0, min(s.from, len(s.table.rows)-s.shown())) }

// shown is how many rows there is room for.
func (s *screen) shown() int { return max(1, s.height-2) }

// helpText is a line for each key.
const helpText = `weakref top

  g             sort by growth
  n             sort by length
  r             count growth from now on
  p             pause, and go on
  ↑ ↓ k j       a line up, down
  PgUp PgDn     a screen up, down (space: down)
  Home End      to the first, the last
  ? h           this
  q Esc         end

Any key goes back.`

func (s *screen) View() tea.View {
	v := tea.NewView(s.text())
	v.AltScreen = true
	return v
}

// text is what is on the screen, in lines that fit.
func (s *screen) text() string {
	if s.help {
		lines := strings.Split(helpText, "\n")
		lines = lines[:min(len(lines), max(1, s.height))]
		for i, l := range lines {
			lines[i] = ansi.Truncate(l, s.width, "…")
		}
		return strings.Join(lines, "\n")
	}
	status := s.status
	if s.paused {
		status += ", paused"
	}
	foot := status + " · ? help · g growth · n length · p pause · q quit"
	return s.table.text(s.width, s.first(), s.shown()) + ansi.Truncate(foot, s.width, "…")
}
