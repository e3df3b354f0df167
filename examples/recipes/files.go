package recipes

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"

	"github.com/weakref-go/weakref/cache"
)

// page:

// version is a file as it was when somebody asked for it.
type version struct {
	path     string
	modified int64
	size     int64
}

// Tree is a parsed file. Hold the Tree as long as you use what is in it.
type Tree struct {
	Fset *token.FileSet
	File *ast.File
}

var trees = cache.Cache[version, Tree]{
	Keep: 50, // the hottest stay when nobody uses them
	Load: func(_ context.Context, v version) (*Tree, error) {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, v.path, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		return &Tree{fset, file}, nil
	},
}

// Parse returns the tree of a file. All who use it at the same time have the same one,
// until the file is changed: then it has another key.
func Parse(ctx context.Context, path string) (*Tree, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return trees.Get(ctx, version{path, info.ModTime().UnixNano(), info.Size()})
}

// end:
