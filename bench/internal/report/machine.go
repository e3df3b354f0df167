package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kind is what figures must have in common to be put together on a page.
func (s *section) kind() string {
	if s.mode == full {
		return s.machine
	}
	return s.machine + ", " + s.mode + " run"
}

// folderOf is the name of the folder for figures of a kind.
func folderOf(kind string) string {
	words := strings.FieldsFunc(strings.ToLower(kind), func(r rune) bool {
		return (r < 'a' || 'z' < r) && (r < '0' || '9' < r)
	})
	return strings.Join(words, "-")
}

// Folder returns where the figures of a run belong: into base, if what is there is of
// the same kind of machine and of the same kind of run; else into a folder of their
// own below.
func Folder(base string, isQuick bool) (string, error) {
	all, err := load(base)
	if err != nil {
		return "", err
	}
	own := NewRun(isQuick).section("").kind()
	if stranger(all, own) == nil {
		return base, nil
	}
	return filepath.Join(base, folderOf(own)), nil
}

// stranger returns a section that is of another kind, or nil.
func stranger(all []*section, kind string) *section {
	for _, s := range all {
		if s.kind() != kind {
			return s
		}
	}
	return nil
}

// elsewhere lists the pages of other kinds that lie below a folder.
func elsewhere(folder string) (string, error) {
	pages, err := filepath.Glob(filepath.Join(folder, "*", "results.txt"))
	if err != nil || len(pages) == 0 {
		return "", err
	}
	slices.Sort(pages)
	var links []string
	for _, page := range pages {
		all, err := load(filepath.Dir(page))
		if err != nil {
			return "", err
		}
		if len(all) > 0 {
			links = append(links, fmt.Sprintf("[%s](%s/README.md)", all[0].kind(), filepath.Base(filepath.Dir(page))))
		}
	}
	return "Other runs, none of whose figures are on this page: " + strings.Join(links, " · ") + ".\n\n", nil
}

// isBelow reports whether a folder is one that Folder has chosen below another, whose
// notes it shares.
func isBelow(folder string) bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(folder), "results.txt"))
	return err == nil
}
