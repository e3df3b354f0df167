package main

import (
	"math"
	"math/rand/v2"
	"sort"
)

// ranks returns a function that draws ranks from 0 with weights 1/(rank+1)^s, for any
// s; rand.Zipf has none of 1 or less.
func ranks(n int, s float64) func(*rand.Rand) int {
	sums := make([]float64, n)
	sum := 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -s)
		sums[i] = sum
	}
	return func(r *rand.Rand) int { return min(n-1, sort.SearchFloat64s(sums, r.Float64()*sum)) }
}
