package rc

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref/rc"
)

var sink *resource

func strong() *rc.Strong[*resource] { return rc.New(new(resource), release) }

// closing closes the handle at the end of the benchmark.
func closing[T any](b *testing.B, s *rc.Strong[T]) *rc.Strong[T] {
	b.Cleanup(func() { s.Close() })
	return s
}

// each runs one operation of each implementation, named as benchstat wants it.
func each(b *testing.B, op string, impls ...impl) {
	for _, i := range impls {
		b.Run(fmt.Sprintf("impl=%s/op=%s", i.name, op), func(b *testing.B) {
			b.ReportAllocs()
			i.run(b)
		})
	}
}

type impl struct {
	name string
	run  func(b *testing.B)
}

func BenchmarkCloneClose(b *testing.B) {
	each(b, "clone+close",
		impl{"rc", func(b *testing.B) {
			s := closing(b, strong())
			for b.Loop() {
				s.Clone().Close()
			}
		}},
		impl{"rc-unchecked", func(b *testing.B) {
			u := closing(b, strong()).Unchecked()
			defer u.Close()
			for b.Loop() {
				u.Clone().Close()
			}
		}},
		impl{"mutex", func(b *testing.B) {
			m := newMutexed(new(resource))
			for b.Loop() {
				m.clone().close()
			}
		}},
		impl{"arrow", func(b *testing.B) {
			r := newRetained(new(resource))
			for b.Loop() {
				r.retain()
				r.release()
			}
		}},
		impl{"rust", rust("clone")},
	)
}

func BenchmarkUpgradeClose(b *testing.B) {
	each(b, "upgrade+close",
		impl{"rc", func(b *testing.B) {
			w := closing(b, strong()).Weak()
			for b.Loop() {
				if s, ok := w.Upgrade(); ok {
					s.Close()
				}
			}
		}},
		impl{"mutex", func(b *testing.B) {
			m := newMutexed(new(resource))
			for b.Loop() {
				if s, ok := m.upgrade(); ok {
					s.close()
				}
			}
		}},
		impl{"rust", rust("upgrade")},
	)
}

// BenchmarkNewClose makes the resource too. impl=plain does nothing else.
func BenchmarkNewClose(b *testing.B) {
	each(b, "new+close",
		impl{"plain", func(b *testing.B) {
			for b.Loop() {
				sink = new(resource)
			}
		}},
		impl{"rc", func(b *testing.B) {
			for b.Loop() {
				rc.New(new(resource), release).Close()
			}
		}},
		impl{"rc-owner", func(b *testing.B) {
			for b.Loop() {
				rc.New(new(owner), func(*owner) {}).Close()
			}
		}},
		impl{"mutex", func(b *testing.B) {
			for b.Loop() {
				m := newMutexed(new(resource))
				sink = m.v
				m.close()
			}
		}},
		impl{"arrow", func(b *testing.B) {
			for b.Loop() {
				r := newRetained(new(resource))
				sink = r.v
				r.release()
			}
		}},
		impl{"rust", rust("new")},
		impl{"rust-plain", rust("box")},
	)
}

// owner is a resource that owns handles.
type owner struct {
	kids []rc.Handle
	_    [5]uintptr
}

func (o *owner) Handles(yield func(rc.Handle) bool) {
	for _, h := range o.kids {
		if !yield(h) {
			return
		}
	}
}

func BenchmarkValue(b *testing.B) {
	each(b, "value",
		impl{"rc", func(b *testing.B) {
			s := closing(b, strong())
			for b.Loop() {
				sink = s.Value()
			}
		}},
		impl{"rc-unchecked", func(b *testing.B) {
			u := closing(b, strong()).Unchecked()
			defer u.Close()
			for b.Loop() {
				sink = u.Value()
			}
		}},
	)
}

