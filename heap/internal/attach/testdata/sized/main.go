// Command sized has a heap of so many megabytes of small objects, and ends with its input.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

type node struct {
	next *node
	_    [7]int // 64 bytes
}

var list *node

func main() {
	mb, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	for range mb << 20 / 64 {
		list = &node{next: list}
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
