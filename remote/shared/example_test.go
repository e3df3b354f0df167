package shared_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"runtime"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/embed"
	"github.com/weakref-go/weakref/remote/shared"
)

// Two caches, which would be in two processes, share what they load.
func Example() {
	ctx := context.Background()
	broker, err := embed.Start(embed.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	replica := func(load func(context.Context, string) (*user, error)) (*cache.Cache[string, user], *shared.Tier[string, user]) {
		nc, err := broker.Connect()
		if err != nil {
			log.Fatal(err)
		}
		node, err := remote.Join(ctx, nc, remote.Config{})
		if err != nil {
			log.Fatal(err)
		}
		c := &cache.Cache[string, user]{Keep: 100, Load: load}
		t, err := shared.Attach(ctx, node, c, shared.Options[string, user]{Name: "users", Stored: true})
		if err != nil {
			log.Fatal(err)
		}
		return c, t
	}
	loads := 0
	load := func(_ context.Context, name string) (*user, error) {
		loads++
		return &user{Name: name, Version: int64(loads)}, nil
	}
	here, tier := replica(load)
	there, other := replica(load)

	a, _ := here.Get(ctx, "ada")
	b, _ := there.Get(ctx, "ada")
	fmt.Println(a.Version, b.Version, loads)

	if err := tier.Invalidate(ctx, "ada"); err != nil {
		log.Fatal(err)
	}
	if err := other.Sync(ctx); err != nil { // it would hear in a moment without this
		log.Fatal(err)
	}
	b, _ = there.Get(ctx, "ada")
	fmt.Println(b.Version, loads)
	runtime.KeepAlive(here) // a tier ends with its cache
	// Output:
	// 1 1 1
	// 2 2
}

// number stands for a type with a shorter form than JSON.
type number struct{ n uint64 }

type numbers struct{}

func (numbers) Encode(p *number) ([]byte, error) { return binary.AppendUvarint(nil, p.n), nil }

func (numbers) Decode(data []byte) (*number, error) {
	n, size := binary.Uvarint(data)
	if size <= 0 {
		return nil, fmt.Errorf("not a number: %q", data)
	}
	return &number{n}, nil
}

func ExampleCodec() {
	var c shared.Codec[number] = numbers{}
	data, _ := c.Encode(&number{300})
	p, err := c.Decode(data)
	fmt.Println(data, p.n, err)
	// Output: [172 2] 300 <nil>
}

func ExampleJSON() {
	var c shared.JSON[user]
	data, _ := c.Encode(&user{Name: "ada"})
	p, err := c.Decode(data)
	fmt.Println(string(data), p.Name, err)
	// Output: {"Name":"ada","Version":0} ada <nil>
}

func ExampleStats() {
	s := shared.Stats{Name: "users", Fetched: 10, FromPeers: 7, Loaded: 3, Served: 4, Heard: 2}
	fmt.Println(s)
	// Output: users: hears; fetched 10: from peers 7, from the bucket 0, loaded 3, loaded alone 0; served 4, refused 0; heard 2, missed 0, unstored 0, undecodable 0
}

func ExampleLoadError() {
	e := &shared.LoadError{Text: "no such table"}
	fmt.Println(e)
	// Output: no such table (loaded by session 00000000000000000000000000000000)
}
