package main

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
)

// trace is a sequence of keys that are asked for.
type trace struct {
	name string
	keys []int
}

// made returns the made traces over a number of keys, scaled so that a cache of a
// tenth of them is interesting.
func made(space, requests int) []trace {
	return []trace{
		{"zipf 0.8", skewed(space, requests, 0.8, 1)},
		{"zipf 1.01", skewed(space, requests, 1.01, 2)},
		{"zipf 1.3", skewed(space, requests, 1.3, 3)},
		{"scans", scans(space, requests)},
		{"loop 0.9", loop(space*9/100, requests)},
		{"loop 1.1", loop(space*11/100, requests)},
		{"loop 1.2", loop(space*12/100, requests)},
		{"loop 2", loop(space/5, requests)},
		{"loop 5", loop(space/2, requests)},
		{"shifting", shifting(space, requests)},
		{"recency", recency(requests, 0, space/10)},
		{"recency, loop", mixed(recency(requests/3, 10*space, space/10), loop(space/5, requests/3), recency(requests/3, 50*space, space/10))},
		{"drift and log", drift(space, requests)},
		{"uniform", uniform(space/5, requests)},
	}
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// skewed draws keys by rank: rank r with a weight of 1/r^s.
func skewed(space, requests int, s float64, seed uint64) []int {
	r := random(seed)
	place := r.Perm(space)
	draw := ranks(space, s)
	list := make([]int, requests)
	for i := range list {
		list[i] = place[draw(r)]
	}
	return list
}

// scans is skewed, and every third thousand of requests are for keys that come once.
func scans(space, requests int) []int {
	list := skewed(space, requests, 1.01, 4)
	next := space
	for i := range list {
		if i/1000%3 == 2 {
			list[i] = next
			next++
		}
	}
	return list
}

func loop(length, requests int) []int {
	list := make([]int, requests)
	for i := range list {
		list[i] = i % max(1, length)
	}
	return list
}

func uniform(space, requests int) []int {
	r := random(5)
	list := make([]int, requests)
	for i := range list {
		list[i] = r.IntN(space)
	}
	return list
}

// shifting has nine of ten requests in a set that moves on.
func shifting(space, requests int) []int {
	r := random(6)
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

// recency has each key two or three times within a gap, and never again.
func recency(requests, from, gap int) []int {
	r := random(7)
	list := make([]int, requests)
	for i := range list {
		list[i] = -1
	}
	key := from
	for i := range list {
		if list[i] >= 0 {
			continue
		}
		list[i] = key
		for range 1 + r.IntN(2) {
			if j := i + 1 + r.IntN(gap); j < requests && list[j] < 0 {
				list[j] = key
			}
		}
		key++
	}
	return list
}

// drift is skewed with ranks that change, and a log whose records are read once more.
func drift(space, requests int) []int {
	r := random(8)
	place := r.Perm(space)
	draw := ranks(space, 1.05)
	list := make([]int, requests)
	log := 20 * space
	for i := range list {
		if i%50 == 0 {
			a, b := r.IntN(space), draw(r)
			place[a], place[b] = place[b], place[a]
		}
		switch r.IntN(10) {
		case 0:
			list[i] = log
			log++
		case 1:
			list[i] = max(20*space, log-1-r.IntN(200))
		default:
			list[i] = place[draw(r)]
		}
	}
	return list
}

func mixed(parts ...[]int) []int {
	var all []int
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// read reads a trace: big-endian 32-bit keys, one a request, in a gzip file.
func read(path string) (trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return trace{}, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return trace{}, err
	}
	t := trace{name: path}
	for in := bufio.NewReader(z); ; {
		var key [4]byte
		if _, err := io.ReadFull(in, key[:]); errors.Is(err, io.EOF) {
			return t, nil
		} else if err != nil {
			return t, err
		}
		t.keys = append(t.keys, int(binary.BigEndian.Uint32(key[:])))
	}
}
