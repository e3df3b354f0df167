package prom_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/metrics"
	"github.com/weakref-go/weakref/metrics/prom"
	"github.com/weakref-go/weakref/rc"
)

type object struct{ _ [4]*int }

func (*object) hear(int) {}

// everything makes a container of each kind, and calls use while they are there.
func everything(name string, use func()) {
	v := new(object)
	m := &weakref.ValueMap[int, object]{Name: name}
	m.Store(1, v)
	c := &cache.Cache[int, object]{Name: name}
	c.Put(1, v)
	b := &event.Bus[int]{Name: name}
	event.Subscribe(b, v, (*object).hear)
	q := &weakref.Queue[int]{Name: name}
	q.Put(1)
	p := &rc.Pool[int, int]{Name: name, Open: func(context.Context, int) (int, error) { return 1, nil }}
	h, err := p.Get(context.Background(), 1)
	if err != nil {
		panic(err)
	}
	use()
	_ = h.Close()
	for _, x := range []any{m, c, b, q, p, v} {
		runtime.KeepAlive(x)
	}
}

func registry(t testing.TB) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(new(prom.Collector)); err != nil {
		t.Fatal(err)
	}
	return r
}

func gather(t testing.TB, g prometheus.Gatherer) map[string]*dto.MetricFamily {
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]*dto.MetricFamily)
	for _, f := range families {
		all[f.GetName()] = f
	}
	return all
}

// TestEveryMetric checks that all are exported, and that Prometheus's own linter has
// nothing to say about them.
func TestEveryMetric(t *testing.T) {
	r := registry(t)
	everything(t.Name(), func() {
		families := gather(t, r)
		for _, m := range metrics.All() {
			if families[m.PrometheusName()] == nil {
				t.Errorf("%s is not exported", m.PrometheusName())
			}
		}
		if len(families) != len(metrics.All()) {
			t.Errorf("%d families for %d metrics", len(families), len(metrics.All()))
		}
		problems, err := testutil.GatherAndLint(r)
		if err != nil || len(problems) != 0 {
			t.Errorf("lint: %v, %v", problems, err)
		}
	})
}

// TestText checks what a scrape gets.
// runs tells runs of a test apart: counters outlive what they were of.
var runs atomic.Int64

func TestText(t *testing.T) {
	server := httptest.NewServer(promhttp.HandlerFor(registry(t), promhttp.HandlerOpts{}))
	defer server.Close()
	id := fmt.Sprint(t.Name(), runs.Add(1))
	everything(id+"\n\xff\"<", func() {
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%v, %v\n%s", resp.Status, err, body)
		}
		label := id + `\n` + "\uFFFD" + `\"<`
		for _, line := range []string{
			"# TYPE weakref_container_entries gauge",
			`weakref_container_entries{kind="ValueMap",name="` + label + `"} 1`,
			"# HELP weakref_cache_gets_total Requests by whether they found a value.",
			"# TYPE weakref_cache_gets_total counter",
			`weakref_cache_gets_total{cache="` + label + `",result="hit"} 0`,
			`weakref_queue_put_total{queue="` + label + `"} 1`,
			`weakref_pool_resources{pool="` + label + `",state="in_use"} 1`,
			`weakref_handle_faults_total{fault="leak"} 0`,
		} {
			if !strings.Contains(string(body), line+"\n") {
				t.Errorf("the scrape does not have %s", line)
			}
		}
	})
}

// TestScrapesAtTheSameTime has several scrapers look while containers come and go.
func TestScrapesAtTheSameTime(t *testing.T) {
	r := registry(t)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			last := 0.0
			for ctx.Err() == nil {
				families, err := r.Gather()
				if err != nil {
					t.Error(err)
					return
				}
				runtime.GC()
				for _, f := range families {
					if f.GetName() != "weakref_queue_put_total" {
						continue
					}
					sum := 0.0
					for _, m := range f.Metric {
						sum += m.GetCounter().GetValue()
					}
					if sum < last {
						t.Errorf("the counter went from %v to %v", last, sum)
					}
					last = sum
				}
			}
		})
	}
	for i := range 5000 {
		q := &weakref.Queue[int]{Name: t.Name() + strconv.Itoa(i%3)}
		q.Put(i)
	}
	stop()
	wg.Wait()
}

func TestOneForEachRegistry(t *testing.T) {
	r := registry(t)
	if err := r.Register(new(prom.Collector)); err == nil {
		t.Error("a second Collector was registered")
	}
	for name := range gather(t, prometheus.DefaultGatherer) {
		if strings.HasPrefix(name, "weakref") {
			t.Errorf("%s is registered globally", name)
		}
	}
}

// bare is a collector that does nothing: what its scrape takes is the library's.
type bare []constant

// constant is a metric that does nothing.
type constant struct {
	desc    *prometheus.Desc
	label   []*dto.LabelPair
	counter *dto.Counter
	gauge   *dto.Gauge
}

func (c *constant) Desc() *prometheus.Desc { return c.desc }

func (c *constant) Write(to *dto.Metric) error {
	to.Label, to.Counter, to.Gauge = c.label, c.counter, c.gauge
	return nil
}

func (all bare) Describe(to chan<- *prometheus.Desc) { new(prom.Collector).Describe(to) }

func (all bare) Collect(to chan<- prometheus.Metric) {
	for i := range all {
		to <- &all[i]
	}
}

// constants is what c has now.
func constants(c *prom.Collector) (all bare) {
	from := make(chan prometheus.Metric)
	go func() {
		defer close(from)
		c.Collect(from)
	}()
	for m := range from {
		var is dto.Metric
		if err := m.Write(&is); err != nil {
			panic(err)
		}
		all = append(all, constant{m.Desc(), is.Label, is.Counter, is.Gauge})
	}
	return all
}

func BenchmarkScrape(b *testing.B) {
	v := new(object)
	for _, names := range []int{10, 1000} {
		b.Run("containers=1000/names="+strconv.Itoa(names), func(b *testing.B) {
			maps := make([]weakref.ValueMap[int, object], 1000)
			for i := range maps {
				maps[i].Name = "map " + strconv.Itoa(i%names)
				maps[i].Store(1, v)
			}
			r := prometheus.NewRegistry()
			r.MustRegister(new(prom.Collector))
			h := promhttp.HandlerFor(r, promhttp.HandlerOpts{})
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
			}
			runtime.KeepAlive(maps)
		})
	}
	caches := make([]cache.Cache[int, object], 1000)
	for i := range caches {
		caches[i].Name = "cache " + strconv.Itoa(i)
		caches[i].Put(1, v)
	}
	for _, from := range []prometheus.Collector{new(prom.Collector), constants(new(prom.Collector))} {
		b.Run(fmt.Sprintf("caches=1000/%T", from), func(b *testing.B) {
			r := prometheus.NewRegistry()
			r.MustRegister(from)
			h := promhttp.HandlerFor(r, promhttp.HandlerOpts{})
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
			}
		})
	}
	runtime.KeepAlive(caches)
	runtime.KeepAlive(v)
}
