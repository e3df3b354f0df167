package why

import (
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// tabular is an answer whose lines are the rows of a table. In a terminal they are made
// to fit.
type tabular interface{ tabular() }

func (*topAnswer) tabular()     {}
func (*infoAnswer) tabular()    {}
func (*holdersAnswer) tabular() {}
func (*diffAnswer) tabular()    {}

// fitted returns a writer to w that makes the lines of a table fit, if w is a terminal.
func fitted(w io.Writer, a answer) io.Writer {
	if _, ok := a.(tabular); !ok || !isTerminal(w) {
		return w
	}
	width, _, err := term.GetSize(int(w.(interface{ Fd() uintptr }).Fd()))
	if err != nil || width < 1 {
		return w
	}
	return fitter{w, width}
}

type fitter struct {
	w     io.Writer
	width int
}

// Write gets whole lines.
func (f fitter) Write(p []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		text, end := strings.CutSuffix(line, "\n")
		b.WriteString(shorten(text, f.width))
		if end {
			b.WriteByte('\n')
		}
	}
	if _, err := io.WriteString(f.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// shorten takes out of the middle of a line what is too much. The figures in front and
// the name of a type behind stay.
func shorten(line string, width int) string {
	const least = 44 // columns for the figures and something of the text
	n := utf8.RuneCountInString(line)
	if n <= width || width < least {
		return line
	}
	runes := []rune(line)
	tail := (width - least) / 2
	head := width - 1 - tail
	return string(runes[:head]) + "…" + string(runes[n-tail:])
}
