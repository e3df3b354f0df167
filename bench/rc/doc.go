// Package rc measures package rc beside what one would write instead: a counter
// under a mutex, the Retain and Release of Apache Arrow, and Rust's Arc and Weak.
//
// The benchmarks are named impl=…/op=…, for benchstat. To measure in turn, which
// evens out what else the machine does, and show medians side by side:
//
//	go test -c -o rc.test ./rc
//	for i in $(seq 10); do ./rc.test -test.bench . -test.benchtime 100ms; done > out.txt
//	go run golang.org/x/perf/cmd/benchstat@latest -col /impl out.txt
//
// Rust is measured where rustc is installed, and skipped with a message where it
// is not.
package rc
