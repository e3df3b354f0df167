package recipes

import (
	"context"
	"os"

	"github.com/weakref-go/weakref/cache"
)

// page:

// Thumbnail is a small picture of a file.
type Thumbnail struct{ PNG []byte }

var thumbnails = cache.Cache[string, Thumbnail]{
	Keep:     1 << 20, // a megabyte always
	KeepSoft: 1 << 40, // and what memory allows, however much that is
	Weigh:    func(_ string, t *Thumbnail) uint32 { return uint32(cap(t.PNG)) + 512 },
	Load: func(_ context.Context, path string) (*Thumbnail, error) {
		png, err := os.ReadFile(path) // and make it small
		return &Thumbnail{png}, err
	},
}

// end:
