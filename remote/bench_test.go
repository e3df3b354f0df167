package remote

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/weakref-go/weakref"
)

// Operations beside what the broker takes for the least that they need:
//
//	go test -run - -bench . -count 5 | benchstat -col /impl -
func BenchmarkAsk(b *testing.B) {
	owner, other := pair(b)
	p := new(session)
	r := Export(owner, p)
	if _, err := owner.nc.Subscribe("bare", func(m *nats.Msg) { m.Respond([]byte{1}) }); err != nil {
		b.Fatal(err)
	}
	owner.nc.Flush()
	b.Run("op=ask/impl=request", func(b *testing.B) {
		for b.Loop() {
			if _, err := other.nc.Request("bare", []byte("x"), time.Second); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("op=ask/impl=remote", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s, err := other.Ask(b.Context(), r); err != nil || s[0] != Alive {
				b.Fatal(s, err)
			}
		}
	})
	b.Run("op=hold/impl=remote", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h, err := other.Hold(b.Context(), r)
			if err != nil {
				b.Fatal(err)
			}
			h.Close()
		}
	})
	refs := make([]Ref, 1000)
	for i := range refs {
		refs[i] = Export(owner, p)
	}
	b.Run("op=ask1000/impl=remote", func(b *testing.B) {
		for b.Loop() {
			if _, err := other.Ask(b.Context(), refs...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(refs)), "ns/ref")
	})
	runtime.KeepAlive(p)
}

func BenchmarkExport(b *testing.B) {
	n := joined(b, connect(b, startBroker(b)), Config{})
	b.Run("one", func(b *testing.B) {
		objects := make([]*session, 0, 1<<20)
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			if len(objects) == cap(objects) {
				objects = objects[:0]
			}
			p := new(session)
			objects = append(objects, p)
			b.StartTimer()
			Export(n, p)
		}
	})
	b.Run("million", func(b *testing.B) {
		var total, bareTotal time.Duration // bare: a ValueMap alone
		var bytes int64
		for b.Loop() {
			n := joined(b, n.nc, Config{})
			objects := make([]*session, 1_000_000)
			for i := range objects {
				objects[i] = new(session)
			}
			before := heap()
			began := time.Now()
			for _, p := range objects {
				Export(n, p)
			}
			total += time.Since(began)
			bytes += heap() - before
			var bare weakref.ValueMap[uint64, session]
			began = time.Now()
			for i, p := range objects {
				bare.Store(uint64(i), p)
			}
			bareTotal += time.Since(began)
			runtime.KeepAlive(objects)
		}
		b.ReportMetric(float64(bareTotal.Nanoseconds())/float64(b.N)/1e6, "ns/store")
		b.ReportMetric(float64(total.Nanoseconds())/float64(b.N)/1e6, "ns/export")
		b.ReportMetric(float64(bytes)/float64(b.N)/1e6, "B/export")
	})
}

// heap returns what the process has taken for objects and for the runtime's records of
// them, after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) + int64(m.MSpanInuse) + int64(m.OtherSys)
}

