package soft

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
)

// TestTargets: what can be alive under the limits that a process may have.
func TestTargets(t *testing.T) {
	const none = math.MaxInt64
	for name, c := range map[string]struct {
		limit, gogc, granted, beside float64
		room, target                 int64
	}{
		"a limit of the runtime's":     {1000, 100, 1e9, 70, 900, 675},
		"and GOGC=off":                 {1000, math.MaxUint64, 1e9, 70, 900, 675},
		"a group's limit":              {none, 100, 1000, 50, 900, 382},
		"with GOGC=25":                 {none, 25, 1000, 50, 900, 612},
		"with GOGC=off":                {none, math.MaxUint64, 1000, 50, 900, 0},
		"a group below the runtime's":  {1000, 100, 1000, 50, 900, 382},
		"all is taken":                 {1000, 100, 1e9, 5000, 0, 0},
		"all of the group's is taken":  {none, 100, 1000, 5000, 0, 0},
		"more than all is others'":     {none, 100, -70, 50, 0, 0},
		"nothing is known":             {none, 100, 0, 50, 0, 0},
		"a limit, and nothing granted": {1000, 100, 0, 50, 0, 0},
	} {
		if room, target := targets(c.limit, c.gogc, c.granted, c.beside); room != c.room || target != c.target {
			t.Errorf("%s: %d, %d; want %d, %d", name, room, target, c.room, c.target)
		}
	}
}

// TestGranted: control groups of both versions.
func TestGranted(t *testing.T) {
	const meminfo = "MemTotal:       1000 kB\nMemFree: 1 kB\n"
	for name, c := range map[string]struct {
		files         map[string]string
		limit, others float64
	}{
		"nothing known": {nil, 0, 0},
		"no group":      {map[string]string{"proc/meminfo": meminfo}, 256_000, 0},
		"version 2": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "5000\n", "sys/fs/cgroup/a/b/memory.stat": "anon 700\nfile 9\n", "sys/fs/cgroup/a/memory.max": "max\n",
		}, 5000, 600},
		"nested": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "4000\n", "sys/fs/cgroup/a/memory.stat": "file 1\nanon 50\n",
		}, 4000, 0},
		"in a container": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "3000\n",
		}, 3000, 0},
		"version 1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/x\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "2000\n", "sys/fs/cgroup/memory/memory.stat": "rss 1\ntotal_rss 300\n",
		}, 2000, 200},
		"max": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n",
		}, 256_000, 0},
		"version 1 without a limit": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 256_000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for file, text := range c.files {
				file = filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if limit, others := granted(root, 100); limit != c.limit || others != c.others {
				t.Errorf("%v, %v; want %v, %v", limit, others, c.limit, c.others)
			}
		})
	}
}

// TestNow: the figures of this process are plausible, and follow the runtime's limit.
func TestNow(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(100 * mb))
	kept := make([]byte, 10*mb)
	runtime.GC()
	m := Now()
	if m.Cycle == 0 || m.Live < 10*mb || m.Live > 90*mb || m.Goal < m.Live {
		t.Errorf("%+v", m)
	}
	if runtime.GOOS == "linux" && (m.Room < 50*mb || m.Room > 100*mb || m.Target != int64(liveShare*float64(m.Room))) {
		t.Errorf("%+v with a limit of 100 MB", m)
	}
	runtime.KeepAlive(kept)
}

// TestToken: it is gone after a collection, and not before.
func TestToken(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	gone := system{}.token()
	if gone() {
		t.Error("gone at once")
	}
	runtime.GC()
	if !gone() {
		t.Error("not gone after a collection")
	}
}
