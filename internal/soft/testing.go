package soft

// Simulate has a test say what the memory of the process is, until restore is called. What
// is let go of counts as gone at once. Caches that have joined before take no part meanwhile,
// and those that join meanwhile take none afterwards: a test must not share memory with what
// earlier ones have left.
func (c *Controller) Simulate(read func() Memory) (restore func()) {
	old, members := c.replace(simulated(read), nil)
	return func() { c.replace(old, members) }
}

func (c *Controller) replace(s source, members []*Member) (source, []*Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, oldMembers := c.source, c.members
	c.source, c.members, c.cycle, c.rest, c.cuts, c.late = s, members, 0, 0, nil, false
	return old, oldMembers
}

type simulated func() Memory

func (s simulated) newest() uint64       { return s().Cycle }
func (s simulated) read() Memory         { return s() }
func (simulated) token() (f func() bool) { return func() bool { return true } }
func (simulated) collect()               {}
