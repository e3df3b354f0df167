package debug

import (
	"html/template"

	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/internal/drawn"
)

// view is what the template shows. Empty parts are left out.
type view struct {
	Title, Note string
	Page        string // in the navigation
	Back        uint64 // the container that an action was asked about
	Buttons     []button
	Refused     []string // what allows the actions that are not
	Grows       bool     // rows have growth
	Rows        []row
	One         *inspect.Container
	Facts       []fact
	Spark       string
	Keys        []string
	Tables      []described.Table
	Handles     []inspect.Handles
	Drawings    []drawing
	Notes       []string // below the drawings
}

// button is an action that is offered.
type button struct {
	Action string
	ID     uint64 // 0: of no container
	Text   string
}

// drawing is a path, and what there is to say of it.
type drawing struct {
	Title string
	Facts []string
	Path  *drawn.Path // nil: none is known
}

// style is the pages' style sheet. The content security policy has its hash, so the
// template must not change it: it has no comments.
const style = drawn.Style + `
:root{--grow:light-dark(#b00020,#ff8a80);--mark:light-dark(#0050b0,#8ab4f8)}
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;border-bottom:1px solid var(--line);padding-bottom:.5rem}
nav a[aria-current]{color:inherit;text-decoration:none;font-weight:600}
a{color:var(--mark)}
h1{font-size:1.3rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:1.6rem 0 .3rem;overflow-wrap:anywhere}
p{margin:.3rem 0}
p.soft,small{color:var(--faint);overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.8rem 0}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600;color:var(--faint)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;width:1%}
td.grow{color:var(--grow)}
td.last{width:99%}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);padding:.6rem;margin:0}
td.wide-only{width:45%}
svg{width:100px;height:20px}
svg.wide{width:100%;height:80px}
polyline{fill:none;stroke:var(--mark);stroke-width:1.5;vector-effect:non-scaling-stroke}
form{display:inline}
button{font:inherit;padding:.3rem .8rem;margin:.5rem .5rem .5rem 0}
@media(max-width:40rem){.wide-only{display:none}body{padding:.5rem}th,td{padding:.3rem}svg{width:60px}}
`

var page = template.Must(template.New("page").Parse(drawn.Templates + `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} · weakref</title><style>` + style + `</style></head><body>
<nav>
{{- range .Links}}<a href="?{{.Query}}"{{if .Here}} aria-current="page"{{end}}>{{.Text}}</a>{{end}}</nav>
<main><h1>{{.Title}}</h1>
{{- with .Note}}<p>{{.}}</p>{{end}}
{{- with .Back}}<p><a href="?id={{.}}">Back to the container</a></p>{{end}}
{{- range .Buttons}}<form method="post" action="?action={{.Action}}{{with .ID}}&amp;id={{.}}{{end}}"><button>{{.Text}}</button></form>{{end}}
{{- if .Refused}}<p class="soft">More could be done here; the service does not allow it. debug.Options.Actions lacks {{range $i, $name := .Refused}}{{if $i}} and {{end}}{{$name}}{{end}}.</p>{{end}}
{{- with .Spark}}<svg class="wide" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="length over time"><polyline points="{{.}}"/></svg>{{end}}
{{- with .Facts}}<table>{{range .}}<tr><th>{{.Name}}</th><td class="last">{{if eq .Name "first used at"}}<pre>{{.Value}}</pre>{{else}}{{.Value}}{{end}}</td></tr>{{end}}</table>{{end}}
{{- with .Keys}}<h2>Keys</h2><ul>{{range .}}<li>{{.}}</li>{{end}}</ul>{{end}}
{{- range .Tables}}<h2>{{.Title}}</h2>{{if .Rows}}<table><tr>{{range .Head}}<th>{{.}}</th>{{end}}</tr>
{{- range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>{{end}}</table>{{with .More}}<p class="soft">and {{.}} more</p>{{end}}{{else}}<p>None.</p>{{end}}{{end}}
{{- with .Handles}}<table><tr><th class="n">open</th><th class="n">leaked</th><th>type, and where they were made</th></tr>
{{- range .}}<tr><td class="n">{{.Open}}</td><td class="n{{if .Leaked}} grow{{end}}">{{.Leaked}}</td><td>{{.Type}}<pre>{{.Made}}</pre></td></tr>{{end}}</table>{{end}}
{{- if .Rows}}<table><tr>{{if .Grows}}<th class="n">growth</th>{{end}}<th class="n">length</th><th>container</th><th class="wide-only">counters</th></tr>
{{- $grows := .Grows}}
{{- range .Rows}}<tr>{{if $grows}}<td class="n{{if gt .Growth 0}} grow{{end}}">{{printf "%+d" .Growth}}{{with .Spark}}<br><svg viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true"><polyline points="{{.}}"/></svg>{{end}}</td>{{end -}}
<td class="n">{{.Len}}</td><td><a href="?id={{.ID}}">{{.Title}}</a>{{if .New}} (new){{end}}{{if .Name}}<br><small>{{.Type}}</small>{{end}}</td><td class="wide-only"><small>{{.Stats}}</small></td></tr>{{end}}</table>{{end}}
{{- range .Drawings}}<section><h2>{{.Title}}</h2>{{range .Facts}}<p class="soft">{{.}}</p>{{end}}{{with .Path}}{{template "path" .}}{{end}}</section>{{end}}
{{- range .Notes}}<p class="soft">{{.}}</p>{{end}}
{{- with .Nothing}}<p>{{.}}</p>{{end}}
</main></body></html>
`))

// link is an entry of the navigation.
type link struct {
	Query template.URL // of this package, so no one else's text
	Text  string
	Here  bool
}

// Links is the navigation.
func (v *view) Links() []link {
	return []link{
		{"page=containers", "Containers", v.Page == "containers"},
		{"page=buses", "Buses", v.Page == "buses"},
		{"page=handles", "Handles", v.Page == "handles"},
		{"page=leaks", "Leaks", v.Page == "leaks"},
		{"seconds=10", "10 s", v.Page == "changes"},
	}
}

// Nothing is said on a page of a list that is empty.
func (v *view) Nothing() string {
	if len(v.Rows)+len(v.Handles)+len(v.Drawings) > 0 {
		return ""
	}
	return map[string]string{
		"containers": "No container is in use.",
		"buses":      "No bus is in use.",
		"changes":    "No container is in use.",
		"handles":    "No tracked handle is open. Handles are tracked from rc.Track(true) on.",
		"leaks":      "No object that is watched has outlived its end. Objects are watched from leak.Watch on.",
	}[v.Page]
}