// BenchmarkShared has all threads clone and close one handle.
func BenchmarkShared(b *testing.B) {
	for _, threads := range []int{1, 2} {
		if threads > runtime.GOMAXPROCS(0) {
			continue
		}
		each(b, fmt.Sprintf("clone+close/threads=%d", threads),
			impl{"rc", func(b *testing.B) {
				s := closing(b, strong())
				parallel(b, threads, func() func() { return func() { s.Clone().Close() } })
			}},
			impl{"rc-local", func(b *testing.B) {
				s := closing(b, strong())
				parallel(b, threads, func() func() {
					l := closing(b, s.Local())
					return func() { l.Clone().Close() }
				})
			}},
			impl{"rc-unchecked", func(b *testing.B) {
				u := closing(b, strong()).Unchecked()
				defer u.Close()
				parallel(b, threads, func() func() { return func() { u.Clone().Close() } })
			}},
			impl{"rc-unchecked-local", func(b *testing.B) {
				s := closing(b, strong())
				parallel(b, threads, func() func() {
					u := closing(b, s.Local()).Unchecked()
					b.Cleanup(func() { u.Close() })
					return func() { u.Clone().Close() }
				})
			}},
			impl{"mutex", func(b *testing.B) {
				m := newMutexed(new(resource))
				parallel(b, threads, func() func() { return func() { m.clone().close() } })
			}},
			impl{"arrow", func(b *testing.B) {
				r := newRetained(new(resource))
				parallel(b, threads, func() func() { return func() { r.retain(); r.release() } })
			}},
			impl{"rust", rust(fmt.Sprintf("shared%d", threads))},
		)
	}
}

// parallel runs b.N operations on each of some threads; ns/op is per operation of
// one thread, so that it stays the same if they do not get in each other's way.
func parallel(b *testing.B, threads int, prepare func() (op func())) {
	ops := []func(){}
	for range threads {
		ops = append(ops, prepare())
	}
	done := make(chan struct{}, threads)
	b.ResetTimer()
	for _, op := range ops {
		go func() {
			for range b.N {
				op()
			}
			done <- struct{}{}
		}()
	}
	for range ops {
		<-done
	}
	b.StopTimer()
}

// BenchmarkGrow makes values that stay: what the anchors cost when they cannot be
// used again.
func BenchmarkGrow(b *testing.B) {
	each(b, "grow",
		impl{"plain", func(b *testing.B) {
			all := make([]*resource, 0, b.N)
			for range b.N {
				all = append(all, new(resource))
			}
			runtime.KeepAlive(all)
		}},
		impl{"rc", func(b *testing.B) {
			all := make([]*rc.Strong[*resource], 0, b.N)
			for range b.N {
				all = append(all, strong())
			}
			b.StopTimer()
			for _, s := range all {
				s.Close()
			}
		}},
	)
}

// BenchmarkCollect looks at a tree whose nodes know their parents; ns/op is per
// node.
func BenchmarkCollect(b *testing.B) {
	for _, garbage := range []bool{false, true} {
		b.Run(fmt.Sprintf("impl=rc/op=collect/garbage=%v", garbage), func(b *testing.B) {
			b.StopTimer()
			for done := 0; done < b.N; {
				n := max(2, min(b.N-done, 100_000)) // one alone is no cycle
				root := treeOf(n)
				if garbage {
					root.Close()
				}
				b.StartTimer()
				dropped, err := rc.Collect()
				b.StopTimer()
				if err != nil || garbage != (dropped == n) {
					b.Fatalf("%d dropped of %d, %v", dropped, n, err)
				}
				if !garbage {
					root.Close()
					rc.Collect()
				}
				done += n
			}
		})
	}
}

type node struct {
	parent *rc.Strong[*node]
	kids   []*rc.Strong[*node]
}

func (n *node) Handles(yield func(rc.Handle) bool) {
	if !yield(n.parent) {
		return
	}
	for _, k := range n.kids {
		if !yield(k) {
			return
		}
	}
}

// treeOf returns a tree of n nodes, four to a parent.
func treeOf(n int) *rc.Strong[*node] {
	all := []*rc.Strong[*node]{rc.New(new(node), func(*node) {})}
	for i := 1; i < n; i++ {
		parent := all[(i-1)/4]
		k := rc.New(&node{parent: parent.Clone()}, func(*node) {})
		parent.Value().kids = append(parent.Value().kids, k)
		all = append(all, k)
	}
	return all[0]
}
