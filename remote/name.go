package remote

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Name is a name that is announced for an object of this process.
type Name struct {
	node *Node
	name string
	ref  Ref
	rev  uint64
	once sync.Once
}

// maxName is the longest name, in bytes as it is written in a subject.
const maxName = 1000

// Announce gives an object a name, by which the nodes of the bucket find it. The name
// does not keep the object: it vanishes with it, with [Name.Close], with
// [Node.Withdraw], and with the session. It returns [ErrTaken] while another live
// object has the name, or one whose owner cannot be reached now.
//
// One live owner has a name at a time, by compare-and-set at the broker. That does not
// make its effects exclusive: before it acts under the name, an owner asks
// [Node.Valid], and what it changes elsewhere is fenced by [Name.Token].
//
// It writes once to the broker if the name is free.
func Announce[T any](ctx context.Context, n *Node, name string, p *T) (*Name, error) {
	key, err := nameKey(name)
	if err != nil {
		return nil, err
	}
	if err := n.Valid(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, n.patience())
	defer cancel()
	a := &Name{node: n, name: name, ref: Export(n, p)}
	n.owner.setName(a)
	if err := n.take(ctx, key, a); err != nil {
		n.owner.dropName(a)
		n.exports.remove(a.ref.number)
		return nil, err
	}
	if !n.named.Swap(true) {
		n.kick() // others now know that there are names to remove when the session ends
	}
	if !n.exports.has(a.ref.number) { // it died, or was withdrawn, before the name was written
		a.free()
	}
	return a, nil
}

// take writes a name, over what others have left.
func (n *Node) take(ctx context.Context, key string, a *Name) error {
	filter := key + ".*"
	w := write{key: key + "." + n.id.String(), filter: filter, value: appendNumbers(nil, a.ref.number)}
	left := "" // the key of an earlier owner
	for {
		rev, err := n.store.put(ctx, w)
		if err == nil {
			a.rev = rev
			n.removeOlder(left, rev)
			return nil
		}
		if !errors.Is(err, errConflict) {
			return fmt.Errorf("remote: announcing %q: %w", a.name, err)
		}
		r, err := n.store.last(ctx, filter)
		if err != nil {
			return fmt.Errorf("remote: announcing %q: %w", a.name, err)
		}
		switch ref, ok := r.ref(); {
		case ok && ref == a.ref: // written by an attempt whose acknowledgement was lost
			a.rev = r.rev
			return nil
		case ok:
			if err := n.mayTake(ctx, ref, a.name); err != nil {
				return err
			}
			left = r.key
		}
		w.expect = r.rev
	}
}

// removeOlder removes what an earlier owner has left of a name. It is hidden already by
// what was written since.
func (n *Node) removeOlder(key string, before uint64) {
	if key == "" || key[strings.LastIndexByte(key, '.')+1:] == n.id.String() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(n.ctx, n.config.TTL)
		defer cancel()
		_ = n.store.purge(ctx, key, before) // what stays goes with its session
	}()
}

// mayTake returns nil if the owner of a name says, or the end of its session proves,
// that the name is free.
func (n *Node) mayTake(ctx context.Context, ref Ref, name string) error {
	switch state, err := n.askNamed(ctx, ref, name); {
	case state == Alive:
		return fmt.Errorf("%w: %q", ErrTaken, name)
	case state == Unknown:
		return fmt.Errorf("%w: %q: %w", ErrTaken, name, err)
	}
	return nil
}

// askNamed asks an owner whether an object is there under a name. If the answer is
// Unknown, the error says why.
func (n *Node) askNamed(ctx context.Context, r Ref, name string) (State, error) {
	if r.session == n.id {
		if state := n.owner.named(r.number, name); state != Unknown {
			return state, nil
		}
		return Unknown, fmt.Errorf("%w: %w", ErrUnreachable, ErrUnsure)
	}
	reply, err := n.insist(ctx, r.session, append(appendNumbers([]byte{opNamed}, r.number), name...))
	switch {
	case errors.Is(err, ErrGone):
		return Gone, nil
	case err != nil:
		if !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrLost) {
			err = fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return Unknown, err
	case len(reply) == 1 && (reply[0] == byte(Alive) || reply[0] == byte(Gone)):
		return State(reply[0]), nil
	}
	return Unknown, fmt.Errorf("%w: it is not sure of its session", ErrUnreachable)
}

