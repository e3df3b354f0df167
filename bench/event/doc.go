// Package event measures package event beside the bare loops that it is compared
// with, and beside what one would write instead.
//
// The benchmarks are named impl=…/n=…, for benchstat. To measure in turn, which evens
// out what else the machine does, and show medians side by side:
//
//	go test -c -o event.test ./event
//	for i in $(seq 10); do ./event.test -test.bench . -test.benchtime 20ms; done > out.txt
//	go run golang.org/x/perf/cmd/benchstat@latest -col /impl out.txt
package event
