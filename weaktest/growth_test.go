package weaktest_test

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weakref-go/weakref/weaktest"
)

// store is a package with a few ways to leave something behind.
type store struct {
	byName    map[string]*object
	listeners []func()
	cache     []*object
}

var leaky store

func TestNoGrowth(t *testing.T) {
	n := 0
	for _, tt := range []struct {
		name   string
		round  func()
		growth bool
	}{
		{"nothing", func() { _ = strings.Repeat("x", 1000) }, false},
		{"entry of a map", func() { n++; leaky.byName[strconv.Itoa(n)] = new(object) }, true},
		{"listener", func() { o := new(object); leaky.listeners = append(leaky.listeners, func() { o.next = o }) }, true},
		{"goroutine", func() { go func() { o := new(object); <-make(chan int); o.next = o }() }, true},
		{"timer", func() { o := new(object); time.AfterFunc(time.Hour, func() { o.next = o }) }, true},
		{"list", func() { first := &object{}; chain(first) }, true},
		{"undone", func() { leaky.byName["x"] = new(object); delete(leaky.byName, "x") }, false},
		{"cache that fills", func() {
			if len(leaky.cache) < 4 {
				leaky.cache = append(leaky.cache, new(object))
			}
		}, false},
		{"every other round", func() {
			if n++; n%2 == 0 {
				leaky.cache = append(leaky.cache, new(object))
			}
		}, false},
		{"one out, one in", func() { leaky.byName["one"] = new(object) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			leaky = store{byName: map[string]*object{}}
			got := failure(t, func(t weaktest.TB) { weaktest.NoGrowth(t, tt.round) })
			if (got != "") != tt.growth {
				t.Errorf("NoGrowth says %q", got)
			}
		})
	}
	leaky, head = store{}, nil
}

// TestNoGrowthOfCaches: what the runtime keeps for reuse is no growth, although it does
// become more with every round here: the records of goroutines, and those of who waits
// for which channel.
func TestNoGrowthOfCaches(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" && runtime.GOARCH != "386" {
		t.Skip("in a stripped test, variables of the runtime are not known from others here")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // has a cache of its own
	n := 20
	weaktest.NoGrowth(t, func() {
		n += 8
		var all sync.WaitGroup
		for range n {
			all.Go(func() {})
		}
		all.Wait()
		cases := []reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(time.After(time.Millisecond))}}
		for range n {
			cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))})
		}
		reflect.Select(cases)
	})
}

var head *object

//go:noinline
func chain(o *object) {
	o.next = head
	head = o
}
