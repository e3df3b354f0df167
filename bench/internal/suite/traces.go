package suite

import "math/rand/v2"

// A trace yields the keys that are asked for, one after the other. All are of known
// shape, over some number of keys.
type trace struct {
	name string
	keys func(space, requests int) []int
}

var traces = []trace{
	{"zipf", zipf},
	{"scan", scan},
	{"loop", loop},
	{"shift", shift},
}

// zipf asks for few keys often and for many rarely, with exponent 1.01.
func zipf(space, requests int) []int {
	r := random(11)
	z := rand.NewZipf(r, 1.01, 1, uint64(space-1))
	place := numbers(0, space) // so that neighbours are not equally popular
	list := make([]int, requests)
	for i := range list {
		list[i] = place[z.Uint64()]
	}
	return list
}

// scan is zipf with a third of the requests going once through keys that never
// come again.
func scan(space, requests int) []int {
	list := zipf(space, requests)
	next := space
	for i := range list {
		if i/1000%3 == 2 { // a thousand in a row
			list[i] = next
			next++
		}
	}
	return list
}

// loop goes through a quarter of the keys, over and over.
func loop(space, requests int) []int {
	list := make([]int, requests)
	for i := range list {
		list[i] = i % max(1, space/4)
	}
	return list
}

// shift has a working set of a tenth of the keys, nine of ten requests in it, that
// moves on by half of its size twenty times.
func shift(space, requests int) []int {
	r := random(13)
	size := max(2, space/10)
	list := make([]int, requests)
	for i := range list {
		list[i] = r.IntN(space)
		if r.IntN(10) > 0 {
			list[i] = (i*20/requests*size/2 + r.IntN(size)) % space
		}
	}
	return list
}
