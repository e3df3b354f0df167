package demo

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Tree is a parsed file: the expensive resource. It owns all it needs. A
// [token.FileSet] that is shared by all trees would keep the line tables of all files
// ever parsed, so each tree has one of its own.
//
// Go's syntax trees have no way up. Who holds a node holds what is below it, and not
// the Tree, which may then be collected and parsed a second time. Hold the Tree.
type Tree struct {
	Path string
	Fset *token.FileSet
	File *ast.File // as far as the file could be parsed
	Err  error     // the first syntax error
}

// loader parses a file.
type loader func(ctx context.Context, path string) (*Tree, error)

// source is the files to index. It notes what is wrong with them.
type source struct {
	files fs.FS
	root  string // for messages

	mu         sync.Mutex
	unreadable map[string]error
	unparsable map[string]error
}

// parse parses a file. A file with syntax errors has a tree as well, of what could
// be understood; only one that cannot be read has none.
func (s *source) parse(ctx context.Context, path string) (*Tree, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(s.files, path)
	if err != nil {
		s.note(&s.unreadable, path, err)
		return nil, err
	}
	t := &Tree{Path: path, Fset: token.NewFileSet()}
	t.File, t.Err = parser.ParseFile(t.Fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if t.Err != nil {
		s.note(&s.unparsable, path, t.Err)
	}
	return t, nil
}

// note notes what is wrong with a file. However often that is found, it counts once.
func (s *source) note(list *map[string]error, path string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *list == nil {
		*list = make(map[string]error)
	}
	(*list)[path] = err
}

// counts returns how many files there are something wrong with.
func (s *source) counts() (unreadable, unparsable int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.unreadable), len(s.unparsable)
}

// problems returns what to tell the user about files that were not what they
// should be.
func (s *source) problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(
		tell(s.unreadable, "could not be read, and had no tree"),
		tell(s.unparsable, "could not be parsed to the end, and had the tree of what could")...,
	)
}

// tell makes a line of a list of files, and one for each of the first few.
func tell(list map[string]error, what string) []string {
	const most = 5
	if len(list) == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("%s %s:", count(len(list), "file", "files"), what)}
	for _, path := range slices.Sorted(maps.Keys(list))[:min(most, len(list))] {
		lines = append(lines, fmt.Sprintf("  %v", list[path]))
	}
	if len(list) > most {
		lines = append(lines, fmt.Sprintf("  and %d more", len(list)-most))
	}
	return lines
}
