package a

import "runtime"

func inTest(p *T) {
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, p.c)
}
