package main

var metricsFaults = []fault{
	{
		name:  "what the dead had counted is forgotten",
		edits: []edit{{"metrics/source.go", `			s.dead[i] += v`, `			s.dead[i] += 0 * v`}},
		tests: []string{"./metrics TestTheDeadCount"},
	},
	{
		name:  "what the dead had is counted for gauges as well",
		edits: []edit{{"metrics/source.go", `if s.columns[i].Counter {`, `if s.columns[i].Counter || true {`}},
		tests: []string{"./metrics TestTheDeadCount"},
	},
	{
		name:  "the dead are remembered for ever",
		edits: []edit{{"metrics/source.go", `		delete(s.known, id)`, `		k.turn = s.turn + 1<<60`}},
		tests: []string{"./metrics TestChurn"},
	},
	{
		name: "a reading may have an older list than the one before it",
		edits: []edit{
			{"metrics/source.go", `	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn++`, `	listed := inspect.Containers()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn++`},
			{"metrics/source.go", `range inspect.Containers() {`, `range listed {`},
		},
		tests: []string{"./metrics TestChurn"},
	},
	{
		name:  "series are in the order in which names were first seen",
		edits: []edit{{"metrics/source.go", `	if !s.sorted {`, `	if !s.sorted && len(s.rows) == 0 {`}},
		tests: []string{"./metrics TestOrder"},
	},
	{
		name:  "series that come later are not sorted",
		edits: []edit{{"metrics/source.go", `s.rows, s.sorted = append(s.rows, r), false`, `s.rows = append(s.rows, r)`}},
		tests: []string{"./metrics TestOrder"},
	},
	{
		name:  "names without end make series without end",
		edits: []edit{{"metrics/source.go", `			s.room--`, `			_ = s.room`}},
		tests: []string{"./metrics TestMaxNames"},
	},
	{
		name:  "a name that is no text is exported as it is",
		edits: []edit{{"metrics/source.go", `strings.ToValidUTF8(c.Title(), "\uFFFD")`, `strings.Clone(c.Title())`}},
		tests: []string{"./metrics TestNamesAreText"},
	},
	{
		name:  "a queue is not listed",
		edits: []edit{{"queue.go", `		gcclock.WatchShared(q.listing, func(*queueListing[E]) {}) // so that it is listed`, `		_ = gcclock.WatchShared[int]`}},
		tests: []string{"./inspect TestEveryKind"},
	},
	{
		name:  "a bus counts what waits for its last listener",
		edits: []edit{{"event/stats.go", `st.Queued += q.Pending()`, `st.Queued = q.Pending()`}},
		tests: []string{"./event TestQueued"},
	},
	{
		name:  "a leaked handle counts once for all of its block",
		edits: []edit{{"rc/fault.go", `		n = f.Handles`, `		n = 1`}},
		tests: []string{"./rc TestFaultsAreCounted"},
	},
	{
		name:  "a cache's limit is what it keeps",
		edits: []edit{{"metrics/columns.go", `n(s.Limit)`, `n(s.Kept)`}},
		tests: []string{"./metrics TestCache"},
	},
	{
		name:  "what is retained is not watched",
		edits: []edit{{"leak/watcher.go", `len(w.watched) + len(w.retained), len`, `len(w.watched), len`}},
		tests: []string{"./leak TestStats"},
	},
}