func BenchmarkAnnounce(b *testing.B) {
	n := joined(b, connect(b, startBroker(b)), Config{})
	js, err := jetstream.New(n.nc)
	if err != nil {
		b.Fatal(err)
	}
	kv, err := js.CreateKeyValue(b.Context(), jetstream.KeyValueConfig{Bucket: "bare"})
	if err != nil {
		b.Fatal(err)
	}
	next := 0
	b.Run("op=announce/impl=kv", func(b *testing.B) {
		for b.Loop() {
			next++
			if _, err := kv.Create(b.Context(), fmt.Sprint("k", next), []byte("1234567")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("op=announce/impl=write", func(b *testing.B) { // what Announce cannot do without
		for b.Loop() {
			next++
			key := fmt.Sprint("n.k", next)
			w := write{key: key + "." + n.id.String(), filter: key + ".*", value: []byte("1234567")}
			if _, err := n.store.put(b.Context(), w); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("op=announce/impl=remote", func(b *testing.B) {
		p := new(session)
		for b.Loop() {
			next++
			if _, err := Announce(b.Context(), n, fmt.Sprint("k", next), p); err != nil {
				b.Fatal(err)
			}
		}
		runtime.KeepAlive(p)
	})
}

// BenchmarkDeaths has 100 000 watched objects die at once, and as many of which a ValueMap
// alone, or a cleanup of the runtime, tells that they are dead.
func BenchmarkDeaths(b *testing.B) {
	owner, other := pair(b)
	const many = 100_000
	var bytes, messages atomic.Int64
	if _, err := owner.nc.Subscribe("weakref.n.*.h", func(m *nats.Msg) {
		bytes.Add(int64(len(m.Data)))
		messages.Add(1)
	}); err != nil {
		b.Fatal(err)
	}
	var total, bare, cleanups time.Duration
	for b.Loop() {
		total += deaths(b, many, func(p *session, dead func()) {
			r := Export(owner, p)
			if _, err := other.Watch(b.Context(), r, func(Down) { dead() }); err != nil {
				b.Fatal(err)
			}
		})
		var died func()
		m := weakref.ValueMap[int, session]{OnCollect: func(int) { died() }}
		stored := 0
		bare += deaths(b, many, func(p *session, dead func()) {
			died = dead
			m.Store(stored, p)
			stored++
		})
		runtime.KeepAlive(&m)
		cleanups += deaths(b, many, func(p *session, dead func()) {
			runtime.AddCleanup(p, func(struct{}) { dead() }, struct{}{})
		})
	}
	b.ReportMetric(float64(cleanups.Milliseconds())/float64(b.N), "cleanups-ms")
	b.ReportMetric(float64(bare.Milliseconds())/float64(b.N), "valuemap-ms")
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms/100000")
	b.ReportMetric(float64(bytes.Load())/float64(b.N)/many, "B/death")
	b.ReportMetric(float64(messages.Load())/float64(b.N), "messages")
}

// deaths makes objects, lets them die, and returns how long it took from the beginning of
// the collection until each was told dead.
func deaths(b *testing.B, many int, observe func(p *session, dead func())) time.Duration {
	var left atomic.Int64
	left.Store(int64(many))
	done := make(chan struct{})
	dead := func() {
		if left.Add(-1) == 0 {
			close(done)
		}
	}
	objects := make([]*session, many)
	for i := range objects {
		objects[i] = new(session)
		observe(objects[i], dead)
	}
	runtime.KeepAlive(objects)
	objects = nil
	began := time.Now()
	runtime.GC()
	select {
	case <-done:
	case <-time.After(time.Second): // something had a pointer to the last still
		collectUntil(b, done)
	}
	return time.Since(began)
}

// BenchmarkVanish measures how soon a watcher of a name sees that it is gone.
func BenchmarkVanish(b *testing.B) {
	s := startBroker(b)
	other := joined(b, connect(b, s), Config{})
	for _, how := range []string{"close", "session", "collection", "verdict"} {
		b.Run("how="+how, func(b *testing.B) {
			prober := joined(b, connect(b, s), Config{Grace: 500 * time.Millisecond})
			defer prober.Close(b.Context())
			var total time.Duration
			for b.Loop() {
				total += vanish(b, s.Connect, other, how)
			}
			b.ReportMetric(float64(total.Microseconds())/float64(b.N)/1000, "ms")
		})
	}
}

func vanish(b *testing.B, dial func(...nats.Option) (*nats.Conn, error), other *Node, how string) time.Duration {
	nc, err := dial()
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	n := joined(b, nc, Config{})
	defer n.Close(b.Context())
	p := new(session)
	a, err := Announce(b.Context(), n, "name", p)
	if err != nil {
		b.Fatal(err)
	}
	gone := make(chan struct{})
	stop, err := other.WatchName(b.Context(), "name", func(_ Ref, here bool) {
		if !here {
			close(gone)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	time.Sleep(400 * time.Millisecond) // the prober has seen it
	began := time.Now()
	switch how {
	case "close":
		a.Close(b.Context())
	case "session":
		n.Close(b.Context())
	case "collection":
		runtime.KeepAlive(p)
		p = nil
		runtime.GC()
		began = time.Now()
	case "verdict":
		nc.Close()
	}
	<-gone
	return time.Since(began)
}
