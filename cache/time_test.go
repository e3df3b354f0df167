package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/weaktest"
)

func TestExpireAfterWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, loads := counting(10)
		c.ExpireAfterWrite = time.Minute
		v := get(t, c, 1)
		time.Sleep(time.Minute - 1)
		if get(t, c, 1) != v {
			t.Error("expired too early")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := c.Lookup(1); ok {
			t.Error("not expired, although somebody holds the value")
		}
		for range c.All() {
			t.Error("All yields what is expired")
		}
		w := get(t, c, 1)
		if w == v || loads.Load() != 2 {
			t.Error("not loaded anew")
		}
		synctest.Wait() // the timer may have been first, and not have counted yet
		if st := c.Stats(); st.Expired != 1 {
			t.Errorf("%+v", st)
		}
		time.Sleep(30 * time.Second)
		c.Put(1, v)
		time.Sleep(30 * time.Second)
		if get(t, c, 1) != v {
			t.Error("Put does not begin a new time")
		}
		runtime.KeepAlive(v)
		time.Sleep(2 * time.Minute) // let the timer end
	})
}

func TestExpireAfterAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := counting(0)
		c.ExpireAfterAccess = time.Minute
		v := get(t, c, 1)
		for range 10 {
			time.Sleep(50 * time.Second)
			if got, ok := c.Lookup(1); got != v || !ok {
				t.Fatal("expired although it was used")
			}
		}
		for range c.All() { // no access
		}
		time.Sleep(time.Minute)
		if _, ok := c.Lookup(1); ok {
			t.Error("not expired")
		}
		runtime.KeepAlive(v)
	})
}

// TestExpiredAreReleased: nobody asks for them, and yet the strong tier lets go.
func TestExpiredAreReleased(t *testing.T) {
	var r removals
	c, _ := counting(100)
	c.ExpireAfterWrite = 20 * time.Millisecond
	c.OnRemove = r.add
	for key := range 50 {
		get(t, c, key)
	}
	weaktest.Eventually(t, "all are gone", func() bool { return c.Len() == 0 && c.Stats().Kept == 0 })
	if st := c.Stats(); st.Expired != 50 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(c)
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, loads := counting(0)
		var r removals
		c.OnRemove = r.add
		c.RefreshAfter = time.Minute
		old := get(t, c, 1)
		time.Sleep(time.Minute)
		if get(t, c, 1) != old {
			t.Error("who triggers the refresh must get the old value")
		}
		get(t, c, 1) // triggers no second one
		synctest.Wait()
		fresh := get(t, c, 1)
		if fresh == old || loads.Load() != 2 {
			t.Errorf("not refreshed after %d loads", loads.Load())
		}
		if st := c.Stats(); st.Refreshes != 1 || st.Replaced != 1 {
			t.Errorf("%+v", st)
		}
		runtime.KeepAlive(old)
		runtime.KeepAlive(fresh)
	})
}

func TestRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		c := valueCache{RefreshAfter: time.Minute, Load: func(_ context.Context, key int) (*value, error) {
			if loads.Add(1) == 2 {
				return nil, errBoom
			}
			return &value{key: key, load: int(loads.Load())}, nil
		}}
		old := get(t, &c, 1)
		time.Sleep(time.Minute)
		get(t, &c, 1)
		synctest.Wait()
		if get(t, &c, 1) != old || loads.Load() != 2 {
			t.Error("a failed refresh has changed something, or is tried again at once")
		}
		time.Sleep(time.Minute)
		get(t, &c, 1)
		synctest.Wait()
		if get(t, &c, 1) == old {
			t.Error("the refresh is not tried again")
		}
		runtime.KeepAlive(old)
	})
}

// TestRefreshAgainstPut: a value put while the refresh is under way stays.
func TestRefreshAgainstPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		var loads atomic.Int32
		c := valueCache{RefreshAfter: time.Minute, Load: func(_ context.Context, key int) (*value, error) {
			if loads.Add(1) == 2 {
				<-proceed
			}
			return &value{key: key}, nil
		}}
		old := get(t, &c, 1)
		time.Sleep(time.Minute)
		get(t, &c, 1)
		synctest.Wait()
		put := &value{key: 1}
		c.Put(1, put)
		close(proceed)
		synctest.Wait()
		if get(t, &c, 1) != put {
			t.Error("the refreshed value has replaced the put one")
		}
		runtime.KeepAlive(old)
	})
}

func TestKeepErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		c := valueCache{KeepErrors: time.Minute, Load: func(ctx context.Context, key int) (*value, error) {
			loads.Add(1)
			switch key {
			case 2:
				<-ctx.Done()
				return nil, ctx.Err()
			case 3: // the source gave up, not the caller
				return nil, fmt.Errorf("query: %w", context.DeadlineExceeded)
			}
			return nil, errBoom
		}}
		for range 3 {
			if _, err := c.Get(ctx, 1); err != errBoom {
				t.Errorf("%v", err)
			}
		}
		if loads.Load() != 1 {
			t.Errorf("%d loads", loads.Load())
		}
		time.Sleep(time.Minute)
		c.Get(ctx, 1)
		if loads.Load() != 2 {
			t.Errorf("%d loads after the error's time", loads.Load())
		}
		c.Invalidate(1)
		c.Get(ctx, 1)
		if loads.Load() != 3 {
			t.Errorf("%d loads after Invalidate", loads.Load())
		}
		v := &value{key: 1}
		c.Put(1, v)
		if got, err := c.Get(ctx, 1); got != v || err != nil {
			t.Errorf("after Put: %v, %v", got, err)
		}
		c.Invalidate(1)
		if _, kept := c.Loading(); kept != 0 {
			t.Errorf("%d errors are kept", kept)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := c.Get(short, 2); err != context.DeadlineExceeded {
			t.Errorf("%v", err)
		}
		synctest.Wait()
		if _, kept := c.Loading(); kept != 0 {
			t.Error("the end of a context is kept as an error")
		}
		if _, err := c.Get(ctx, 3); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if _, kept := c.Loading(); kept != 0 {
			t.Error("the end of a context of the loader's is kept as an error")
		}
	})
}

func TestKeptErrorsArePruned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := valueCache{KeepErrors: time.Second, Load: func(context.Context, int) (*value, error) { return nil, errBoom }}
		for key := range 1000 {
			c.Get(ctx, key)
			time.Sleep(10 * time.Millisecond)
		}
		if _, kept := c.Loading(); kept > 300 {
			t.Errorf("%d errors are kept, of which 100 can be current", kept)
		}
	})
}

func TestCauseString(t *testing.T) {
	seen := make(map[string]bool)
	for c := range cache.Evicted + 2 {
		seen[c.String()] = true
	}
	if len(seen) != int(cache.Evicted)+1 { // 0 and one too many are both unknown
		t.Errorf("names %v", seen)
	}
}
