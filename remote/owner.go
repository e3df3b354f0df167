package remote

import (
	"encoding/binary"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// owner is what a node keeps for those who refer to its objects: what each holder
// holds and watches. It is the truth about its objects, so it answers only while it
// is sure of its own session.
type owner struct {
	node *Node

	mu       sync.Mutex
	holders  map[SessionID]*holder
	watchers map[uint64]watcher // by number: the last one, and with it the others
	names    map[uint64]*Name   // announced objects, by number

	dead     []death // to be told
	telling  bool
	lastTold time.Time
}

// holder is the other end of a link: what a session has of this node. The session has
// the same list, and both compare them now and then.
type holder struct {
	session SessionID
	items   map[uint64]item // by id, which the holder chooses
	hash    uint64          // the fingerprints of items
	partial *partialList    // a list that is arriving
}

// item is one hold or watch. Watches come, and end, by the hundred thousand, so what only
// a hold needs is elsewhere.
type item struct {
	number uint64
	pinned *pinned // nil for a watch
}

type pinned struct {
	object any
	since  int64 // in nanoseconds
}

func (i item) kind() kind {
	if i.pinned != nil {
		return holding
	}
	return watching
}

// watcher is who watches an object. Most objects have one, so it is in the map of them
// itself.
type watcher struct {
	holder *holder
	id     uint64
	next   *watcher
}

// death is a notice for one watcher.
type death struct {
	to     *holder
	id     uint64
	reason Reason
}

// serve answers one message to the owner.
func (o *owner) serve(m *nats.Msg) {
	if len(m.Data) == 0 {
		return
	}
	r := read(m.Data[1:])
	var reply []byte
	switch m.Data[0] {
	case opAsk:
		reply = o.ask(r)
	case opNamed:
		reply = []byte{byte(o.named(r.Number(), string(r.Rest)))}
	case opHold:
		reply = []byte{byte(o.add(r, holding))}
	case opWatch:
		reply = []byte{byte(o.add(r, watching))}
	case opDigest:
		reply = []byte{o.compare(r)}
	case opRelease:
		o.release(r)
	case opList:
		o.list(r)
	}
	if reply != nil && m.Reply != "" {
		_ = m.Respond(reply) // who does not get it asks again
	}
}

// ask answers for each number whether its object is there.
func (o *owner) ask(r *reader) []byte {
	sure := o.node.Valid() == nil
	reply := make([]byte, 0, len(r.Rest))
	for r.More() {
		number := r.Number()
		reply = append(reply, byte(o.state(sure, number)))
	}
	return reply
}

func (o *owner) state(sure bool, number uint64) State {
	switch {
	case !sure:
		return Unknown
	case o.node.exports.has(number):
		return Alive
	}
	return Gone
}

// named answers whether an object is there under a name.
func (o *owner) named(number uint64, name string) State {
	o.mu.Lock()
	n := o.names[number]
	o.mu.Unlock()
	state := o.state(o.node.Valid() == nil, number)
	if state == Alive && (n == nil || n.name != name) {
		return Gone
	}
	return state
}

// add takes a hold or a watch in. An id that is there already is answered again: its
// first answer was lost.
func (o *owner) add(r *reader, k kind) State {
	session, id, number := r.session(), r.Number(), r.Number()
	if !r.OK || o.node.Valid() != nil {
		return Unknown
	}
	pin := o.node.exports.pin(number)
	if pin == nil {
		return Gone
	}
	defer runtime.KeepAlive(pin) // until its watcher is listed
	// When the holder is listed: its end is noticed from now on, or has been missed.
	defer o.node.view.depend(session)
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.holderLocked(session)
	if h == nil {
		return Unknown
	}
	o.addLocked(h, id, number, pin, k)
	return Alive
}

// holderLocked returns the list of a session, made if it is missing, or nil if this
// node's own session is over.
func (o *owner) holderLocked(session SessionID) *holder {
	if o.node.ctx.Err() != nil {
		return nil
	}
	h := o.holders[session]
	if h == nil {
		h = &holder{session: session, items: map[uint64]item{}}
		if o.holders == nil {
			o.holders, o.watchers = map[SessionID]*holder{}, map[uint64]watcher{}
		}
		o.holders[session] = h
	}
	return h
}

// addLocked adds an item. Its object must not die meanwhile.
func (o *owner) addLocked(h *holder, id, number uint64, pin any, k kind) {
	if _, ok := h.items[id]; ok {
		return
	}
	i := item{number: number}
	if k == holding {
		i.pinned = &pinned{pin, time.Now().UnixNano()}
	} else {
		o.watchLocked(number, watcher{holder: h, id: id})
	}
	h.items[id] = i
	h.hash ^= fingerprint(id, number, k)
}

// removeLocked removes an item, and its holder with the last.
func (o *owner) removeLocked(h *holder, id uint64) {
	i, ok := h.items[id]
	if !ok {
		return
	}
	delete(h.items, id)
	h.hash ^= fingerprint(id, i.number, i.kind())
	if i.pinned == nil {
		o.unwatchLocked(i.number, h, id)
	}
	if len(h.items) == 0 {
		delete(o.holders, h.session)
	}
}

func (o *owner) watchLocked(number uint64, w watcher) {
	if others, ok := o.watchers[number]; ok {
		w.next = &others
	}
	o.watchers[number] = w
}

func (o *owner) unwatchLocked(number uint64, h *holder, id uint64) {
	first, ok := o.watchers[number]
	if !ok {
		return
	}
	before := &watcher{next: &first}
	for at := before; at.next != nil; at = at.next {
		if at.next.holder == h && at.next.id == id {
			at.next = at.next.next
			break
		}
	}
	if before.next == nil {
		delete(o.watchers, number)
	} else {
		o.watchers[number] = *before.next
	}
}

func (o *owner) release(r *reader) {
	session, id := r.session(), r.Number()
	o.mu.Lock()
	defer o.mu.Unlock()
	if h := o.holders[session]; h != nil && r.OK {
		o.removeLocked(h, id)
	}
}

// holderEnded drops what a session had: it is over.
func (o *owner) holderEnded(id SessionID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.holders[id]
	if h == nil {
		return
	}
	delete(o.holders, id)
	for item, i := range h.items {
		if i.pinned == nil {
			o.unwatchLocked(i.number, h, item)
		}
	}
}

// clear drops everything: this node's own session is over.
func (o *owner) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holders, o.watchers, o.names, o.dead = nil, nil, nil, nil
}

