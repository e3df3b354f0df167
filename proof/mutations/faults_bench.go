package main

func init() { faults = append(faults, benchFaults...) }

// benchFaults are mistakes in what the benchmarks say.
var benchFaults = []fault{
	{
		name:  "bench puts figures of two kinds of machines together",
		edits: []edit{{"bench/internal/report/machine.go", `if s.kind() != kind {`, `if s.kind() == "" {`}},
		tests: []string{"./bench/internal/report TestOtherMachine"},
	},
	{
		name:  "bench takes a quick run's figures for a full one's",
		edits: []edit{{"bench/internal/report/machine.go", `if s.mode == full {`, `if true {`}},
		tests: []string{"./bench/internal/report TestOtherMachine"},
	},
	{
		name:  "bench excuses what was missed because there is a bound, though it could have been reached",
		edits: []edit{{"bench/internal/report/targets.go", `case known && !t.reached(bound):`, `case known:`}},
		tests: []string{"./bench/internal/report TestBounds"},
	},
	{
		name:  "bench leaves the first screen out of the README",
		edits: []edit{{"bench/internal/report/summary.go", `begin + f.summary(all) + end + after`, `begin + f.summary(all)[:0] + end + after`}},
		tests: []string{"./bench/internal/report TestSummary", "./bench TestPagesAgree"},
	},
	{
		name:  "bench begins what comes after the time is over",
		edits: []edit{{"bench/run.go", `return left > 0 && (!jobs[0].huge || left > patience)`, `return !jobs[0].huge || left > patience`}},
		tests: []string{"./bench TestNoTimeLeft"},
	},
	{
		name:  "bench -quick waits for what takes long",
		edits: []edit{{"bench/run.go", `j.run(ctx, run, s.patience())`, `j.run(ctx, run, patience)`}},
		tests: []string{"./bench TestQuickEnds"},
	},
}
