package shared

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/internal/broker"
)

const (
	// working is how often a replica says that a load goes on.
	working = 300 * time.Millisecond
	// silence is after how long without a word a replica is given up.
	silence = 2 * time.Second
	// lag is how long a replica waits until it has heard what the asker has.
	lag = time.Second
)

// errSilent: a replica does not answer, or cannot, or nobody is there.
var errSilent = errors.New("shared: no answer")

// owner returns the replica that a key belongs to, by the greatest of the hashes of key and
// session: when a replica goes, only its own keys move. A session without a replica of this
// tier is found out by asking it; then the next one is the owner, for all.
//
// Replicas may differ in whom they know, but not in the order, and each asks only those
// that come before itself. So questions climb, and never go round.
func (t *Tier[K, V]) owner(key string) remote.SessionID {
	hash := fnv.New64a() // the same in all processes
	hash.Write([]byte(key))
	h := hash.Sum64()
	best := t.node.Session()
	most := score(h, best)
	sessions := t.node.Sessions()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range sessions {
		if s := score(h, id); s > most {
			if _, ok := t.excluded[id]; !ok {
				best, most = id, s
			}
		}
	}
	return best
}

// score mixes a hash with a session, which is random. Its constants are those of splitmix64.
func score(h uint64, id remote.SessionID) uint64 {
	x := h ^ binary.LittleEndian.Uint64(id[:])
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// exclude notes that a session does not answer, until it is heard of in the log.
func (t *Tier[K, V]) exclude(id remote.SessionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.excluded) > 10_000 { // those of the past
		clear(t.excluded)
	}
	t.excluded[id] = struct{}{}
}

// reply is what comes back to who has asked.
type reply struct {
	op     byte
	rest   []byte
	absent bool
}

// traceKey is the key under which the context of a load that another replica waits for has
// the steps that lead to it.
type traceKey struct{}

// ask asks a replica for keys, and waits while it says that it works. It returns errSilent
// if the replica does not answer, or cannot.
func (t *Tier[K, V]) ask(ctx context.Context, to remote.SessionID, keys []string, younger time.Duration) ([]answer, error) {
	trace, _ := ctx.Value(traceKey{}).([]step)
	if len(trace) == maxTrace {
		return nil, fmt.Errorf("shared: %d loads wait for each other", maxTrace)
	}
	heard, _ := t.log.state()
	c := make(chan reply, 4) // a word that it works may be dropped, an answer not: see answered
	id := t.beginAsking(ctx, c)
	defer t.endAsking(id)
	q := question{heard, younger, append(trace[:len(trace):len(trace)], step{t.node.Session(), id}), keys}
	subject := t.prefix + to.String() + ".q"
	inbox := t.prefix + t.node.Session().String() + ".r." + strconv.FormatUint(id, 36)
	nc := t.node.Conn()
	if err := nc.PublishRequest(subject, inbox, q.encode()); err != nil {
		return nil, errSilent
	}
	timer := time.NewTimer(silence)
	defer timer.Stop()
	for {
		select {
		case r := <-c:
			switch {
			case r.op == opWorking:
				timer.Reset(silence)
				continue
			case r.absent, r.op != opValues:
				return nil, errSilent
			}
			answers, ok := decodeAnswers(r.rest, to, len(keys))
			if !ok {
				t.counts.undecodable.Add(1)
				return nil, errSilent
			}
			return answers, nil
		case <-timer.C:
			return nil, errSilent
		case <-t.closed:
			return nil, t.over()
		case <-ctx.Done():
			_ = nc.Publish(subject, append([]byte{opCancel}, inbox...)) // if it is lost, LoadTimeout ends the load
			return nil, ctx.Err()
		}
	}
}

func (t *Tier[K, V]) beginAsking(ctx context.Context, c chan<- reply) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.asking[t.last], t.waiting[t.last] = c, ctx
	return t.last
}

func (t *Tier[K, V]) endAsking(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.asking, id)
	delete(t.waiting, id)
}

