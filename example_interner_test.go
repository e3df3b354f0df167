package weakref_test

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"runtime"
	"strings"

	"github.com/weakref-go/weakref"
)

// Equal strings become one, for as long as anyone holds it.
func ExampleInterner() {
	var names weakref.Interner[string]
	a := names.Intern("host-17")
	b := weakref.InternBytes(&names, []byte("host-17")) // does not allocate
	fmt.Println(*a, a == b, names.Len())
	runtime.KeepAlive(a)

	a, b = nil, nil
	fmt.Println("collected:", eventually(func() bool { return names.Len() == 0 }))
	// Output:
	// host-17 true 1
	// collected: true
}

// Values that Go does not compare need a Hasher.
func ExampleInternerFunc() {
	payloads := weakref.InternerFunc[[]byte]{
		Hasher: byContent{},
		Clone:  bytes.Clone, // the caller goes on using its slice
	}
	buf := []byte("hello")
	a := payloads.Intern(buf)
	buf[0] = 'j'
	b := payloads.Intern([]byte("hello"))
	fmt.Printf("%s %v\n", *a, a == b)
	// Output: hello true
}

type byContent struct{}

func (byContent) Hash(h *maphash.Hash, b []byte) { h.Write(b) }
func (byContent) Equal(a, b []byte) bool         { return bytes.Equal(a, b) }

// lowercase is the Hasher of strings that are equal whatever the case of their letters.
type lowercase struct{}

func (lowercase) of(s string) string               { return strings.ToLower(s) }
func (l lowercase) Hash(h *maphash.Hash, s string) { h.WriteString(l.of(s)) }
func (l lowercase) Equal(a, b string) bool         { return l.of(a) == l.of(b) }

// A Hasher says what is equal. Equal values must have equal hashes.
func ExampleHasher() {
	headers := weakref.InternerFunc[string]{Hasher: lowercase{}}
	a := headers.Intern("Content-Type")
	b := headers.Intern("content-type")
	fmt.Println(*b, a == b)
	// Output: Content-Type true
}
