package fifo

import (
	"fmt"
	"testing"
)

func TestOrder(t *testing.T) {
	var q Queue[int]
	next := 0
	for i := range 1000 {
		if q.Push(2*i, 2*i+1); i%3 > 0 {
			if got := q.Pop(); got != next {
				t.Fatalf("got %d, want %d", got, next)
			}
			next++
		}
	}
	for ; len(q) > 0; next++ {
		if got := q.Pop(); got != next {
			t.Fatalf("got %d, want %d", got, next)
		}
	}
	if next != 2000 || q != nil {
		t.Errorf("%d items; %v is left", next, q)
	}
}

func BenchmarkPop(b *testing.B) {
	for _, n := range []int{1, 1000, 1_000_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			q := make(Queue[int], n)
			for b.Loop() {
				q.Push(1)
				q.Pop()
			}
		})
	}
}
