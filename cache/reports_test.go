package cache_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref/cache"
)

// The tests in this file do what public reports about other caches describe.

// TestCaffeine193: "Invalidate before Refresh completes still stores value".
func TestCaffeine193(t *testing.T) {
	for name, invalidate := range map[string]func(*valueCache){
		"Invalidate":     func(c *valueCache) { c.Invalidate(1) },
		"InvalidateFunc": func(c *valueCache) { c.InvalidateFunc(func(int, *value) bool { return true }) },
		"Clear":          func(c *valueCache) { c.Clear() },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, loads := counting(10)
			load := c.Load
			c.RefreshAfter = time.Minute
			c.Load = func(ctx context.Context, key int) (*value, error) {
				v, err := load(ctx, key) // has read
				time.Sleep(time.Second)
				return v, err
			}
			get(t, c, 1)
			time.Sleep(time.Minute)
			get(t, c, 1) // begins the refresh
			synctest.Wait()
			invalidate(c)
			time.Sleep(time.Minute)
			if v, ok := c.Lookup(1); ok || loads.Load() != 2 {
				t.Errorf("%s: after %d loads, the cache has %v", name, loads.Load(), v)
			}
		})
	}
}

// TestCaffeine1690: a listener that has what was removed loaded again. Nobody
// misses, and each removal leads to one load.
func TestCaffeine1690(t *testing.T) {
	var c valueCache
	var loads, removals atomic.Int32
	c.Keep = 10
	c.Load = func(_ context.Context, key int) (*value, error) {
		return &value{key: key, load: int(loads.Add(1))}, nil
	}
	c.OnRemove = func(key int, _ *value, cause cache.Cause) {
		if cause == cache.Removed {
			removals.Add(1)
			if err := c.Refresh(ctx, key); err != nil {
				t.Error(err)
			}
		}
	}
	get(t, &c, 1)
	for n := range int32(20) {
		c.Invalidate(1)
		poll(t, "it is loaded again", func() bool {
			v, ok := c.Lookup(1)
			return ok && v.load == int(n)+2
		})
	}
	if loads.Load() != 21 || removals.Load() != 20 {
		t.Errorf("%d loads, %d removals", loads.Load(), removals.Load())
	}
}

// TestSpice12673: "A query result written just after a refresh's invalidation escapes
// it": a predicate knows nothing of what is being loaded when it is given.
func TestSpice12673(t *testing.T) {
	begun, proceed := make(chan struct{}), make(chan struct{})
	c := valueCache{Load: func(context.Context, int) (*value, error) {
		close(begun)
		<-proceed
		return &value{key: 1}, nil
	}}
	got := make(chan *value)
	go func() {
		v, _ := c.Get(ctx, 1)
		got <- v
	}()
	<-begun
	c.InvalidateFunc(func(int, *value) bool { return false })
	close(proceed)
	v := <-got
	if v == nil || v.key != 1 {
		t.Errorf("who waited got %v", v)
	}
	if w, ok := c.Lookup(1); ok {
		t.Errorf("the cache has %v", w)
	}
	runtime.KeepAlive(v)
}

// TestLateRefreshIsNotStored: what a refresh brings that was given up is not stored, even
// if nobody has tried again.
func TestLateRefreshIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		c := valueCache{Keep: 10, RefreshAfter: time.Minute, RefreshTimeout: time.Second, Load: func(_ context.Context, key int) (*value, error) {
			n := int(loads.Add(1))
			time.Sleep(time.Duration(n-1) * time.Hour)
			return &value{key: key, load: n}, nil
		}}
		get(t, &c, 1)
		time.Sleep(time.Minute)
		get(t, &c, 1)
		time.Sleep(3 * time.Hour)
		if v, ok := c.Lookup(1); !ok || v.load != 1 {
			t.Errorf("the cache has %v", v)
		}
	})
}
