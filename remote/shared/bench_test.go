package shared_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// inTurn measures some functions in turn, so that a busy machine is as busy for all of them, and
// reports a low and the middle time of each.
func inTurn(b *testing.B, names []string, functions ...func(n int)) {
	took := make([][]time.Duration, len(functions))
	n := 0
	for b.Loop() {
		n++
		for i, f := range functions {
			began := time.Now()
			f(n)
			took[i] = append(took[i], time.Since(began))
		}
	}
	for i, t := range took {
		slices.Sort(t)
		b.ReportMetric(float64(t[len(t)/10].Nanoseconds())/1000, names[i]+"-p10-µs")
		b.ReportMetric(float64(t[len(t)/2].Nanoseconds())/1000, names[i]+"-p50-µs")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPeers measures a miss whose value another replica loads, or has, beside a bare
// request and reply.
//
//	go test -run - -bench 'Peers|Stored' -benchtime 3000x ./remote/shared
func BenchmarkPeers(b *testing.B) {
	all := replicas(b, 2, &source{}, options{})
	here, there := all[0], all[1]
	if _, err := there.node.Conn().Subscribe("bare", func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		b.Fatal(err)
	}
	there.node.Conn().Flush()
	var keys []string                     // that belong to the other one
	for i := 0; len(keys) < 20_000; i++ { // more than are asked for in a run
		if k := fmt.Sprint("k", i); here.tier.Owner(k) == there.node.Session().String() {
			keys = append(keys, k)
		}
	}
	inTurn(b, []string{"request", "miss", "had"},
		func(int) {
			if _, err := here.node.Conn().Request("bare", []byte("x"), time.Minute); err != nil {
				b.Fatal(err)
			}
		},
		func(n int) { here.get(b, keys[n%len(keys)]) },
		func(n int) { here.Invalidate(keys[n%len(keys)]); here.get(b, keys[n%len(keys)]) },
	)
}

// BenchmarkStored measures a miss that nobody has, and one that is stored, beside the least that
// they need of a bucket: a read and two writes, and a read.
func BenchmarkStored(b *testing.B) {
	here := replicas(b, 1, &source{}, options{Stored: true})[0]
	js, err := jetstream.New(here.node.Conn())
	if err != nil {
		b.Fatal(err)
	}
	kv, err := js.CreateKeyValue(b.Context(), jetstream.KeyValueConfig{Bucket: "bare"})
	if err != nil {
		b.Fatal(err)
	}
	inTurn(b, []string{"read+2writes", "miss", "read", "had"},
		func(n int) {
			key := fmt.Sprint("k", n)
			kv.Get(b.Context(), key)
			rev, err := kv.Create(b.Context(), key, []byte("lock"))
			if err == nil {
				_, err = kv.Update(b.Context(), key, []byte("value"), rev)
			}
			if err != nil {
				b.Fatal(err)
			}
		},
		func(n int) { here.get(b, fmt.Sprint("k", n)) },
		func(n int) { kv.Get(b.Context(), fmt.Sprint("k", n)) },
		func(n int) { here.Invalidate(fmt.Sprint("k", n)); here.get(b, fmt.Sprint("k", n)) },
	)
}

// BenchmarkStampede has 8 replicas of 50 goroutines ask for a key whose load takes 5 ms.
func BenchmarkStampede(b *testing.B) {
	for _, stored := range []bool{false, true} {
		b.Run(fmt.Sprint("stored=", stored), func(b *testing.B) {
			src := &source{load: func(context.Context, string) error { time.Sleep(5 * time.Millisecond); return nil }}
			all := replicas(b, 8, src, options{Stored: stored})
			n := 0
			for b.Loop() {
				n++
				key := fmt.Sprint("k", n)
				var asking sync.WaitGroup
				for _, r := range all {
					for range 50 {
						asking.Go(func() { r.get(b, key) })
					}
				}
				asking.Wait()
			}
			b.ReportMetric(float64(src.loads.Load())/float64(n), "loads/key")
		})
	}
}

// BenchmarkInvalidate measures how long it takes until all of 8 replicas have heard.
func BenchmarkInvalidate(b *testing.B) {
	all := replicas(b, 8, &source{}, options{})
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := all[0].tier.Invalidate(b.Context(), "a"); err != nil {
			b.Fatal(err)
		}
		want := all[0].tier.Stats().Heard
		var waiting sync.WaitGroup
		var last atomic.Int64
		for _, r := range all {
			waiting.Go(func() {
				for r.tier.Stats().Heard < want {
					runtime.Gosched()
				}
				last.Store(max(last.Load(), int64(time.Since(began))))
			})
		}
		waiting.Wait()
		took = append(took, time.Duration(last.Load()))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}
