package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref/remote"
)

// object is what members announce and export.
type object struct {
	_ [64]byte
}

// nameLedger is what is known of names: who has announced one, and has not closed it.
type nameLedger struct {
	mu     sync.Mutex
	owners map[string]*ownership
}

// ownership is a name that was announced by a member of this process.
type ownership struct {
	node    *remote.Node
	name    *remote.Name
	object  *object
	closing atomic.Bool // set before Close is called
	closed  atomic.Bool // set after
}

// announce announces a name and checks that no other owner is valid at the same time.
func (t *trial) announce(ctx context.Context, n *remote.Node, name string) {
	o := &ownership{node: n, object: new(object)}
	var err error
	o.name, err = remote.Announce(ctx, n, name, o.object)
	t.report.count("operation", "announce "+outcome(err))
	if err != nil {
		return
	}
	t.names.mu.Lock()
	defer t.names.mu.Unlock()
	if t.names.owners == nil {
		t.names.owners = map[string]*ownership{}
	}
	before := t.names.owners[name]
	if before != nil {
		if n.Valid() == nil && before.node.Valid() == nil && !before.closing.Load() && before.newerThan(o) == 0 {
			t.report.violation("name %s has two valid owners: %v and %v", name, before.name.Ref(), o.name.Ref())
		}
		if before.newerThan(o) > 0 {
			return // this one was announced first, and has been followed already
		}
	}
	t.names.owners[name] = o
}

// newerThan compares tokens: 1 if o was announced after other.
func (o *ownership) newerThan(other *ownership) int {
	return max(0, o.name.Token().Compare(other.name.Token()))
}

// closeName closes what has a name, if it is of this process.
func (t *trial) closeName(ctx context.Context, name string) {
	t.names.mu.Lock()
	o := t.names.owners[name]
	t.names.mu.Unlock()
	if o == nil || o.closing.Swap(true) {
		return
	}
	err := o.name.Close(ctx)
	o.closed.Store(true)
	t.report.count("operation", "close name "+outcome(err))
}

// lookup looks a name up and checks what is found, or not found, against the ledger.
func (t *trial) lookup(ctx context.Context, n *remote.Node, name string) {
	t.names.mu.Lock()
	before := t.names.owners[name]
	t.names.mu.Unlock()
	closed := before != nil && before.closed.Load()
	valid := before != nil && before.node.Valid() == nil
	r, err := n.Lookup(ctx, name)
	t.report.count("operation", "lookup "+outcome(err))
	switch {
	case before == nil:
	case err == nil && closed && r == before.name.Ref():
		t.report.violation("name %s: %v was found after it was closed", name, r)
	case errors.Is(err, remote.ErrNotFound) && valid && !before.closing.Load() && before.node.Valid() == nil:
		t.report.violation("name %s: %v was not found though its owner is valid", name, before.name.Ref())
	}
}

// outcome is what an error is counted as.
func outcome(err error) string {
	for what, is := range map[string]error{
		"taken":       remote.ErrTaken,
		"not found":   remote.ErrNotFound,
		"gone":        remote.ErrGone,
		"lost":        remote.ErrLost,
		"unsure":      remote.ErrUnsure,
		"unreachable": remote.ErrUnreachable,
	} {
		if errors.Is(err, is) {
			return what
		}
	}
	if err != nil {
		return "failed"
	}
	return "done"
}
