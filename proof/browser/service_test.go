//go:build browser

package browser

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "a folder for pictures of the pages of examples/service, from the module's root")

// keep takes a picture, if that is wanted.
func (p *tab) keep(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	png := get(p, chromedp.CaptureScreenshot())
	dir := filepath.Join(root, *screenshots)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// TestService goes through the pages of examples/service as one does who looks for a leak.
func TestService(t *testing.T) {
	p := browse(t)
	urls := start(t, "examples/service", 2, "-port", "0", "-allow", "why,collect")
	shop, page := urls[0], urls[1]
	p.navigate(shop)
	p.follow("Leak sessions")
	p.until("the shop says that it leaks", func() bool { return strings.Contains(p.text(), "leaks every session") })
	p.follow("What the service has")
	t.Run("overview", func(t *testing.T) { p.as(t).overview(page) })
	t.Run("container", func(t *testing.T) { p.as(t).container() })
	t.Run("leaks", func(t *testing.T) { p.as(t).leaks() })
	t.Run("lists", func(t *testing.T) { p.as(t).otherLists() })
	t.Run("colours", func(t *testing.T) { p.as(t).bothColours(page) })
	t.Run("phone", func(t *testing.T) { p.as(t).phone(page) })
	t.Run("collect", func(t *testing.T) {
		p := p.as(t)
		p.navigate(page)
		p.follow("Collect garbage")
		p.until("it has collected", func() bool { return strings.Contains(p.text(), "The collection took") })
	})
}

// as is the tab in another test.
func (p *tab) as(t *testing.T) *tab { return &tab{t, p.ctx} }

var digits = regexp.MustCompile(`^[-+]\d+`)

// overview waits until what leaks is on top, and checks the order of the rest.
func (p *tab) overview(page string) {
	var rows [][]string
	p.until("the sessions are among the first two, with a line", func() bool {
		p.navigate(page)
		rows = eval[[][]string](p, `[...document.querySelectorAll("table tr")].slice(1).map(r => [...r.cells].map(c => c.innerText))`)
		first := rows[:min(2, len(rows))]
		return slices.ContainsFunc(first, func(r []string) bool { return strings.HasPrefix(r[2], "sessions") }) &&
			eval[int](p, `document.querySelectorAll("tr polyline").length`) >= len(rows)-1 && strings.HasPrefix(rows[0][0], "+") && len(rows[0][0]) > 2
	})
	last := 1 << 40
	for _, r := range rows {
		growth, err := strconv.Atoi(digits.FindString(r[0]))
		if err != nil || growth > last {
			p.t.Errorf("growth %q behind %d", r[0], last)
		}
		last = growth
	}
	for _, name := range []string{"articles", "makers", "orders", "logs"} {
		if !strings.Contains(p.text(), name) {
			p.t.Errorf("%s is not in the list", name)
		}
	}
	points := eval[string](p, `document.querySelector("tr polyline").getAttribute("points")`)
	if len(strings.Fields(points)) < 2 {
		p.t.Errorf("a line of the points %q", points)
	}
}

// container goes on to the page of what leaks, and asks what holds the sessions.
func (p *tab) container() {
	p.follow("sessions")
	p.until("the page of the container", func() bool { return eval[string](p, `document.querySelector("h1").innerText`) == "sessions" })
	text := p.text()
	for _, want := range []string{"weakref.ValueMap[string,main.Session]", "collected", "first used at", "main.(*shop).begin"} {
		if !strings.Contains(text, want) {
			p.t.Errorf("the page does not have %s:\n%s", want, text)
		}
	}
	if w := eval[float64](p, `document.querySelector("svg.wide").getBoundingClientRect().width`); w < 500 {
		p.t.Errorf("the line is %v wide", w)
	}
	p.ask("What holds its objects?", "main.audit")
	p.keep("why")
	p.follow("Back to the container")
	p.ask("Why is it alive itself?", "main.")
}

// ask presses a button until there is a drawing with a text. An answer may fail on a busy
// machine, and there is a pause between two.
func (p *tab) ask(button, want string) {
	p.t.Helper()
	container := get(p, chromedp.Location())
	p.until("an answer with "+want, func() bool {
		p.follow(button)
		if strings.Contains(eval[string](p, `[...document.querySelectorAll(".path")].map(e => e.innerText).join("\n")`), want) {
			return true
		}
		p.navigate(container)
		return false
	})
	if n := eval[int](p, `document.querySelectorAll(".path .box").length`); n < 2 {
		p.t.Errorf("%d boxes", n)
	}
}

// leaks waits until the leak is explained.
func (p *tab) leaks() {
	p.follow("Leaks")
	p.until("the leak is drawn", func() bool {
		p.do(chromedp.Reload())
		text := p.text()
		return strings.Contains(text, "main.Session") && strings.Contains(text, "visit ended") && strings.Contains(text, "retains") &&
			strings.Contains(eval[string](p, `document.querySelector(".path")?.innerText ?? ""`), "main.audit")
	})
	if text := p.text(); strings.Contains(text, "visitor-") || strings.Contains(text, "0xc0") {
		p.t.Errorf("the page has keys or addresses:\n%s", text)
	}
	p.keep("leaks")
}

func (p *tab) otherLists() {
	p.follow("Buses")
	p.until("the bus", func() bool { return strings.Contains(p.text(), "orders") && strings.Contains(p.text(), "published") })
	p.follow("Handles")
	p.until("the handles and where they were made", func() bool {
		p.do(chromedp.Reload())
		return strings.Contains(p.text(), "*os.File") && strings.Contains(p.text(), "main.(*shop).visit")
	})
	p.follow("10 s")
	p.until("what has changed", func() bool { return strings.Contains(p.text(), "Changes in 10s") })
}

// bothColours checks that text and ground differ, in light and in dark.
func (p *tab) bothColours(page string) {
	light := map[string]int{}
	for _, scheme := range []string{"light", "dark"} {
		p.colours(scheme)
		p.navigate(page + "?page=leaks") // which the test before has seen explained
		for _, what := range []string{"body", ".box.root", ".edge", "p.soft"} {
			// The brightness of the text, from 0 to 255.
			b := eval[int](p, `(() => { const c = getComputedStyle(document.querySelector(`+strconv.Quote(what)+`)).color.match(/\d+/g); return Math.round((+c[0] + +c[1] + +c[2]) / 3) })()`)
			if scheme == "light" {
				light[what] = b
			}
			if scheme == "light" && b > 130 || scheme == "dark" && b < 130 {
				p.t.Errorf("%s: the text of %s has brightness %d", scheme, what, b)
			}
		}
		if scheme == "light" {
			p.navigate(page)
			p.keep("containers")
		}
	}
}

// phone checks that no page is wider than a phone.
func (p *tab) phone(page string) {
	p.size(360, 740, chromedp.EmulateMobile, chromedp.EmulatePortrait)
	defer p.size(window, height)
	p.navigate(page)
	id := eval[string](p, `document.querySelector("td a").getAttribute("href")`)
	for _, query := range []string{"", id, "?page=buses", "?page=handles", "?page=leaks", "?page=nothing"} {
		p.navigate(page + query)
		width := eval[int](p, `document.documentElement.scrollWidth`)
		if width > 360 {
			p.t.Errorf("%q is %d wide", query, width)
		}
	}
	p.navigate(page)
	p.keep("phone")
}

// TestServiceRefuses looks at the pages of a service that allows nothing.
func TestServiceRefuses(t *testing.T) {
	p := browse(t)
	page := start(t, "examples/service", 2, "-port", "0", "-allow", "")[1]
	p.until("the page", func() bool {
		p.navigate(page)
		return strings.Contains(p.text(), "debug.Options.Actions lacks debug.Collect and debug.Dump") && strings.Contains(p.text(), "articles")
	})
	p.follow("articles")
	p.until("what would allow it", func() bool { return strings.Contains(p.text(), "debug.Options.Actions lacks debug.Why") })
	if n := eval[int](p, `document.querySelectorAll("button, form").length`); n != 0 {
		t.Errorf("%d buttons", n)
	}
	// As if somebody had put a form into the page.
	status := p.leave(chromedp.Evaluate[chromedp.Void](`(() => { const f = document.createElement("form"); f.method = "post"; f.action = "?action=collect"; document.body.append(f); f.submit() })()`))
	if text := p.text(); status != 403 || !strings.Contains(text, "It would with debug.Collect in debug.Options.Actions.") {
		t.Errorf("answered %d %s", status, text)
	}
	p.follow("Containers")
	p.until("the way back", func() bool { return strings.Contains(p.text(), "articles") })
}
