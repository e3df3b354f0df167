// Command weakvet finds misuse of weak pointers, cleanups, finalizers and unique
// handles.
//
//	weakvet ./...
//	go vet -vettool=$(which weakvet) ./...
//
// See the documentation of package vet for the checks, and "weakvet help" for
// the flags.
package main

import (
	"os"

	"github.com/weakref-go/weakref/vet/driver"
)

func main() {
	driver.Main("weakvet", os.Args[1:])
}
