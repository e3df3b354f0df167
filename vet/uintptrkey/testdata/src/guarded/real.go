// Package real holds bugs found in published code, rewritten in minimal form.
package real

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"
)

// A cache of what was derived from a block, by the block's address.
type block struct{ attrs map[string]string }

type specCache struct {
	mu    sync.Mutex
	specs map[uintptr]string
}

func (s *specCache) set(b *block, spec string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := uintptr(unsafe.Pointer(b))
	if _, ok := s.specs[k]; ok { // want `the key is the address of b.*; the finalizer guards against that here`
		return
	}
	s.specs[k] = spec
	runtime.SetFinalizer(b, s.delete)
}

func (s *specCache) delete(b *block) {
	delete(s.specs, uintptr(unsafe.Pointer(b)))
}

// A table of wrapped clients that guards itself with a weak pointer, at the cost
// of a loop that a weak key would not need.
type client struct{ hooks []func() }

type entry struct{ ref weak.Pointer[client] }

type removal struct {
	key uintptr
	ref weak.Pointer[client]
}

var clients sync.Map

func clientKey(c *client) uintptr { return reflect.ValueOf(c).Pointer() }

func wrap(c *client) {
	key := clientKey(c)
	e := &entry{weak.Make(c)}
	clients.LoadOrStore(key, e) // want `the key is the address of c.*; the weak pointer guards against that here`
	runtime.AddCleanup(c, func(r removal) { clients.Delete(r.key) }, removal{key, e.ref})
}
