// Package drawn draws paths of references for a browser, without a script: what holds
// something as boxes, one below the other, and between them the references. The page of
// the command "weakref why" and those of package debug are drawn with it.
//
// It is below internal because two modules share it, and above package heap, whose paths
// it draws: nothing below heap may use it.
package drawn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap"
)

// Path is a path to draw.
type Path struct {
	Root  string `json:"root"`
	Kind  string `json:"kind"`
	By    string `json:"by,omitempty"` // who started the goroutine that it begins in
	Steps []Step `json:"steps"`
}

// Step is a reference and what it leads to.
type Step struct {
	Text string `json:"text"`
	To   string `json:"to"`
	Only bool   `json:"only,omitempty"` // to cut it is enough
}

// maxSteps is how many references of a path are drawn. What is left out is in the middle:
// both ends matter.
const maxSteps = 60

// Of returns a path with all that is known of it: indexes, keys of maps, addresses.
func Of(p heap.Path) Path {
	return draw(p, p.Root.Text, func(s heap.Step) (string, string) { return s.Text, s.Object.String() })
}

// Alike returns what a path has in common with all of its kind (heap.Path.Signature): it
// shows no key, no index and no address, so nothing that was in the memory of the program.
func Alike(p heap.Path) Path {
	return draw(p, p.Root.Signature, func(s heap.Step) (string, string) {
		if s.Object.Type == "" {
			return s.Signature, fmt.Sprintf("an object of %d bytes", s.Object.Size)
		}
		return s.Signature, s.Object.Type
	})
}

func draw(p heap.Path, root string, text func(heap.Step) (ref, to string)) Path {
	d := Path{Root: root, Kind: string(p.Root.Kind), By: p.Root.CreatedBy}
	for i, s := range p.Steps {
		ref, to := text(s)
		if i+1 < len(p.Steps) && s.Text == "" && strings.HasSuffix(s.Object.Type, " (part)") {
			continue // of a map
		}
		d.Steps = append(d.Steps, Step{strings.TrimSpace(ref), to, s.Only})
	}
	if left := len(d.Steps) - maxSteps; left > 0 {
		gap := Step{Text: "…", To: fmt.Sprintf("%d more references", left)}
		d.Steps = slices.Concat(d.Steps[:maxSteps/2], []Step{gap}, d.Steps[maxSteps/2+left:])
	}
	return d
}

// Style is the style sheet of a drawing, and the colours that a page around it may use. It
// has no comments: a page that a content security policy guards has its hash.
const Style = `
:root{color-scheme:light dark;--line:light-dark(#c8cdd4,#454b54);--soft:light-dark(#f3f5f7,#23272d);--faint:light-dark(#5c6570,#a0a8b2);
--bad:light-dark(#b3261e,#ff8a80);--root:light-dark(#dce8f7,#24364d)}
.path{margin:.8rem 0 1.2rem}
.box,.edge{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.box{display:inline-block;max-width:100%;box-sizing:border-box;border:1px solid var(--line);border-radius:6px;padding:3px 9px;background:var(--soft)}
.box.root{background:var(--root);font-weight:600}
.edge{margin-left:1.1rem;border-left:2px solid var(--line);padding:5px 0 5px 11px;min-height:1.1em}
.edge.only{border-left:4px solid var(--bad);padding-left:9px}
.edge.only::after{content:" ✂ to cut this is enough";color:var(--bad)}
.kind{color:var(--faint);font-weight:400}
`

// Templates defines "path", which draws a Path, and "path-style" for a style sheet.
const Templates = `{{define "path-style"}}` + Style + `{{end}}
{{- define "path"}}<div class="path"><div class="box root">{{.Root}}<span class="kind">&ensp;{{.Kind}}{{with .By}}, started by {{.}}{{end}}</span></div>
{{- range .Steps}}<div class="edge{{if .Only}} only{{end}}">{{.Text}}</div><div class="box">{{.To}}</div>{{end}}</div>{{end}}`

// Bytes writes a number of bytes in at most four digits.
func Bytes(n uint64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1000, 0
	for f >= 999.5 && unit < len(units)-1 {
		f /= 1000
		unit++
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f %cB", f, units[unit])
	}
	return fmt.Sprintf("%.0f %cB", f, units[unit])
}
