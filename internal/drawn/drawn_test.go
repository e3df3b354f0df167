package drawn

import (
	"html/template"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/heap"
)

// secret is in all that a path knows of the memory of a program.
const secret = "<b>token</b>"

func path(steps int) heap.Path {
	p := heap.Path{Root: heap.Root{Kind: heap.RootGlobal, Text: "main.m", Signature: "main.m"}}
	p.Steps = append(p.Steps, heap.Step{Text: "", Object: heap.Object{Type: "map[string]*main.T (part)"}})
	for range steps {
		p.Steps = append(p.Steps, heap.Step{Text: `["` + secret + `"]`, Signature: "[]", Only: true,
			Object: heap.Object{Address: 0xc000123450, Size: 48, Type: "main.T"}})
	}
	return p
}

func render(t *testing.T, p Path) string {
	t.Helper()
	page := template.Must(template.New("").Parse(Templates + `<style>{{template "path-style"}}</style>{{template "path" .}}`))
	var b strings.Builder
	if err := page.Execute(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDrawing(t *testing.T) {
	text := render(t, Of(path(2)))
	for _, want := range []string{
		`<div class="box root">main.m`, `<div class="edge only">[&#34;&lt;b&gt;token&lt;/b&gt;&#34;]</div>`, "main.T at 0xc000123450", Style,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "(part)") || strings.Contains(text, "<b>") {
		t.Errorf("drawn as\n%s", text)
	}
}

// TestAlike checks that what is alike of a kind of path has nothing of the memory in it.
func TestAlike(t *testing.T) {
	text := render(t, Alike(path(2)))
	if strings.Contains(text, "token") || strings.Contains(text, "c000123450") || !strings.Contains(text, `only">[]</div><div class="box">main.T</div>`) {
		t.Errorf("drawn as\n%s", text)
	}
	p := path(1)
	p.Steps[1].Object.Type = ""
	if text := render(t, Alike(p)); !strings.Contains(text, "an object of 48 bytes") || strings.Contains(text, "c000123450") {
		t.Errorf("drawn as\n%s", text)
	}
}

func TestLongPaths(t *testing.T) {
	p := path(1000)
	p.Steps[1].Object.Type, p.Steps[1000].Object.Type = "main.First", "main.Last"
	d := Of(p)
	first, last := d.Steps[0].To, d.Steps[len(d.Steps)-1].To
	if len(d.Steps) != maxSteps+1 || d.Steps[maxSteps/2].To != "940 more references" || !strings.Contains(first, "main.First") || !strings.Contains(last, "main.Last") {
		t.Errorf("%d steps, %v in the middle", len(d.Steps), d.Steps[maxSteps/2])
	}
}
