package demo

import "sync"

// ledger is an exact account of who holds what. It tells of a file that is in memory
// twice: two trees of one path that somebody holds at the same time.
type ledger struct {
	mu         sync.Mutex
	held       map[string]map[*Tree]int // path to tree to the number of its holders
	duplicates int                      // times that a tree came in while another of its file was held
	copies     int                      // the most trees of one file that were held at once
}

// hold notes that somebody holds a tree. It must be called when they have got it.
func (l *ledger) hold(t *Tree) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = make(map[string]map[*Tree]int)
	}
	holders := l.held[t.Path]
	if holders == nil {
		holders = make(map[*Tree]int)
		l.held[t.Path] = holders
	}
	holders[t]++
	if holders[t] == 1 && len(holders) > 1 {
		l.duplicates++
	}
	l.copies = max(l.copies, len(holders))
}

// release notes that somebody lets go of a tree. It must be called before they do.
func (l *ledger) release(t *Tree) {
	l.mu.Lock()
	defer l.mu.Unlock()
	holders := l.held[t.Path]
	if holders[t]--; holders[t] == 0 {
		delete(holders, t)
	}
	if len(holders) == 0 {
		delete(l.held, t.Path)
	}
}
