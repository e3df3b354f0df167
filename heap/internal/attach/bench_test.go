//go:build linux && amd64

package attach

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// BenchmarkProcess reads a process with heaps of some sizes, to a file. The pause is the
// median; cpu is the processor time of one reading, most of it in the pause.
func BenchmarkProcess(b *testing.B) {
	for _, mb := range []int{100, 1000} {
		b.Run(strconv.Itoa(mb)+"MB", func(b *testing.B) {
			p := start(b, build{}.make(b, "sized"), strconv.Itoa(mb))
			var pauses []time.Duration
			before := processorTime()
			for b.Loop() {
				f, err := os.Create(filepath.Join(b.TempDir(), "dump"))
				if err != nil {
					b.Fatal(err)
				}
				st, err := Process(p.pid(), f)
				if err != nil {
					b.Fatal(err)
				}
				pauses = append(pauses, st.Pause)
				f.Close()
				os.Remove(f.Name())
			}
			slices.Sort(pauses)
			b.ReportMetric(pauses[len(pauses)/2].Seconds(), "s-pause")
			b.ReportMetric(pauses[0].Seconds(), "s-least")
			b.ReportMetric((processorTime()-before).Seconds()/float64(len(pauses)), "s-cpu")
			var ru syscall.Rusage
			syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
			b.ReportMetric(float64(ru.Maxrss)/1000, "MB-tool")
		})
	}
}

func processorTime() time.Duration {
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