// ref returns what the record of a name refers to, if it lives.
func (r record) ref() (Ref, bool) {
	session, ok := parseSession(r.key[strings.LastIndexByte(r.key, '.')+1:])
	v := read(r.value)
	number := v.Number()
	return Ref{session, number}, ok && v.OK && r.rev != 0 && r.end == ""
}

func (o *owner) setName(a *Name) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names == nil {
		o.names = map[uint64]*Name{}
	}
	o.names[a.ref.number] = a
}

func (o *owner) dropName(a *Name) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names[a.ref.number] == a {
		delete(o.names, a.ref.number)
	}
}

// Ref returns what the name refers to.
func (a *Name) Ref() Ref { return a.ref }

// String returns the name.
func (a *Name) String() string { return a.name }

// Token returns the token of this ownership of the name: whoever has the name later
// has a greater one.
func (a *Name) Token() Token { return Token{a.node.epoch, a.rev} }

// Close frees the name; its Ref goes on. It returns when the broker has it in writing,
// or with why it has not. The name is free either way: nobody finds the object by it
// any more. Closing twice does nothing.
func (a *Name) Close(ctx context.Context) (err error) {
	a.once.Do(func() {
		a.node.owner.dropName(a)
		if a.node.ctx.Err() != nil {
			return // it is free, with the session
		}
		if _, err = a.node.store.put(ctx, a.removal()); errors.Is(err, errConflict) {
			err = a.node.endKey(ctx, a.removal())
		}
	})
	return err
}

// removal is what ends the name, unless it is another's by now: once this node has said
// that the name is free, another may take it before its end is written.
func (a *Name) removal() write {
	key, _ := nameKey(a.name) // it was a name when it was announced
	return write{key: key + "." + a.node.id.String(), filter: key + ".*", end: endClosed, expect: a.rev}
}

// free removes the name of a dead object. It does not wait for the broker: many die at
// once, and a name whose removal is lost is found dead by whoever asks for it.
func (a *Name) free() {
	a.once.Do(func() {
		a.node.owner.dropName(a)
		a.node.store.post(a.removal())
	})
}

// Lookup returns the object that has a name. Its owner has confirmed that between call
// and return, so a broker that lags cannot make a dead one appear. It returns
// [ErrNotFound] if there is none, as far as the broker knows, and [ErrUnreachable] if
// the owner cannot be asked.
func (n *Node) Lookup(ctx context.Context, name string) (Ref, error) {
	key, err := nameKey(name)
	if err != nil {
		return Ref{}, err
	}
	if n.ctx.Err() != nil {
		return Ref{}, n.lostError()
	}
	ctx, cancel := context.WithTimeout(ctx, n.patience())
	defer cancel()
	r, err := n.store.last(ctx, key+".*")
	if err != nil {
		return Ref{}, fmt.Errorf("%w: the broker: %w", ErrUnreachable, err)
	}
	ref, ok := r.ref()
	if !ok {
		return Ref{}, fmt.Errorf("%w: %q", ErrNotFound, name)
	}
	switch state, err := n.askNamed(ctx, ref, name); state {
	case Alive:
		return ref, nil
	case Gone:
		return Ref{}, fmt.Errorf("%w: %q", ErrNotFound, name)
	default:
		return Ref{}, fmt.Errorf("%q: %w", name, err)
	}
}

// nameKey returns the key of a name, without the session: a name may be any text, and
// subjects may not.
func nameKey(name string) (string, error) {
	var b strings.Builder
	b.WriteString("n.")
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			b.WriteByte('=')
			b.WriteString(hex.EncodeToString([]byte{c}))
		}
	}
	if name == "" || b.Len() > maxName {
		return "", fmt.Errorf("remote: a name of %d bytes", len(name))
	}
	return b.String(), nil
}
