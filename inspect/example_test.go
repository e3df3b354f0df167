package inspect_test

import (
	"context"
	"fmt"
	"runtime"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/inspect"
)

func find(all []inspect.Container, name string) inspect.Container {
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	return inspect.Container{}
}

// What there is, without anything having been registered.
func Example() {
	type Account struct{ owner string }
	accounts := &weakref.ValueMap[int, Account]{Name: "accounts"}
	ada := &Account{"Ada"}
	accounts.Store(1, ada)

	c := find(inspect.Containers(), "accounts")
	fmt.Println(c.Kind, c.Title(), c.Len)

	runtime.KeepAlive(ada)
	// Output: ValueMap accounts 1
}

// What has changed between two moments.
func ExampleSnapshot_Since() {
	type Account struct{ owner string }
	accounts := &weakref.ValueMap[int, Account]{Name: "changing accounts"}
	ada := &Account{"Ada"}
	accounts.Store(1, ada)

	before := inspect.Take()
	for i := range 100 {
		accounts.Store(i, ada)
	}
	for _, c := range inspect.Take().Since(before).Changes {
		if c.Growth == 99 {
			fmt.Printf("%s %+d\n", c.Name, c.Growth)
		}
	}

	runtime.KeepAlive(accounts)
	runtime.KeepAlive(ada)
	// Output: changing accounts +99
}

// A Sampler tells growth over a longer time. It works while Run runs.
func ExampleSampler() {
	var s inspect.Sampler
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	// … the program goes on; elsewhere, s.Growth(c.ID) …
	stop()
	fmt.Println(<-done)
	// Output: context canceled
}

func ExampleRecordCreation() {
	was := inspect.RecordCreation(true)
	defer inspect.RecordCreation(was)
	tags := &weakref.Interner[string]{Name: "tags"}
	tag := tags.Intern("a")

	c := find(inspect.Containers(), "tags")
	fmt.Println(len(c.Created) > 0) // c.Created.String() has the calls

	runtime.KeepAlive(tag)
	// Output: true
}
