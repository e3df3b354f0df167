// Package cache is a fake with the signatures that the checks know.
package cache

import "context"

type Cache[K comparable, V any] struct {
	Load func(ctx context.Context, key K) (*V, error)
	Keep int
}

func (c *Cache[K, V]) Get(ctx context.Context, key K) (*V, error) { panic("fake") }
func (c *Cache[K, V]) Lookup(key K) (*V, bool)                    { panic("fake") }
