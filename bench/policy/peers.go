package main

import (
	"context"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/maypok86/otter/v2"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/internal/policy"
)

// keeper is a cache of keys, filled on a miss.
type keeper interface {
	request(key int) (hit bool)
}

type peer struct {
	name string
	make func(size int) keeper
}

var peers = []peer{
	{"otter", newOtter},
	{"lru", newLRU},
	{"cache", newCache},
	{"weakref", newOurs},
}

type ourEntry struct {
	node policy.Node // first, so that it leads to the entry
	key  int
}

// ours is the policy of package cache, without the cache.
type ours struct {
	entries map[int]*ourEntry
	keys    map[*policy.Node]int
	policy  *policy.Policy
	out     []*policy.Node
}

func newOurs(size int) keeper {
	return &ours{map[int]*ourEntry{}, map[*policy.Node]int{}, policy.New(int64(size), nil), nil}
}

func (c *ours) request(key int) bool {
	if e := c.entries[key]; e != nil {
		e.node.Use()
		return true
	}
	e := &ourEntry{key: key, node: policy.Node{Hash: mix(key)}}
	c.entries[key] = e
	c.keys[&e.node] = key
	c.out = c.policy.Admit(&e.node, c.out[:0])
	for _, n := range c.out {
		delete(c.entries, c.keys[n])
		delete(c.keys, n)
	}
	return false
}

func mix(key int) uint32 {
	x := uint64(key)*0x9e3779b97f4a7c15 + 0x1234567
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	x = (x ^ x>>29) * 0x94d049bb133111eb
	return uint32(x >> 32)
}

type value struct{ _ [2]*int }

// cached is package cache, of which only what it keeps counts, not what is still
// alive by chance.
type cached struct{ c *cache.Cache[int, value] }

func newCache(size int) keeper {
	return cached{&cache.Cache[int, value]{Keep: size, Load: func(context.Context, int) (*value, error) { return new(value), nil }}}
}

func (c cached) request(key int) bool {
	e, _ := c.c.Peek(key)
	if _, err := c.c.Get(context.Background(), key); err != nil {
		panic(err)
	}
	return e.Kept
}

type otterCache struct{ c *otter.Cache[int, int] }

// newOtter returns an otter that evicts on the caller's goroutine. By default it does so on
// another one, and holds up to twice its size in a loop as tight as ours.
func newOtter(size int) keeper {
	return otterCache{otter.Must(&otter.Options[int, int]{MaximumSize: size, Executor: func(f func()) { f() }})}
}

func (c otterCache) request(key int) bool {
	if _, ok := c.c.GetIfPresent(key); ok {
		return true
	}
	c.c.Set(key, key)
	return false
}

type lruCache struct{ c *lru.Cache[int, int] }

func newLRU(size int) keeper {
	c, err := lru.New[int, int](size)
	if err != nil {
		panic(err)
	}
	return lruCache{c}
}

func (c lruCache) request(key int) bool {
	if _, ok := c.c.Get(key); ok {
		return true
	}
	c.c.Add(key, key)
	return false
}
