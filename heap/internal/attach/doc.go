// Package attach writes the heap dump of another process, or of a core file: what
// runtime/debug.WriteHeapDump would have written there. The process need not know of
// it, and no code of it runs.
//
//	process ─ ptrace: all threads stop ─▶ registers ─┐
//	        ─ process_vm_readv ─▶ memory ────────────┤
//	core    ─ notes, segments ─▶ registers, memory ──┼─▶ spans ──▶ objects ────┐
//	executable ─▶ version, symbols, DWARF ───────────┤   threads ─▶ goroutines ├─▶ record.Writer
//	layouts.txt ─▶ where the runtime's fields are ───┘   modules ─▶ segments ──┘
//
// # A process that is not harmed
//
// Nothing is written to the process, no register is changed, no code is injected. Its
// threads are seized and interrupted, which no signal is needed for, stand still while
// the dump is written, and are let go. If this process ends at any moment, killed or
// not, the kernel lets them go. What a process notices is the time, and that a system
// call that the kernel does not restart, such as epoll_wait, returns EINTR, as after
// SIGSTOP and SIGCONT.
//
// # At any instruction
//
// WriteHeapDump waits until each goroutine is at a safe point. Here they stand where
// they stand:
//
//   - A goroutine that runs is unwound from the registers of its thread, by the same
//     tables as the runtime does. Its registers become a frame "runtime.asyncPreempt",
//     as if it had been preempted, behind which the readers of dumps take any word of
//     the next frame for a pointer, as the collector does.
//   - A thread in a signal handler has its registers in the frame of the handler.
//   - If a stack does not unwind to its very end, or the lock of the heap is taken, the
//     process runs on for a moment and is stopped again. If that does not help, there
//     is an error and no dump.
//   - In a span that has not been swept yet, what is marked is what lives.
//
// # What it adds to the format
//
// Cleanups and the handles of weak pointers, which WriteHeapDump leaves out, are
// written as "other roots", which no known version of Go writes (see
// [record.Writer.Cleanup]).
package attach
