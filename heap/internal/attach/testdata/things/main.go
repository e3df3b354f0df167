// Command things has a heap of many kinds of things, and writes a dump of it to the file
// that is named. Then it answers each line of its input, and ends when that ends.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"time"
	"weak"
)

type node struct {
	next   *node
	number [5]int
	text   string
}

// Of sizes that are kept in different ways.
type (
	large struct {
		pointers [300]*node
		numbers  [300]int
		index    map[string]*node
	}
	huge struct {
		entries [40000]struct {
			p *node
			n int
		}
	}
	session struct {
		user string
		data []byte
		prev *session
	}
	closer struct {
		p *node
		_ [3]int
	}
)

var (
	list     *node
	registry = map[string]*session{}
	anything []any
	funcs    []func() int
	weaks    []weak.Pointer[session]
	tiny     []*int32
)

func main() {
	for i := range 100_000 {
		list = &node{next: list, text: "constant"}
		if i%100 == 0 {
			list.text = fmt.Sprint("node ", i)
		}
	}
	for i := range 200 {
		things(i)
	}
	for range 3 {
		h := new(huge)
		for i := 0; i < len(h.entries); i += 100 {
			h.entries[i].p = &node{}
		}
		anything = append(anything, h)
	}
	anything = append(anything, make([]huge, 2), make([]*node, 100_000), make([]string, 5000))
	anything = append(anything, reflect.New(reflect.ArrayOf(700, reflect.TypeFor[*node]())).Interface())
	anything = append(anything, reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: reflect.TypeFor[*node]()}, {Name: "B", Type: reflect.TypeFor[int]()},
	})).Interface())
	goroutines()
	time.Sleep(100 * time.Millisecond) // until they wait; if one does not yet, the dumps differ there
	runtime.GC()
	runtime.GC()
	debug.SetGCPercent(-1)
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	debug.WriteHeapDump(f.Fd())
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(in.Text())
	}
	f.Close() // not before: it has a cleanup, too
}

func things(i int) {
	s := &session{user: fmt.Sprint("user ", i), data: make([]byte, i*37)}
	registry[s.user] = s
	weaks = append(weaks, weak.Make(s))
	anything = append(anything, s, i, s.user, []int{1, 2, 3}, map[int]*session{1: s})
	funcs = append(funcs, func() int { return len(s.user) })
	l := &large{index: map[string]*node{"x": {}}}
	for j := 0; j < len(l.pointers); j += 3 {
		l.pointers[j] = &node{}
	}
	c := &closer{p: &node{}}
	runtime.SetFinalizer(c, func(*closer) {})
	owner, arg := &session{user: "with a cleanup"}, &node{text: "held by a cleanup"}
	runtime.AddCleanup(owner, func(n *node) { _ = n.text }, arg)
	anything = append(anything, l, c, owner)
	n := int32(i)
	tiny = append(tiny, &n)
}

//go:noinline
func holder(ch chan int, s *session) int {
	var local [4]*node
	for i := range local {
		local[i] = &node{text: fmt.Sprint("local ", i)}
	}
	p := &local[2]
	v := <-ch
	return v + len(s.user) + len((*p).text)
}

// goroutines starts some that wait in different ways.
func goroutines() {
	ch := make(chan int)
	for i := range 10 {
		go holder(ch, &session{user: fmt.Sprint("held by goroutine ", i)})
		go func() { time.Sleep(time.Hour) }()
		ctx, _ := context.WithTimeout(context.Background(), time.Hour)
		go func() { <-ctx.Done() }()
		go func() {
			s := &session{user: "in a deferred call"}
			defer func() { fmt.Println(s.user) }()
			select {
			case <-ch:
			case <-time.After(time.Hour):
			}
		}()
		r, _, _ := os.Pipe()
		go func() { r.Read(make([]byte, 100)) }()
	}
	made := reflect.MakeFunc(reflect.TypeFor[func(*session) int](), func([]reflect.Value) []reflect.Value {
		<-ch
		return []reflect.Value{reflect.ValueOf(1)}
	})
	go made.Interface().(func(*session) int)(&session{user: "in reflection"})
}