// died is called for each object that was collected.
func (o *owner) died(number uint64) { o.gone(number, Collected) }

// gone tells the watchers of an object, and frees its name.
func (o *owner) gone(number uint64, why Reason) {
	o.mu.Lock()
	name := o.names[number]
	if first, ok := o.watchers[number]; ok {
		delete(o.watchers, number)
		for w := &first; w != nil; w = w.next {
			o.deadLocked(number, w, why)
		}
		o.tellLocked()
	}
	o.mu.Unlock()
	if name != nil {
		name.free()
	}
}

// deadLocked takes a watch from its holder, which is to be told.
func (o *owner) deadLocked(number uint64, w *watcher, why Reason) {
	o.dead = append(o.dead, death{w.holder, w.id, why})
	delete(w.holder.items, w.id)
	w.holder.hash ^= fingerprint(w.id, number, watching)
	if len(w.holder.items) == 0 {
		delete(o.holders, w.holder.session)
	}
}

// gather is how long notices are gathered when there were others just before: deaths
// come in crowds, after a collection.
const gather = time.Millisecond

// tellLocked has the notices sent: at once if there were none for a while.
func (o *owner) tellLocked() {
	if len(o.dead) == 0 || o.telling {
		return
	}
	o.telling = true
	if time.Since(o.lastTold) > gather {
		go o.tell()
	} else {
		time.AfterFunc(gather, o.tell)
	}
}

// tell sends what there is, a message for each holder and reason.
func (o *owner) tell() {
	o.mu.Lock()
	dead := o.dead
	o.dead, o.telling, o.lastTold = nil, false, time.Now()
	o.mu.Unlock()
	type address struct {
		to     SessionID
		reason Reason
	}
	ids := map[address][]uint64{}
	for _, d := range dead {
		a := address{d.to.session, d.reason}
		ids[a] = append(ids[a], d.id)
	}
	for a, list := range ids {
		o.send(a.to, deadMessages(o.node.id, a.reason, list))
	}
}

// send sends messages to a holder. What is lost is found when the link is compared.
func (o *owner) send(to SessionID, messages [][]byte) {
	for _, m := range messages {
		_ = o.node.nc.Publish(o.node.subject(to, "h"), m)
	}
}

