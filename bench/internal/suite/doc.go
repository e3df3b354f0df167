// Package suite is the list of all that is measured in this module: cases named by
// implementation, operation, number of entries and threads.
//
//	Set   = one implementation with n entries     one child process measures it
//	 └ Case  = one operation on them              one line of results
//	     Loop    repeats an operation; whoever calls it measures the time
//	     Probe   measures itself: bytes, processor time, percentiles
//
// The command and the benchmarks of go test both take their cases from [Sets], so
// that they cannot differ in what they do.
package suite
