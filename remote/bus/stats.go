package bus

import (
	"fmt"
	"log/slog"
)

// Stats is what a bus reports of itself, in this process.
type Stats struct {
	Subject     string
	Listeners   int
	Published   uint64 // events
	Received    uint64 // events, whatever the number of listeners
	Dropped     uint64 // messages that listeners were too slow for
	Undecodable uint64 // messages
}

// Stats returns what the bus has counted.
func (b *Bus[E]) Stats() Stats {
	s := Stats{
		Subject:     b.subject,
		Listeners:   b.local.Len(),
		Published:   b.published.Load(),
		Received:    b.received.Load(),
		Undecodable: b.undecodable.Load(),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Dropped = b.dropped
	if b.source != nil {
		s.Dropped += b.source.dropped()
	}
	return s
}

// String returns s in one line.
func (s Stats) String() string {
	return fmt.Sprintf("%s: %d listeners, published %d, received %d, dropped %d, undecodable %d",
		s.Subject, s.Listeners, s.Published, s.Received, s.Dropped, s.Undecodable)
}

// LogValue returns s as a group.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("subject", s.Subject),
		slog.Int("listeners", s.Listeners),
		slog.Uint64("published", s.Published),
		slog.Uint64("received", s.Received),
		slog.Uint64("dropped", s.Dropped),
		slog.Uint64("undecodable", s.Undecodable),
	)
}
