package main

// fault is a mistake that somebody could make in the code, and the tests that must
// notice it.
type fault struct {
	name  string
	edits []edit
	tests []string // a package and a pattern for go test -run, or none; the first that fails will do
	args  []string // further arguments of go test
}

// edit replaces a text that occurs exactly once in a file.
type edit struct {
	file     string // from the root of the repository
	old, new string
}

// faults is the list. Each is as small as the mistake would be. A fault that needs
// several edits needs them to compile, or to be what its name says.
var faults = concat(
	tableFaults,
	callbackFaults,
	clockFaults,
	flightFaults,
	cacheFaults,
	softFaults,
	rcFaults,
	mapFaults,
	eventFaults,
	heapFaults,
	inspectFaults,
	remoteFaults,
	metricsFaults,
)

func concat(lists ...[]fault) (all []fault) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
