package main

// Those of packages heap, leak and weaktest, and of the command weakref why. Their tests
// build programs of their own, with the fault in them.
var heapFaults = []fault{
	{
		name: "a size in a damaged core file is believed",
		edits: []edit{{"heap/internal/attach/memory.go", `	if n <= arena {
		return true`, `	if true {
		return true`}},
		tests: []string{"./heap/internal/attach TestSizesAreNotBelieved"},
	},
	{
		name: "the registers of a goroutine that runs are left out",
		edits: []edit{{"heap/internal/attach/frames.go", `	if g.regs != nil {
`, `	if false {
`}},
		tests: []string{"./heap/internal/attach TestUnderLoad"},
	},
	{
		name:  "a process is read without its cleanups",
		edits: []edit{{"heap/internal/attach/specials.go", `			case cleanup:`, `			case cleanup + 100:`}},
		tests: []string{"./heap/internal/attach TestAgainstWriteHeapDump/plain"},
	},
	{
		name:  "a version of Go without a table is read as another one",
		edits: []edit{{"heap/internal/attach/layout.go", `	l, ok := layouts[version]`, `	l, ok := layouts["go1.26"]`}},
		tests: []string{"./heap/internal/attach TestUnknownVersion"},
	},
	{
		name:  "the tracer is named by its thread",
		edits: []edit{{"heap/internal/attach/explain_linux_amd64.go", `	return s["Tgid"] + `, `	return thread + `}},
		tests: []string{"./heap/internal/attach TestTraced"},
	},
	{
		name:  "a stripped program's reasons to wait are the next ones",
		edits: []edit{{"heap/internal/attach/search.go", `a - header`, `a`}},
		tests: []string{"./heap/internal/attach TestAgainstWriteHeapDump/stripped"},
	},
	{
		name:  "a signal that came while a process was stopped is lost",
		edits: []edit{{"heap/internal/attach/ptrace_linux_amd64.go", `uintptr(th.signal)) == nil`, `0) == nil`}},
		tests: []string{"./heap/internal/attach TestDetach"},
	},
	{
		name: "what cannot be let go is forgotten",
		edits: []edit{{"heap/internal/attach/ptrace_linux_amd64.go", `			if th.stopped && ptrace(ptDetach, tid, uintptr(th.signal)) == nil {
`, `			if ptrace(ptDetach, tid, uintptr(th.signal)); true {
`}},
		tests: []string{"./heap/internal/attach TestDetach"},
	},
	{
		name:  "a thread that has stopped is not seen to when it ends",
		edits: []edit{{"heap/internal/attach/ptrace_linux_amd64.go", `|| !th.poll(tid)`, `|| !th.stopped && !th.poll(tid)`}},
		tests: []string{"./heap/internal/attach TestStoppedAndKilled"},
	},
	{
		name:  "the end of a process is kept from its parent",
		edits: []edit{{"heap/internal/attach/ptrace_linux_amd64.go", `exits, leave       = 4, 0x1000000`, `exits, leave       = 4, 0`}},
		tests: []string{"./heap/internal/attach TestStoppedAndKilled"},
	},
	{
		name:  "another program is read as the one before",
		edits: []edit{{"heap/internal/attach/ptrace_linux_amd64.go", `return err == nil && now`, `return err != nil && now`}},
		tests: []string{"./heap/internal/attach TestExec"},
	},
	{
		name: "the thread that traces does not end",
		edits: []edit{{"heap/internal/attach/ptrace_linux_amd64.go", `			f()
			return
`, `			f()
			runtime.UnlockOSThread()
			return
`}},
		tests: []string{"./heap/internal/attach TestThreadEnds"},
	},
	{
		name:  "the room that a dump did not need stays behind it",
		edits: []edit{{"heap/internal/attach/reserve_linux_amd64.go", `return f.Truncate(end)`, `return f.Truncate(max(end, 1<<20))`}},
		tests: []string{"./heap/internal/attach TestReserve"},
	},
	{
		name:  "a table with gaps cannot be made again",
		edits: []edit{{"heap/internal/attach/layout.go", `if v, ok := layouts[version][name]; ok {`, `if v := layouts[version].of(name); true {`}},
		tests: []string{"./heap/internal/attach TestLayouts"},
	},
	{
		name: "what a cut core file lacks is not missing",
		edits: []edit{{"heap/internal/attach/core.go", `		c.missing += size - min(size, left)
`, ``}},
		tests: []string{"./heap/internal/attach TestCutCore"},
	},
	{
		name:  "a cleanup in a dump is any root",
		edits: []edit{{"heap/internal/record/read.go", `; n == 2 {`, `; n == 3 {`}},
		tests: []string{"./heap/internal/record TestWriterCleanup"},
	},
	{
		name:  "what is kept of a process is written over another file",
		edits: []edit{{"cmd/weakref/internal/why/process.go", `os.O_CREATE|os.O_EXCL`, `os.O_CREATE|os.O_TRUNC`}},
		tests: []string{"./cmd/weakref/internal/why TestProcess"},
	},
	{
		name:  "a literal of a program that calls C has the linker's name",
		edits: []edit{{"heap/internal/exe/image.go", `"..stmp_"`, `"..stmp?"`}},
		tests: []string{"./heap TestProgramWithC"},
	},
	{
		name:  "a part of a struct in a frame is taken for a pointer variable",
		edits: []edit{{"heap/internal/names/stackobject.go", `ok && o.Size > n.word()`, `ok && o.Size < n.word()`}},
		tests: []string{"./heap TestLeakCases$"},
	},
	{
		name:  "values in frames lie a word off",
		edits: []edit{{"heap/internal/exe/stackobjects.go", `return end - 2*w, end, true`, `return end - w, end, true`}},
		tests: []string{"./heap TestLeakCases$"},
	},
	{
		name:  "a shape says as much as a type",
		edits: []edit{{"heap/internal/names/evidence.go", `strings.Contains(t.Name, shapeMark)`, `false`}},
		tests: []string{"./heap TestTypesBehindShapes"},
	},
	{
		name:  "what a pointer leads to of which only the shape is known is a byte",
		edits: []edit{{"heap/internal/names/evidence.go", `|| isShape(t)`, ``}},
		tests: []string{"./heap TestTypesBehindShapes"},
	},
	{
		name:  "a number of eight bytes and more loses its highest bits",
		edits: []edit{{"heap/internal/record/cursor.go", `; last != 0 {`, `; true {`}},
		tests: []string{"./heap/internal/record TestNumbersOfAnyLength"},
	},
	{
		name:  "a number is joined from words of the next one",
		edits: []edit{{"heap/internal/record/cursor.go", `sevens(x << (64 - 8*n) >> (64 - 8*n))`, `sevens(x)`}},
		tests: []string{"./heap/internal/record TestNumbersOfAnyLength"},
	},
	{
		name:  "objects at the upper end of the heap are not found",
		edits: []edit{{"heap/internal/graph/heap.go", `uint64(last)<<3+p.size)`, `uint64(last)<<3)`}},
		tests: []string{"./heap/internal/graph TestFind"},
	},
	{
		name: "a literal that a package variable points to has no name",
		edits: []edit{{"heap/internal/names/statics.go", `		w.enter(g.Name, name+w.n.Text(ref), name+ref.Sig(), v, ptr)
`, `		_, _, _ = name, v, ref
`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name: "a literal that only an object leads to has no name",
		edits: []edit{{"heap/internal/names/evidence.go", `	if v.known() && v.form == plain && v.typ != nil && v.addr == ptr {
		e.statics`, `	if false {
		e.statics`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name:  "the runtime's list of pools explains what has a pool in it",
		edits: []edit{{"heap/internal/names/roots.go", `return name == "sync.allPools" || name == "sync.oldPools"`, `return false && name == ""`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name:  "a word without a name explains as well as a variable",
		edits: []edit{{"heap/internal/graph/roots.go", `root.Kind <= Local && r.Named != nil`, `false && r.Named != nil`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name:  "what is beside a lost part of a variable has its name",
		edits: []edit{{"heap/internal/names/roots.go", `l.ok && l.v.Type != nil && !n.holdsPointer`, `false && !n.holdsPointer`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name:  "the first reference says what an object is",
		edits: []edit{{"heap/internal/names/evidence.go", `had != 0 && e.sights[had].weight >= w`, `had != 0`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name:  "goroutines stand in the standard library",
		edits: []edit{{"heap/internal/names/goroutines.go", `f := n.programFrame(g, top)`, `f := top`}},
		tests: []string{"./heap TestGoroutineInLibrary"},
	},
	{
		name: "a diff counts the goroutines of the older dump for nothing",
		edits: []edit{{"heap/goroutines.go", `		c.Count -= g.Count
`, ``}},
		tests: []string{"./heap TestGoroutines"},
	},
	{
		name: "WhyWeak does not look for the way back",
		edits: []edit{{"heap/weak.go", `	a.Back = d.back(found, d.heap.Find(uint64(h.addr)))
`, ``}},
		tests: []string{"./heap TestWhyWeakSlots"},
	},
	{
		name:  "an object that waits behind the others is forgotten",
		edits: []edit{{"heap/internal/names/waiting.go", `w.inOrder && o >= w.position`, `w.inOrder`}},
		tests: []string{"./heap/internal/names TestWaiting"},
	},
	{
		name:  "this module's upkeep counts for the program",
		edits: []edit{{"heap/internal/names/goroutines.go", `		own = own || isUpkeep(fn)`, `		own = own || false && isUpkeep(fn)`}},
		tests: []string{"./heap TestUpkeepIsNotTheProgram"},
	},
	{
		name: "a call of the program counts for upkeep",
		edits: []edit{{"heap/internal/names/goroutines.go", `			return false
		}
	}
	return own`, `			continue
		}
	}
	return own`}},
		tests: []string{"./heap TestUpkeepIsNotTheProgram"},
	},
	{
		name:  "a closure in a frame has no name",
		edits: []edit{{"heap/internal/names/unnamed.go", `if captures && n.leadsInto(r, at) {`, `if false && captures && n.leadsInto(r, at) {`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name:  "a map in a frame has no name",
		edits: []edit{{"heap/internal/names/unnamed.go", `return ok && count > 0 &&`, `return false && ok && count > 0 &&`}},
		tests: []string{"./heap TestLeakCasesOffline"},
	},
	{
		name:  "NoGrowth does not say that its function is a root",
		edits: []edit{{"weaktest/growth.go", `Binary: r.binary, Holder: r.f}`, `Binary: r.binary}`}},
		tests: []string{"./weaktest TestNamesInPlainTest"},
	},
	{
		name:  "a failing test has no names",
		edits: []edit{{"weaktest/weaktest.go", `if binary := relink.Binary(); binary != "" {`, `if binary := relink.Binary(); false && binary != "" {`}},
		tests: []string{"./weaktest TestNamesInPlainTest"},
	},
	{
		name: "the types of a test are read from another build of it",
		edits: []edit{{"heap/internal/exe/file.go", `	if f.own != nil {
		return f.ownType(addr)
	}
`, ``}},
		tests: []string{"./weaktest TestNamesInPlainTest"},
	},
	{
		name:  "a leak counts all objects of its type and reason",
		edits: []edit{{"leak/report.go", `		if e.leak == l {`, `		if e.kind.kindKey == l.key {`}},
		tests: []string{"./leak TestEachWayIsCounted"},
	},
	{
		name: "a kind of leak is remembered for ever",
		edits: []edit{{"leak/watcher.go", `		delete(w.kinds, k.kindKey)
`, ``}},
		tests: []string{"./leak TestKindsAreForgotten"},
	},
	{
		name: "the types of C are taken for those of Go",
		edits: []edit{{"heap/internal/exe/sweep.go", `			is = n == langGo
`, `			is = n != 0
`}},
		tests: []string{"./heap/internal/exe TestTypesOfC"},
	},
	{
		name:  "a number with a sign ends the sweep of a unit",
		edits: []edit{{"heap/internal/exe/forms.go", `for shift := 0; r.more(); shift += 7 {`, `for shift := 0; r.more() && shift < 63; shift += 7 {`}},
		tests: []string{"./heap/internal/exe TestDumpAndExecutable"},
	},
}
