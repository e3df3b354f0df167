package cache_test

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/weakref-go/weakref/cache"
)

// Tile is something that takes long to make.
type Tile struct {
	Key string
	_   [1 << 10]byte
}

// render stands for the work that the cache saves.
func render(_ context.Context, key string) (*Tile, error) {
	fmt.Println("rendering", key)
	return &Tile{Key: key}, nil
}

// collectUntil runs the collector until ok reports true. A program has no need to.
func collectUntil(ok func() bool) {
	for deadline := time.Now().Add(10 * time.Second); !ok() && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC()
	}
}

// A value stays for as long as it is used, and the hottest ones longer.
func ExampleCache() {
	ctx := context.Background()
	tiles := cache.Cache[string, Tile]{
		Load: render,
		Keep: 1, // stay although nobody uses them
	}
	a, _ := tiles.Get(ctx, "a")
	b, _ := tiles.Get(ctx, "b") // more than are kept, and yet both are used
	again, _ := tiles.Get(ctx, "a")
	fmt.Println("the same:", again == a, "of", tiles.Len())
	runtime.KeepAlive(b)

	a, b, again = nil, nil, nil
	collectUntil(func() bool { return tiles.Len() == 1 })
	fmt.Println("kept:", tiles.Len())
	// Output:
	// rendering a
	// rendering b
	// the same: true of 2
	// kept: 1
}

// A thousand values stay as long as there is memory, ten always.
func ExampleCache_keepSoft() {
	tiles := cache.Cache[string, Tile]{Load: render, Keep: 10, KeepSoft: 1000}
	fmt.Println("before the first collection:", tiles.Stats().Limit)
	collectUntil(func() bool { return tiles.Stats().Limit == 1000 })
	fmt.Println("with memory:", tiles.Stats().Limit)
	// Output:
	// before the first collection: 10
	// with memory: 1000
}

// With Keep 0 the cache is Python's WeakValueDictionary with a loader.
func ExampleCache_weak() {
	ctx := context.Background()
	tiles := cache.Cache[string, Tile]{Load: render}
	a, _ := tiles.Get(ctx, "a")
	b, _ := tiles.Get(ctx, "a")
	fmt.Println("the same:", a == b)

	a, b = nil, nil
	collectUntil(func() bool { return tiles.Len() == 0 })
	tiles.Get(ctx, "a")
	// Output:
	// rendering a
	// the same: true
	// rendering a
}

// OnRemove is told why an entry has left.
func ExampleCause() {
	left := make(chan string, 2)
	tiles := cache.Cache[string, Tile]{
		OnRemove: func(key string, _ *Tile, cause cache.Cause) { left <- fmt.Sprint(key, ": ", cause) },
	}
	a, b := &Tile{Key: "a"}, &Tile{Key: "another a"}
	tiles.Put("a", a)
	tiles.Put("a", b)
	fmt.Println(<-left)

	tiles.Invalidate("a")
	fmt.Println(<-left)
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	// Output:
	// a: replaced
	// a: removed
}

// The statistics tell what each of the tiers is good for.
func ExampleStats() {
	ctx := context.Background()
	tiles := cache.Cache[string, Tile]{Name: "tiles", Load: render}
	a, _ := tiles.Get(ctx, "a")
	tiles.Get(ctx, "a")
	tiles.Get(ctx, "a")
	st := tiles.Stats()
	fmt.Println(st.Name, st.Hits, st.WeakHits, st.Misses)
	fmt.Printf("%.2f\n", st.HitRatio())
	runtime.KeepAlive(a)
	// Output:
	// rendering a
	// tiles 2 2 1
	// 0.67
}

// Session is what is to stay between two requests of a user.
type Session struct {
	User string
	_    [64]byte
}

// KeepFor is for what nobody holds between two uses, and of which there must never be
// two: a session stays for half an hour after its last request, and for as long as a
// request holds it.
func ExampleCache_keepFor() {
	sessions := cache.Cache[string, Session]{
		KeepFor: 30 * time.Minute,
		Load:    func(_ context.Context, user string) (*Session, error) { return &Session{User: user}, nil },
	}
	ctx := context.Background()
	sessions.Get(ctx, "bob") // a first request
	runtime.GC()
	if s, ok := sessions.Lookup("bob"); ok {
		fmt.Println("still there:", s.User)
	}
	// Output:
	// still there: bob
}

// Peek tells what the cache knows of a key, and is no use of it.
func ExampleEntry() {
	tokens := cache.Cache[string, Session]{
		Keep:       100,
		ExpireFunc: func(user string, _ *Session) time.Duration { return time.Duration(len(user)) * time.Hour },
	}
	tokens.Put("bob", &Session{User: "bob"})
	if e, ok := tokens.Peek("bob"); ok {
		fmt.Println(e.Value.User, e.Kept, e.Left.Round(time.Minute))
	}
	// Output:
	// bob true 3h0m0s
}

// InvalidateFunc removes what has become wrong, and nothing that is newer.
func ExampleCache_InvalidateFunc() {
	sessions := cache.Cache[string, Session]{Keep: 100}
	for _, user := range []string{"ann", "bob", "carol"} {
		sessions.Put(user, &Session{User: user})
	}
	sessions.InvalidateFunc(func(user string, _ *Session) bool { return user < "c" })
	for user := range sessions.Keys() {
		fmt.Println(user)
	}
	// Output:
	// carol
}
