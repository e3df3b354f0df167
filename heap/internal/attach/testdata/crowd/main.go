// Command crowd has as many threads and goroutines as it is told, each of which alone
// holds a node. With "churn" as another argument, threads and processes start and end,
// stacks grow and are moved, and one collection follows the other; with "exec", it begins
// anew, and says so, every few milliseconds.
//
// It answers each line of its input and each of some signals, and ends with its input.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const magic = 0x5eed5eed5eed0001 // the test knows the nodes by it

type node struct {
	magic uint64
	id    uint64
	next  *node
	_     [5]uint64
}

//go:noinline
func newNode(id int) *node { return &node{magic: magic, id: uint64(id)} }

var (
	held  sync.WaitGroup
	never = make(chan int)
)

// thread holds a node while it waits in the kernel.
func thread(id, fd int) {
	runtime.LockOSThread()
	n := newNode(id)
	held.Done()
	syscall.Read(fd, make([]byte, 1))
	runtime.KeepAlive(n)
}

// goroutine holds a node while it waits.
func goroutine(id int) {
	n := newNode(id)
	held.Done()
	<-never
	runtime.KeepAlive(n)
}

// grower holds a node while the stack grows and shrinks.
func grower(id int) {
	n := newNode(id)
	held.Done()
	for depth := 1; ; depth = depth%500 + 7 {
		grown := make(chan int)
		go func() { grown <- grow(n, depth) }()
		if <-grown != depth {
			panic("a stack is broken")
		}
	}
}

//go:noinline
func grow(n *node, depth int) int {
	var a [20]*node
	for i := range a {
		a[i] = n
	}
	if depth == 0 {
		return 0
	}
	d := grow(n, depth-1)
	if n.magic != magic || a[depth%len(a)] != n {
		panic("a frame is broken")
	}
	return d + 1
}

func churn(first int) {
	often := func(f func()) {
		go func() {
			for {
				f()
				time.Sleep(time.Millisecond)
			}
		}()
	}
	often(runtime.GC)
	often(func() {
		done := make(chan int)
		go func() {
			runtime.LockOSThread() // so the thread ends with the goroutine
			close(done)
		}()
		<-done
	})
	often(func() {
		exec.Command("true").Run()
		time.Sleep(10 * time.Millisecond)
	})
	held.Add(2)
	for i := range 2 {
		go grower(first + i)
	}
}

func number(arg string) int {
	n, err := strconv.Atoi(arg)
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	threads, goroutines := number(os.Args[1]), number(os.Args[2])
	c := make(chan os.Signal, 100)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP)
	go func() {
		for s := range c {
			fmt.Println(s)
		}
	}()
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	held.Add(threads + goroutines)
	for i := range threads {
		go thread(i, pipe[0])
	}
	for i := range goroutines {
		go goroutine(threads + i)
	}
	switch os.Args[len(os.Args)-1] {
	case "churn":
		churn(threads + goroutines)
	case "exec":
		time.AfterFunc(5*time.Millisecond, func() { panic(syscall.Exec("/proc/self/exe", os.Args, os.Environ())) })
	}
	held.Wait()
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(in.Text())
	}
}
