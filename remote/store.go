package remote

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/weakref-go/weakref/remote/internal/broker"
)

// store is what a node needs of a broker that keeps sessions and names: writes by
// compare-and-set that may expire, and reads that are not answered by a lagging
// replica. Everything else is plain messages.
type store interface {
	// put writes a key if the last revision below filter is the expected one, and
	// returns the new revision, or errConflict: it was not written, or that is not
	// known, and the caller must look.
	put(ctx context.Context, w write) (uint64, error)
	// post writes as put does, and does not wait for the outcome.
	post(w write)
	// last reads the newest record below a filter. Its rev is 0 if there is none.
	last(ctx context.Context, filter string) (record, error)
	// keys lists the keys below a filter, ended ones included.
	keys(ctx context.Context, filter string) ([]string, error)
	// purge removes what is below a filter and older than a revision; 0: everything.
	// Nobody is told.
	purge(ctx context.Context, filter string, before uint64) error
	// created returns when the bucket was made. Another time means another bucket.
	created(ctx context.Context) (time.Time, error)
}

// write is one compare-and-set.
type write struct {
	key    string
	filter string // what expect is the last revision of: key if empty
	value  []byte
	expect uint64
	ttl    time.Duration // none if 0
	end    string        // if not empty, the record says that the key has ended, and why
}

// record is what the broker has for a key.
type record struct {
	key   string
	value []byte
	rev   uint64
	end   string        // why the key has ended; empty if it lives
	ttl   time.Duration // that it was written with; 0 if none
}

var errConflict = errors.New("remote: changed by another")

// writeAgain is after how long a write is given up that is not answered. A cluster that
// elects a leader takes some seconds.
const writeAgain = 2 * time.Second

// Why a key has ended.
const (
	endClosed  = "closed"  // by its owner
	endAbsent  = "absent"  // by a verdict: the owner was away from the broker for too long
	endExpired = "expired" // by the broker
)

const (
	headerOp     = "KV-Operation"
	headerReason = "Weakref-Reason"
	headerRollup = "Nats-Rollup"
	headerMarker = "Nats-Marker-Reason"
	headerSeq    = "Nats-Sequence"

	// tombstone is how long the broker remembers that a key has ended. Nothing
	// depends on it: it spares whoever asks later a write.
	tombstone = 60 * time.Second
)

// ended returns why the record with a header has ended, or "" if it lives.
func ended(h nats.Header) string {
	switch {
	case h.Get(headerMarker) != "":
		return endExpired
	case h.Get(headerOp) == "":
		return ""
	case h.Get(headerReason) != "":
		return h.Get(headerReason)
	}
	return endClosed
}

// expiry returns the TTL with which the record with a header was written, or 0.
func expiry(h nats.Header) time.Duration {
	ttl, err := time.ParseDuration(h.Get(jetstream.MsgTTLHeader))
	if err != nil {
		return 0
	}
	return ttl
}

// natsStore keeps a bucket as NATS keeps its key-value buckets, so that its tools
// show it, with three differences: reads go to the leader, never to a replica;
// each write is published again as a plain message, so that nobody needs a
// consumer to hear of it; and revisions may be compared below a wildcard.
type natsStore struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	prefix string // of subjects, with the point
}

// openStore opens the bucket of a configuration, and creates it if it is missing.
func openStore(ctx context.Context, nc *nats.Conn, c Config) (*natsStore, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	s := &natsStore{js: js, prefix: "$KV." + c.Bucket + "."}
	s.stream, err = js.Stream(ctx, "KV_"+c.Bucket)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s.stream, err = js.CreateStream(ctx, streamConfig(c))
	}
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another node was quicker
		s.stream, err = js.Stream(ctx, "KV_"+c.Bucket)
	}
	if err != nil {
		return nil, fmt.Errorf("remote: bucket %q: %w", c.Bucket, err)
	}
	if got := s.stream.CachedInfo().Config; got.RePublish == nil || got.AllowDirect || !got.AllowMsgTTL {
		return nil, fmt.Errorf("remote: bucket %q was not made by this package", c.Bucket)
	}
	return s, nil
}

