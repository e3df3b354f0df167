package heap_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

type user struct {
	name string
	age  int
	next *user
}
type session struct {
	user *user
	x    [4]int
}

var registry = map[string]*session{}

func TestWhyQuick(t *testing.T) {
	s := &session{user: &user{name: "x"}}
	registry["alice"] = s
	r := weakref.Make(s.user)
	a, err := heap.Why(r)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(a)
	fmt.Println(a.Detail())
	type arg struct {
		p *user
		q *int
	}
	u := &user{name: "self"}
	runtime.AddCleanup(u, func(a arg) { fmt.Println(a) }, arg{p: u})
	r = weakref.Make(u)
	u = nil
	a, err = heap.Why(r)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(a)
	fmt.Println(a.Detail())
	u2 := &user{name: "self"}
	h := &session{user: u2}
	runtime.AddCleanup(u2, func(a int) { fmt.Println(h) }, 1)
	r = weakref.Make(u2)
	u2 = nil
	a, err = heap.Why(r)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(a)
}
