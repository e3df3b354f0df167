package remote

import (
	"context"
	"errors"
	"sync"
)

// Ask asks the owners of objects whether they have them, each owner once, all at the
// same time. The answers are in the order of the refs: [Alive], [Gone], which is final,
// or [Unknown], if the owner was asked in vain until ctx ended, is not connected, or is
// not sure of its own session. It is never a stale "alive".
//
// The error is not nil only if this node's own session is over; all is Unknown then.
//
// It takes little more than a message there and back, whatever the number of refs. It
// waits for an owner at most a fifth longer than the TTL.
func (n *Node) Ask(ctx context.Context, refs ...Ref) ([]State, error) {
	states := make([]State, len(refs))
	if n.ctx.Err() != nil {
		return states, n.lostError()
	}
	ctx, cancel := context.WithTimeout(ctx, n.patience())
	defer cancel()
	groups := groupByOwner(refs)
	if len(groups) == 1 {
		for owner, at := range groups {
			n.askOwner(ctx, owner, refs, at, states)
		}
	} else {
		var all sync.WaitGroup
		for owner, at := range groups {
			all.Go(func() { n.askOwner(ctx, owner, refs, at, states) })
		}
		all.Wait()
	}
	if n.ctx.Err() != nil {
		clear(states)
		return states, n.lostError()
	}
	return states, nil
}

func groupByOwner(refs []Ref) map[SessionID][]int {
	groups := map[SessionID][]int{}
	for i, r := range refs {
		groups[r.session] = append(groups[r.session], i)
	}
	return groups
}

// askOwner asks one owner for the refs at some indices, and writes the answers there.
func (n *Node) askOwner(ctx context.Context, owner SessionID, refs []Ref, at []int, states []State) {
	for len(at) > 0 {
		message, asked := []byte{opAsk}, 0
		for asked < len(at) && len(message) < maxMessage {
			message = appendNumbers(message, refs[at[asked]].number)
			asked++
		}
		n.askPart(ctx, owner, message, at[:asked], states)
		at = at[asked:]
	}
}

func (n *Node) askPart(ctx context.Context, owner SessionID, message []byte, at []int, states []State) {
	if owner == n.id {
		n.answerPart(n.owner.ask(read(message[1:])), at, states)
		return
	}
	reply, err := n.insist(ctx, owner, message)
	switch {
	case err == nil:
		n.answerPart(reply, at, states)
	case errors.Is(err, ErrGone):
		for _, i := range at {
			states[i] = Gone
		}
	}
}

func (n *Node) answerPart(reply []byte, at []int, states []State) {
	for k, i := range at {
		if k < len(reply) && State(reply[k]) <= Gone {
			states[i] = State(reply[k])
		}
	}
}

// insist sends a question to an owner until it is answered: with ErrGone if the owner's
// session has ended.
func (n *Node) insist(ctx context.Context, owner SessionID, message []byte) ([]byte, error) {
	for {
		reply, err := n.question(ctx, owner, message)
		switch {
		case err == nil:
			return reply, n.whyUnsure(ctx, owner, reply)
		case errors.Is(err, errAbsent):
			return nil, n.whyAbsent(ctx, owner)
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
			return nil, err
		}
		if err := n.whyAbsent(ctx, owner); errors.Is(err, ErrGone) {
			return nil, err
		}
	}
}

// whyUnsure returns ErrGone if an owner is not sure of its session because it has ended.
// An owner is sure of all its answers in a message or of none.
func (n *Node) whyUnsure(ctx context.Context, owner SessionID, reply []byte) error {
	if len(reply) > 0 && State(reply[0]) == Unknown {
		if err := n.whyAbsent(ctx, owner); errors.Is(err, ErrGone) {
			return err
		}
	}
	return nil
}

func (n *Node) question(ctx context.Context, owner SessionID, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, resendAfter)
	defer cancel()
	return n.request(ctx, func(reply string) error {
		return n.nc.PublishRequest(n.subject(owner, "o"), reply, message)
	})
}
