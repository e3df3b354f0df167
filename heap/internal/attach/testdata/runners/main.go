// Command runners has goroutines that never wait, and lists that only their stacks and
// registers lead to, while the collector works. It answers each line of its input, and
// ends when that ends.
package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	magic   = 0x5eed5eed5eed0001 // the test knows the nodes by it
	runners = 4
	length  = 1000
)

type node struct {
	magic uint64
	id    uint64
	next  *node
	_     [5]uint64
}

//go:noinline
func build(runner int) (head *node) {
	for i := range length {
		head = &node{magic: magic, id: uint64(runner)<<32 | uint64(i), next: head}
	}
	return head
}

//go:noinline
func sum(n *node) (s uint64) {
	for ; n != nil; n = n.next {
		s += n.id
	}
	return s
}

//go:noinline
func reverse(n *node) (r *node) {
	for n != nil {
		n, n.next, r = n.next, r, n
	}
	return r
}

// work does something of the runtime's, at a depth.
//
//go:noinline
func work(n *node, depth int, b []byte) (uint64, []byte) {
	if depth > 0 {
		x, b := work(n, depth-1, b)
		return x + uint64(len(b)), b
	}
	switch n.id % 7 {
	case 0:
		b = append(b[:0], fmt.Sprint(n.id)...)
	case 1:
		b = strconv.AppendInt(b[:0], time.Now().UnixNano(), 10)
	case 2:
		syscall.Getpid()
	case 3:
		m := map[int]string{}
		for i := range 20 {
			m[i] = "x"
		}
		b = append(b, byte(len(m)))
	case 4:
		s := strings.Split("a,b,c,d,e,f", ",")
		slices.Sort(s)
		b = append(b[:0], s[0]...)
	case 5:
		c := make(chan int, 1)
		c <- 1
		<-c
	case 6:
		defer func() { recover() }()
		var p *node
		b = append(b, byte(p.id))
	}
	return sum(n), b
}

func run(runner int, built *sync.WaitGroup) {
	n := build(runner)
	want := sum(n)
	built.Done()
	var b []byte
	for k := 0; ; k++ {
		n = reverse(n)
		if sum(n) != want {
			panic("a list is broken")
		}
		_, b = work(n, k%7, b)
	}
}

func main() {
	var built sync.WaitGroup
	built.Add(runners)
	for i := range runners {
		go run(i, &built)
	}
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			_ = make([]byte, 1<<20)
		}
	}()
	built.Wait()
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(in.Text())
	}
}
