// Package tree measures package tree beside a tree as one writes it by hand, with
// strong pointers to parents.
//
// The benchmarks are named impl=…/n=…, for benchstat. To measure in turn, which evens
// out what else the machine does, and show medians side by side:
//
//	go test -c -o tree.test ./tree
//	for i in $(seq 10); do ./tree.test -test.bench . -test.benchtime 1x; done > out.txt
//	go run golang.org/x/perf/cmd/benchstat@latest -col /impl out.txt
package tree
