// Package design holds the measurements that settled how the containers are built.
// The pages in docs/decisions say what came out, and what was decided:
//
//	go test -bench . -benchtime 200ms -count 7 ./bench/design | tee out.txt
//	go run golang.org/x/perf/cmd/benchstat@latest -col /way out.txt
//
// To compare whole containers with what else there is, run the command in the folder
// above.
package design