// answered hands an answer on. One that nobody waits for any more is dropped.
func (t *Tier[K, V]) answered(token string, m *nats.Msg) {
	id, err := strconv.ParseUint(token, 36, 64)
	if err != nil {
		return
	}
	r := reply{absent: broker.NobodyListens(m)}
	if len(m.Data) > 0 {
		r.op, r.rest = m.Data[0], m.Data[1:]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.asking[id]
	if r.op != opWorking {
		delete(t.asking, id) // there is one answer
	} else if len(c) > 1 {
		return
	}
	if c != nil {
		c <- r // there is room
	}
}

// question handles what another replica asks.
func (t *Tier[K, V]) question(m *nats.Msg) {
	if len(m.Data) == 0 || m.Reply == "" && m.Data[0] == opAsk {
		return
	}
	switch m.Data[0] {
	case opCancel:
		t.mu.Lock()
		defer t.mu.Unlock()
		if cancel := t.cancels[string(m.Data[1:])]; cancel != nil {
			cancel()
		}
	case opAsk:
		q, ok := decodeQuestion(m.Data[1:])
		if !ok {
			t.counts.undecodable.Add(1)
			_ = m.Respond([]byte{opRefuse})
			return
		}
		ctx, cancel := context.WithTimeout(t.behalf(q), t.options.LoadTimeout)
		t.mu.Lock()
		t.cancels[m.Reply] = cancel
		t.mu.Unlock()
		go t.serve(ctx, cancel, q, m)
	}
}

// behalf returns the context for what is got for a question. If a load of this process
// waits for it, through others, the context has its values: so the cache sees a circle
// that leads through several processes.
func (t *Tier[K, V]) behalf(q question) context.Context {
	ctx := context.Background()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range q.trace {
		if s.session == t.node.Session() && t.waiting[s.id] != nil {
			ctx = context.WithoutCancel(t.waiting[s.id])
		}
	}
	return context.WithValue(ctx, traceKey{}, q.trace)
}

// serve answers a question.
func (t *Tier[K, V]) serve(ctx context.Context, cancel context.CancelFunc, q question, m *nats.Msg) {
	done := make(chan struct{})
	defer func() {
		close(done)
		cancel()
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.cancels, m.Reply)
	}()
	timer := time.AfterFunc(working, func() { t.sayWorking(m, done) })
	defer timer.Stop()
	answers := t.answers(ctx, q)
	_ = m.Respond(t.pack(answers)) // who does not get it does without
}

// sayWorking says that a load goes on until it is done.
func (t *Tier[K, V]) sayWorking(m *nats.Msg, done <-chan struct{}) {
	for {
		_ = m.Respond([]byte{opWorking})
		select {
		case <-done:
			return
		case <-time.After(working):
		}
	}
}

// pack makes a message of answers. What has no room is refused.
func (t *Tier[K, V]) pack(answers []answer) []byte {
	if answers == nil {
		t.counts.refused.Add(1)
		return []byte{opRefuse}
	}
	room := int(t.node.Conn().MaxPayload()) - len(answers)
	message := []byte{opValues}
	for _, a := range answers {
		longer := appendAnswer(message, a)
		if len(longer) > room {
			t.counts.refused.Add(1)
			longer = append(longer[:len(message)], isRefused)
		}
		message = longer
	}
	return message
}

// answers gets what is asked for, or nil if this replica cannot say.
func (t *Tier[K, V]) answers(ctx context.Context, q question) []answer {
	c := t.cache.Value()
	wait, cancel := context.WithTimeout(ctx, lag)
	err := t.reached(wait, q.heard)
	cancel()
	if _, deaf := t.log.state(); c == nil || err != nil || deaf || t.over() != nil {
		return nil
	}
	g := &getting[K, V]{tier: t, cache: c, q: q, answers: make([]answer, len(q.keys))}
	defer g.end()
	for i, text := range q.keys {
		g.answers[i].kind = isRefused
		if key, err := t.decodeKey([]byte(text)); err == nil {
			g.add(i, key)
		} else {
			t.counts.undecodable.Add(1)
		}
	}
	g.get(ctx)
	t.counts.served.Add(uint64(len(g.answers)))
	return g.answers
}
