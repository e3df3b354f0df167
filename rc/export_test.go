package rc

// CollectSome does a part of what Collect does, about as much as looking at budget
// values and handles and running as many drop functions. The next call goes on where it
// stopped. more is false once all has been looked at.
func CollectSome(budget int) (dropped int, more bool, err error) {
	if !collector.mu.TryLock() {
		return 0, true, ErrCollecting
	}
	defer collector.mu.Unlock()
	p := collector.pass
	if p == nil {
		p = beginPass()
	}
	more = p.run(max(budget, 1))
	dropped, err = collector.results()
	return dropped, more, err
}
