package heap_test

import (
	"fmt"
	"log"
	"os"

	"github.com/weakref-go/weakref/heap"
)

// The path to an object of a service that knows nothing of this package.
func ExampleSnapshotProcess() {
	const pid = 1234
	f, err := os.CreateTemp("", "dump-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(f.Name())
	if _, err := heap.SnapshotProcess(f, pid); err != nil {
		log.Fatal(err)
	}
	d, err := heap.Read(f, heap.Options{Binary: fmt.Sprintf("/proc/%d/exe", pid)})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for _, t := range d.Types()[:10] {
		fmt.Println(t.Objects, t.Name)
	}
}
