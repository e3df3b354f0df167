package why

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows what is being done, in one line of a terminal.
type progress struct {
	w     io.Writer // nil: nowhere
	start time.Time
	shown bool
}

// patience is how long work is silent. Most of it is done by then.
const patience = 300 * time.Millisecond

func (o options) progress(w io.Writer) *progress {
	if o.quiet || !isTerminal(w) {
		w = nil
	}
	return &progress{w: w, start: time.Now()}
}

func (p *progress) show(work string, share float64) {
	if p.w == nil || time.Since(p.start) < patience {
		return
	}
	p.shown = true
	fmt.Fprintf(p.w, "\r\x1b[K%s", progressText(work, share))
}

func progressText(work string, share float64) string {
	if share <= 0 {
		return work + " …"
	}
	return fmt.Sprintf("%s %.0f %%", work, 100*min(share, 1))
}

// end takes the line away.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
