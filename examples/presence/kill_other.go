//go:build !unix

package main

import "os"

// kill ends the process without closing anything.
func kill() { os.Exit(1) }
