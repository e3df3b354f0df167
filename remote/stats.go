package remote

import (
	"fmt"
	"log/slog"
)

// Stats is what a node reports of itself.
type Stats struct {
	Sessions int    // others that are believed to last
	Exported int    // objects that have a Ref and are not known to be dead
	Names    int    // announced
	HeldBy   int    // holds of others on objects of this node
	WatchBy  int    // watches of others on objects of this node
	Holds    int    // on objects of others
	Watches  int    // on objects of others
	Resyncs  uint64 // times that a link was found to differ and was repaired
	Dropped  int    // messages lost because this process was too slow
}

// Stats returns what the node has now. It takes a walk through its links.
func (n *Node) Stats() Stats {
	s := Stats{Exported: n.exports.len(), Resyncs: n.resyncs.Load(), Dropped: n.droppedMessages()}
	n.view.mu.Lock()
	s.Sessions = len(n.view.peers)
	n.view.mu.Unlock()
	n.owner.count(&s)
	for _, k := range n.links.all() {
		k.count(&s)
	}
	return s
}

func (o *owner) count(s *Stats) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.Names = len(o.names)
	for _, h := range o.holders {
		for _, i := range h.items {
			if i.kind() == holding {
				s.HeldBy++
			} else {
				s.WatchBy++
			}
		}
	}
}

func (k *link) count(s *Stats) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, i := range k.items {
		if i.ended.kind() == holding {
			s.Holds++
		} else {
			s.Watches++
		}
	}
}

// String returns s in one line.
func (s Stats) String() string {
	return fmt.Sprintf("%d sessions, %d exported, %d names, held by others %d, watched by others %d, holds %d, watches %d, resyncs %d, dropped %d",
		s.Sessions, s.Exported, s.Names, s.HeldBy, s.WatchBy, s.Holds, s.Watches, s.Resyncs, s.Dropped)
}

// LogValue returns s as a group.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("sessions", s.Sessions),
		slog.Int("exported", s.Exported),
		slog.Int("names", s.Names),
		slog.Int("heldBy", s.HeldBy),
		slog.Int("watchBy", s.WatchBy),
		slog.Int("holds", s.Holds),
		slog.Int("watches", s.Watches),
		slog.Uint64("resyncs", s.Resyncs),
		slog.Int("dropped", s.Dropped),
	)
}
