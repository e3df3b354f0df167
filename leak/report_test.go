package leak

import (
	"errors"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/handle"
)

type object struct{ _ [4]*int }

// TestLaterFailureKeepsTheExplanation has a kind of leak explained, and then, when there
// are more of it, fails: they are of the same kind still.
func TestLaterFailureKeepsTheExplanation(t *testing.T) {
	var w Watcher
	k := &kind{kindKey: kindKey{reason: "session closed"}}
	k.typ = reflect.TypeFor[object]()
	objects := []*object{new(object), new(object), new(object)}
	retain := func(o *object) {
		k.retained++
		w.retained = append(w.retained, entry{object: handle.Of(o), kind: k, since: time.Now()})
	}
	retain(objects[0])
	path := heap.Path{Root: heap.Root{Text: "main.m", Signature: "main.m"}}
	found := &findings{Ways: []int{0}, Why: []*heap.Answer{{Paths: []heap.Path{path}}}}
	if fresh := w.enter(w.suspects(), found, nil); len(fresh) != 1 {
		t.Fatalf("%d new leaks", len(fresh))
	}
	retain(objects[1])
	retain(objects[2])
	if fresh := w.enter(w.suspects(), nil, errors.New("no dump")); len(fresh) != 0 {
		t.Errorf("new: %v", fresh[0])
	}
	all := w.Report()
	if len(all) != 1 || all[0].Answer == nil || all[0].Count != 3 {
		t.Errorf("reported %v", all)
	}
	runtime.KeepAlive(objects)
}
