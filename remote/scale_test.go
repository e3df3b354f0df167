package remote

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// BenchmarkSessions has many sessions in one process: what each of them costs to begin, and
// how soon all the others see one end. Each hears all renewals, so this grows with the
// square.
func BenchmarkSessions(b *testing.B) {
	for _, many := range []int{50, 100, 200, 500} {
		b.Run(fmt.Sprint("sessions=", many), func(b *testing.B) {
			for b.Loop() {
				s := startBroker(b)
				nodes := make([]*Node, many)
				began := time.Now()
				for i := range nodes {
					nodes[i] = joined(b, connect(b, s), Config{TTL: time.Minute})
				}
				b.ReportMetric(float64(time.Since(began).Microseconds())/float64(many), "µs/join")
				p, told := new(session), make(chan Down, many)
				r := Export(nodes[0], p)
				for _, n := range nodes[1:] {
					if _, err := n.Watch(b.Context(), r, func(d Down) { told <- d }); err != nil {
						b.Fatal(err)
					}
				}
				began = time.Now()
				nodes[0].Withdraw(r)
				for range nodes[1:] {
					receive(b, told)
				}
				b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "ms/notice")
				runtime.KeepAlive(p)
				for _, n := range nodes {
					n.Close(b.Context())
					n.nc.Close()
				}
			}
		})
	}
}
