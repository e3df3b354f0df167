package demo

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress tells the user how far a long run has come.
type progress interface {
	begin(what string) // something new is under way
	step()
	end()
}

// newProgress returns a bar if w is a terminal, and a line now and then if not.
func newProgress(w io.Writer, steps int) progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return bar{progressbar.NewOptions(steps,
			progressbar.OptionSetWriter(f),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(false), // the strategies take different times
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionClearOnFinish(),
		)}
	}
	return &lines{w: w, steps: steps}
}

type bar struct{ *progressbar.ProgressBar }

// What fails is writing to the terminal. There is nobody to tell.
func (b bar) begin(what string) { b.Describe(fmt.Sprintf("%-10s", what)) }
func (b bar) step()             { _ = b.Add(1) }
func (b bar) end()              { _ = b.Clear() }

type lines struct {
	w           io.Writer
	what        string
	done, steps int
	last        time.Time // when a line was written
}

const linePeriod = 5 * time.Second

func (l *lines) begin(what string) {
	l.what = what
	l.write()
}

func (l *lines) step() {
	if l.done++; time.Since(l.last) >= linePeriod {
		l.write()
	}
}

func (l *lines) write() {
	l.last = time.Now()
	fmt.Fprintf(l.w, "%3d %%  %s\n", 100*l.done/l.steps, l.what)
}

func (l *lines) end() {}
