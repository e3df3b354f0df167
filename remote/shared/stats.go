package shared

import (
	"fmt"
	"log/slog"
)

// Stats is what a replica reports of itself. Numbers are of keys if nothing else is said.
type Stats struct {
	Name string
	Deaf bool // it does not hear of invalidations

	Fetched    uint64 // that the cache has asked for
	FromPeers  uint64 // of these: that other replicas had, or have loaded
	FromBucket uint64 // of these: that were stored
	Loaded     uint64 // of these: loaded here because they are this replica's to load
	Alone      uint64 // of these: loaded here because nobody else could be asked

	Served  uint64 // answered for other replicas
	Refused uint64 // questions and answers that this replica has refused: deaf, too late, too large

	Heard       uint64 // invalidations
	Missed      uint64 // times that some were missed, so that all entries were removed
	Unstored    uint64 // values that were not stored: invalidated meanwhile, or refused by the broker
	Undecodable uint64 // keys, values and messages
}

// Stats returns what the replica has counted.
func (t *Tier[K, V]) Stats() Stats {
	n := &t.counts
	_, deaf := t.log.state()
	return Stats{
		Name:        t.options.Name,
		Deaf:        deaf || t.over() != nil,
		Fetched:     n.fetched.Load(),
		FromPeers:   n.fromPeers.Load(),
		FromBucket:  n.fromBucket.Load(),
		Loaded:      n.loaded.Load(),
		Alone:       n.alone.Load(),
		Served:      n.served.Load(),
		Refused:     n.refused.Load(),
		Heard:       n.heard.Load(),
		Missed:      n.missed.Load(),
		Unstored:    n.unstored.Load(),
		Undecodable: n.undecodable.Load(),
	}
}

// String returns s in one line.
func (s Stats) String() string {
	hears := "hears"
	if s.Deaf {
		hears = "deaf"
	}
	return fmt.Sprintf("%s: %s; fetched %d: from peers %d, from the bucket %d, loaded %d, loaded alone %d; served %d, refused %d; heard %d, missed %d, unstored %d, undecodable %d",
		s.Name, hears, s.Fetched, s.FromPeers, s.FromBucket, s.Loaded, s.Alone, s.Served, s.Refused, s.Heard, s.Missed, s.Unstored, s.Undecodable)
}

// LogValue returns s as a group.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("name", s.Name), slog.Bool("deaf", s.Deaf),
		slog.Uint64("fetched", s.Fetched), slog.Uint64("fromPeers", s.FromPeers), slog.Uint64("fromBucket", s.FromBucket),
		slog.Uint64("loaded", s.Loaded), slog.Uint64("alone", s.Alone),
		slog.Uint64("served", s.Served), slog.Uint64("refused", s.Refused),
		slog.Uint64("heard", s.Heard), slog.Uint64("missed", s.Missed),
		slog.Uint64("unstored", s.Unstored), slog.Uint64("undecodable", s.Undecodable),
	)
}