func streamConfig(c Config) jetstream.StreamConfig {
	storage := jetstream.FileStorage
	if c.Memory {
		storage = jetstream.MemoryStorage
	}
	return jetstream.StreamConfig{
		Name:                   "KV_" + c.Bucket,
		Description:            "sessions and names of weakref/remote",
		Subjects:               []string{"$KV." + c.Bucket + ".>"},
		MaxMsgsPerSubject:      1, // with more, each TTL would be raised to that of markers
		Discard:                jetstream.DiscardNew,
		Storage:                storage,
		Replicas:               c.Replicas,
		DenyDelete:             true,
		AllowRollup:            true,
		AllowMsgTTL:            true,
		SubjectDeleteMarkerTTL: tombstone,
		RePublish:              &jetstream.RePublish{Source: "$KV." + c.Bucket + ".>", Destination: c.Bucket + ".kv.>"},
	}
}

// message returns a write as what is published, without the part that the client
// library adds: the expectation and the expiry.
func (s *natsStore) message(w write) *nats.Msg {
	m := &nats.Msg{Subject: s.prefix + w.key, Data: w.value}
	if w.end != "" {
		m.Header = nats.Header{headerOp: {"PURGE"}, headerRollup: {"sub"}, headerReason: {w.end}}
	}
	return m
}

func (s *natsStore) put(ctx context.Context, w write) (uint64, error) {
	if w.end != "" {
		w.ttl = tombstone
	}
	options := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(w.expect)}
	if w.filter != "" {
		options[0] = jetstream.WithExpectLastSequenceForSubject(w.expect, s.prefix+w.filter)
	}
	if w.ttl > 0 {
		options = append(options, jetstream.WithMsgTTL(w.ttl))
	}
	ack, err := broker.Within(ctx, writeAgain, func(ctx context.Context) (*jetstream.PubAck, error) {
		return s.js.PublishMsg(ctx, s.message(w), options...)
	})
	if err == nil {
		return ack.Sequence, nil
	}
	if broker.Conflicts(ctx, err) {
		return 0, errConflict
	}
	return 0, err
}

func (s *natsStore) post(w write) {
	m := s.message(w)
	m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(w.expect, 10))
	if w.filter != "" {
		m.Header.Set(jetstream.ExpectedLastSubjSeqSubjHeader, s.prefix+w.filter)
	}
	m.Header.Set(jetstream.MsgTTLHeader, tombstone.String())
	_ = s.js.Conn().PublishMsg(m)
}

func (s *natsStore) last(ctx context.Context, filter string) (record, error) {
	m, err := broker.Again(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
		return s.stream.GetLastMsgForSubject(ctx, s.prefix+filter)
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return record{}, nil
	}
	if err != nil {
		return record{}, err
	}
	return record{m.Subject[len(s.prefix):], m.Data, m.Sequence, ended(m.Header), expiry(m.Header)}, nil
}

func (s *natsStore) keys(ctx context.Context, filter string) ([]string, error) {
	info, err := broker.Again(ctx, func(ctx context.Context) (*jetstream.StreamInfo, error) {
		return s.stream.Info(ctx, jetstream.WithSubjectFilter(s.prefix+filter))
	})
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		keys = append(keys, subject[len(s.prefix):])
	}
	return keys, nil
}

func (s *natsStore) purge(ctx context.Context, filter string, before uint64) error {
	options := []jetstream.StreamPurgeOpt{jetstream.WithPurgeSubject(s.prefix + filter)}
	if before > 0 {
		options = append(options, jetstream.WithPurgeSequence(before))
	}
	return s.stream.Purge(ctx, options...)
}

func (s *natsStore) created(ctx context.Context) (time.Time, error) {
	info, err := broker.Again(ctx, func(ctx context.Context) (*jetstream.StreamInfo, error) { return s.stream.Info(ctx) })
	if err != nil {
		return time.Time{}, err
	}
	return info.Created, nil
}
