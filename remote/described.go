package remote

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// listing stands for a node in the list of what package inspect lists, which holds it
// weakly. Only the node refers to it, and no longer when its session is over. Nothing but
// packages inspect and debug calls its methods.
type listing struct{ node *Node }

// enlist has the node listed, unless its session is over already.
func (n *Node) enlist() {
	l := &listing{n}
	n.listing.Store(l)
	select {
	case <-n.lost:
		n.listing.Store(nil)
	default:
		gcclock.WatchShared(l, func(*listing) {})
	}
}

func (l *listing) Describe() described.Container {
	st := l.node.Stats()
	return described.Container{Kind: "Node", Name: l.node.config.Bucket, Type: "remote.Node", Len: st.Exported, Stats: st}
}

// maxRows is how many lines of each table are told.
const maxRows = 200

// Tables tells who holds objects of this node, who has held longest first, and which
// sessions are believed to last.
func (l *listing) Tables() []described.Table {
	return []described.Table{holdsTable(l.node.Held(), time.Now()), l.node.view.table()}
}

// holdsTable has a line for each holder.
func holdsTable(all []HeldBy, now time.Time) described.Table {
	t := described.Table{Title: "Held by others", Head: []string{"holder", "holds", "the oldest for", "on"}}
	by := map[SessionID][]HeldBy{}
	for _, h := range all {
		by[h.Holder] = append(by[h.Holder], h)
	}
	oldest := func(a, b HeldBy) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Ref.String(), b.Ref.String()))
	}
	holders := slices.Collect(maps.Values(by))
	for _, holds := range holders {
		slices.SortFunc(holds, oldest)
	}
	slices.SortFunc(holders, func(a, b []HeldBy) int { return oldest(a[0], b[0]) })
	for _, holds := range holders[:min(len(holders), maxRows)] {
		first := holds[0]
		t.Rows = append(t.Rows, []string{first.Holder.String(), fmt.Sprint(len(holds)), now.Sub(first.Since).Round(time.Second).String(), first.Ref.String()})
	}
	t.More = len(holders) - len(t.Rows)
	return t
}

// table lists the other sessions, the one that was silent for longest first.
func (v *view) table() described.Table {
	t := described.Table{Title: "Other sessions", Head: []string{"session", "last heard of"}}
	type row struct {
		id    SessionID
		heard time.Time
	}
	var rows []row
	v.mu.Lock()
	for id, p := range v.peers {
		rows = append(rows, row{id, p.heard})
	}
	v.mu.Unlock()
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(a.heard.Compare(b.heard), slices.Compare(a.id[:], b.id[:])) })
	for _, r := range rows[:min(len(rows), maxRows)] {
		t.Rows = append(t.Rows, []string{r.id.String(), time.Since(r.heard).Round(time.Second).String() + " ago"})
	}
	t.More = len(rows) - len(t.Rows)
	return t
}