// compare answers 1 if a holder's list is the same as ours.
func (o *owner) compare(r *reader) byte {
	session, count, hash := r.session(), r.Number(), r.Number()
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.holders[session]
	if h == nil {
		h = &holder{}
	}
	if r.OK && uint64(len(h.items)) == count && h.hash == hash {
		return 1
	}
	return 0
}

// askToCompare asks all holders to compare their lists with ours, after a
// reconnection.
func (o *owner) askToCompare() {
	o.mu.Lock()
	var all []SessionID
	for id := range o.holders {
		all = append(all, id)
	}
	o.mu.Unlock()
	for _, id := range all {
		o.send(id, [][]byte{head(opCompare, o.node.id)})
	}
}

// partialList is a holder's list, of which some parts have come.
type partialList struct {
	list  uint64 // which one
	parts uint64 // that have come, which they do in order
	items map[uint64]listed
}

type listed struct {
	number uint64
	kind   kind
}

// list takes in a part of a holder's list. When all have come, what we have becomes
// what is listed: the rest is released, what is missing is added, and what is gone is
// answered with a notice. If a part is lost, nothing happens until the next comparison.
func (o *owner) list(r *reader) {
	session, list, part, parts := r.session(), r.Number(), r.Number(), r.Number()
	if !r.OK || o.node.Valid() != nil {
		return
	}
	o.mu.Lock()
	h := o.holderLocked(session)
	complete := h != nil && h.take(r, list, part, parts)
	var items map[uint64]listed
	if complete {
		items = h.partial.items
		h.partial = nil
		o.keepOnlyLocked(h, items)
	}
	o.mu.Unlock()
	if complete {
		o.addMissing(session, items)
	}
}

// take notes a part of a list, and reports whether it is the last.
func (h *holder) take(r *reader, list, part, parts uint64) bool {
	if part == 0 {
		h.partial = &partialList{list: list, items: map[uint64]listed{}}
	}
	p := h.partial
	if p == nil || p.list != list || p.parts != part {
		return false
	}
	for r.More() {
		id, number := r.Number(), r.Number()
		p.items[id>>1] = listed{number, kind(id & 1)}
	}
	p.parts++
	return p.parts == parts
}

// keepOnlyLocked removes what a holder does not list.
func (o *owner) keepOnlyLocked(h *holder, items map[uint64]listed) {
	for id := range h.items {
		if _, ok := items[id]; !ok {
			o.removeLocked(h, id)
		}
	}
}

// addMissing adds what a holder lists and this owner does not have, and tells it what
// is gone.
func (o *owner) addMissing(session SessionID, items map[uint64]listed) {
	var gone []uint64
	for id, l := range items {
		if !o.addListed(session, id, l) {
			gone = append(gone, id)
		}
	}
	o.node.view.depend(session)
	o.mu.Lock()
	if h := o.holders[session]; h != nil && len(h.items) == 0 {
		delete(o.holders, session)
	}
	o.mu.Unlock()
	o.send(session, deadMessages(o.node.id, AlreadyGone, gone))
}

// addListed adds an item unless it is there, and reports false if its object is gone.
func (o *owner) addListed(session SessionID, id uint64, l listed) bool {
	pin := o.node.exports.pin(l.number)
	defer runtime.KeepAlive(pin)
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.holderLocked(session)
	if h == nil {
		return true // this node is over, and its holders hear that
	}
	if _, ok := h.items[id]; ok {
		return true
	}
	if pin != nil {
		o.addLocked(h, id, l.number, pin, l.kind)
	}
	return pin != nil
}

// HeldBy is one hold on an object of a node, as its owner sees it.
type HeldBy struct {
	Holder SessionID
	Ref    Ref
	Since  time.Time
}

// Held lists which objects of this node are held, by whom and since when: what to look
// at when they do not die. Cycles across processes are among them, for good: no
// collector sees more than one process.
func (n *Node) Held() []HeldBy {
	o := &n.owner
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []HeldBy
	for _, h := range o.holders {
		for _, i := range h.items {
			if i.pinned != nil {
				all = append(all, HeldBy{h.session, Ref{n.id, i.number}, time.Unix(0, i.pinned.since)})
			}
		}
	}
	return all
}

func appendNumbers(message []byte, numbers ...uint64) []byte {
	for _, x := range numbers {
		message = binary.AppendUvarint(message, x)
	}
	return message
}
