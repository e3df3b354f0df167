package why

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/weakref-go/weakref/heap"
)

// To read a large dump takes seconds, and most questions are asked again. So what they
// found is kept in a file beside the dump, of mode 0600 as there are keys of maps in it.
// It counts only for the very dump, executable and command that it was made from.

// indexSuffix ends the name of the file.
const indexSuffix = ".weakref-index"

// worthIndexing is how long a question must take for its answer to be kept.
const worthIndexing = time.Second

// index is what has been found out about a dump. What has not been asked is nil.
type index struct {
	Key        string
	Info       *heap.Info
	Types      []heap.Type
	Retained   []heap.Type
	Holdings   []heap.Holding
	Goroutines []heap.Goroutines
	Answers    map[uint64]*heap.Answer // by address

	path    string
	changed bool
}

// openIndex reads the index of a dump. It is empty if there is none that counts.
func (o options) openIndex(dump string) *index {
	x := &index{}
	if o.noIndex {
		return x
	}
	key, err := indexKey(dump, o.binary)
	if err != nil {
		return x // the dump cannot be read, which others will say
	}
	fresh := &index{Key: key, path: dump + indexSuffix}
	f, err := os.Open(fresh.path)
	if err != nil {
		return fresh
	}
	defer f.Close()
	const largest = 64 << 20
	if gob.NewDecoder(io.LimitReader(f, largest)).Decode(x) != nil || x.Key != key {
		return fresh
	}
	x.path = fresh.path
	return x
}

// save writes the index if there is something new in it that took some time. That it
// cannot be written is no error: it is only slower then.
func (x *index) save(took time.Duration) error {
	if x.path == "" || !x.changed || took < worthIndexing {
		return nil
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(x); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(x.path), filepath.Base(x.path)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), x.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// covers says whether a question can be answered without the dump.
func (x *index) covers(r request, o options) bool {
	switch {
	case o.dot, o.pprof != "", o.html != "":
		return false
	case r.query == "info":
		return x.Info != nil && x.Types != nil
	case r.query == "top":
		return x.Retained != nil
	case r.query == "holders" && len(r.args) == 0:
		return x.Holdings != nil
	case r.query == "goroutines":
		return x.Goroutines != nil
	case r.query == "path" && !isAddress(r.args[0]) && x.Holdings != nil && x.Info != nil:
		held, _ := (&view{index: x}).ofType(r.args[0])
		for i, h := range held {
			if i < o.max && x.Answers[h.Example.Address] == nil {
				return false
			}
		}
		return true
	}
	return false
}

// indexKey tells a dump, an executable and this command from others.
func indexKey(dump, binary string) (string, error) {
	h := sha256.New()
	if info, ok := debug.ReadBuildInfo(); ok {
		fmt.Fprintln(h, info)
	}
	self, _ := os.Executable()
	for _, path := range []string{dump, binary, self} {
		if err := fingerprint(h, path); err != nil && path != self {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fingerprint writes what tells a file from others: its size, its time, and both its
// ends.
func fingerprint(w io.Writer, path string) error {
	if path == "" {
		_, err := fmt.Fprintln(w, "none")
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, fi.Size(), fi.ModTime().UnixNano())
	const end = 64 << 10
	if _, err := io.CopyN(w, f, end); err != nil && err != io.EOF {
		return err
	}
	_, err = io.Copy(w, io.NewSectionReader(f, max(fi.Size()-end, 0), end))
	return err
}

// note keeps something in the index.
func note[T any](x *index, place *T, found T) T {
	*place = found
	x.changed = true
	return found
}

// Info is as that of the dump, and so are the others. They are asked for in the index
// first.
func (v *view) Info() heap.Info {
	if v.index.Info == nil {
		info := v.Dump.Info()
		note(v.index, &v.index.Info, &info)
	}
	return *v.index.Info
}

func (v *view) Types() []heap.Type {
	if v.index.Types != nil {
		return v.index.Types
	}
	return note(v.index, &v.index.Types, v.Dump.Types())
}

// retainedTypes is the types with what they retain.
func (v *view) retainedTypes() []heap.Type {
	if v.index.Retained != nil {
		return v.index.Retained
	}
	return note(v.index, &v.index.Retained, v.Dominators().Types())
}

func (v *view) Holdings() []heap.Holding {
	if v.index.Holdings != nil {
		return v.index.Holdings
	}
	return note(v.index, &v.index.Holdings, v.Dump.Holdings())
}

func (v *view) Goroutines() []heap.Goroutines {
	if v.index.Goroutines != nil {
		return v.index.Goroutines
	}
	return note(v.index, &v.index.Goroutines, v.Dump.Goroutines())
}

// Answer explains an object with up to pathsEach paths.
func (v *view) Answer(o heap.Object) *heap.Answer {
	if a := v.index.Answers[o.Address]; a != nil {
		return a
	}
	if found, ok := v.Find(o.Address); ok {
		o = found // one of the index has an address only
	}
	a := v.Dump.Answer(o, pathsEach)
	if v.index.Answers == nil {
		v.index.Answers = map[uint64]*heap.Answer{}
	}
	v.index.Answers[o.Address], v.index.changed = a, true
	return a
}
