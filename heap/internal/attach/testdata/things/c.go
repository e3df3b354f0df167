//go:build withc

package main

// #include <unistd.h>
// static void wait(void) { sleep(3600); }
import "C"

import "fmt"

func init() {
	go func() {
		s := &session{user: "held while C runs"}
		C.wait()
		fmt.Println(s.user)
	}()
}
