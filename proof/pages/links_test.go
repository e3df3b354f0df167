// Package pages checks the pages of the repository: that what they link to is there.
package pages

import (
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

const root = "../.."

// page is a page of Markdown, taken apart.
type page struct {
	links   []string
	anchors map[string]bool
}

var (
	link    = regexp.MustCompile(`!?\[[^\]]*\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)`)
	heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	id      = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	code    = regexp.MustCompile("`[^`]*`")
)

// parse reads a page. What stands in code is no link.
func parse(text string) page {
	p := page{anchors: make(map[string]bool)}
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case fence != "":
			if strings.HasPrefix(trimmed, fence) {
				fence = ""
			}
			continue
		case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
			fence = trimmed[:3]
			continue
		case strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t"):
			continue
		}
		if m := heading.FindStringSubmatch(line); m != nil {
			p.anchor(m[1])
		}
		for _, m := range id.FindAllStringSubmatch(line, -1) {
			p.anchors[m[1]] = true
		}
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, "`code`"), -1) {
			p.links = append(p.links, m[1])
		}
	}
	return p
}

// anchor notes the anchor that a heading gets: letters and digits in lower case, dashes
// for spaces, and a number behind the second of the same name.
func (p *page) anchor(title string) {
	title = link.ReplaceAllStringFunc(title, func(s string) string {
		return strings.TrimPrefix(s[:strings.Index(s, "](")], "[")
	})
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		}
	}
	slug := b.String()
	for n, unique := 1, slug; ; n++ {
		if !p.anchors[unique] {
			p.anchors[unique] = true
			return
		}
		unique = slug + "-" + string(rune('0'+n))
	}
}

func TestLinks(t *testing.T) {
	out, err := exec.Command("git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*.md").Output()
	if err != nil {
		t.Skip("git lists no files here: ", err)
	}
	pages := make(map[string]page)
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		if text, err := os.ReadFile(filepath.Join(root, name)); err == nil {
			pages[name] = parse(string(text))
		}
	}
	if len(pages) < 20 {
		t.Fatalf("%d pages", len(pages))
	}
	for name, p := range pages {
		for _, l := range p.links {
			u, err := url.Parse(l)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if u.Scheme != "" {
				continue // on the network
			}
			target := name
			if u.Path != "" {
				target = path.Join(path.Dir(name), u.Path)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: there is no %s", name, l)
				continue
			}
			if to, ok := pages[target]; ok && u.Fragment != "" && !to.anchors[u.Fragment] {
				t.Errorf("%s: %s has no anchor %s", name, target, u.Fragment)
			}
		}
	}
}

func TestParse(t *testing.T) {
	p := parse("# The `Set` type, and more: [x](y.md)!\n\n[a](b.md#c) and `[no](link)`\n```\n[nor](this)\n```\n## Twice\n## Twice\n<a id=\"here\"></a>\n")
	for _, want := range []string{"the-set-type-and-more-x", "twice", "twice-1", "here"} {
		if !p.anchors[want] {
			t.Errorf("no anchor %s in %v", want, p.anchors)
		}
	}
	if len(p.links) != 2 || p.links[0] != "y.md" || p.links[1] != "b.md#c" {
		t.Errorf("links %v", p.links)
	}
}
