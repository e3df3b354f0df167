package shared

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/weakref-go/weakref/remote/internal/broker"
)

// bucket is what a tier has at the broker. Its log is a stream of one record, whose every
// version is published, with the number of the one before. With Stored, there is a
// key-value bucket of NATS, so that its tools show it, but that reads go to the leader, and that
// writes are compared with the revision of the key:
//
//	BUCKET.t.NAME.append    ──► BUCKET.t.NAME.log     op session …
//	$KV.BUCKET-NAME.v.KEY                             a lock, a value, or nothing; it expires
//
// They are two because a bucket that is full drops what is oldest, and the newest entry of
// the log must stay.
type bucket struct {
	js     jetstream.JetStream
	config bucketConfig
	prefix string           // of the subjects of values, with the point
	values jetstream.Stream // nil without Stored
}

type bucketConfig struct {
	name     string // of bucket and tier
	subject  string // of the log, with a point
	stored   bool
	maxBytes int64
	replicas int
	memory   bool
}

const (
	headerSeq  = "Nats-Sequence"
	headerLast = "Nats-Last-Sequence"
)

var errConflict = errors.New("shared: changed by another")

// open opens what there is, and creates what is missing.
func (b *bucket) open(ctx context.Context, nc *nats.Conn, c bucketConfig) (err error) {
	b.config, b.prefix = c, "$KV."+c.name+"."
	if b.js, err = jetstream.New(nc); err != nil {
		return err
	}
	b.values, err = b.create(ctx)
	return err
}

// create creates what is missing, and returns the stream of values.
func (b *bucket) create(ctx context.Context) (values jetstream.Stream, err error) {
	if b.config.stored {
		if values, err = b.ensure(ctx, b.valuesConfig()); err != nil {
			return nil, err
		}
	}
	_, err = b.ensure(ctx, b.logConfig())
	return values, err
}

// ensure returns a stream, which is created if it is missing.
func (b *bucket) ensure(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := b.js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = b.js.CreateStream(ctx, c)
	}
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another replica was quicker
		stream, err = b.js.Stream(ctx, c.Name)
	}
	if err == nil && stream.CachedInfo().Config.Description != c.Description {
		err = errors.New("the stream " + c.Name + " was not made by this package")
	}
	return stream, err
}

func (b *bucket) storage() jetstream.StorageType {
	if b.config.memory {
		return jetstream.MemoryStorage
	}
	return jetstream.FileStorage
}

func (b *bucket) logConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              "LOG_" + b.config.name,
		Description:       "invalidations of a tier of weakref/remote/shared",
		Subjects:          []string{b.config.subject + "append"},
		MaxMsgsPerSubject: 1,
		Storage:           b.storage(),
		Replicas:          b.config.replicas,
		DenyDelete:        true,
		RePublish:         &jetstream.RePublish{Source: b.config.subject + "append", Destination: b.config.subject + "log"},
	}
}

func (b *bucket) valuesConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              "KV_" + b.config.name,
		Description:       "values of a tier of weakref/remote/shared",
		Subjects:          []string{b.prefix + ">"},
		MaxMsgsPerSubject: 1,
		MaxBytes:          cmp.Or(b.config.maxBytes, -1),
		Discard:           jetstream.DiscardOld,
		Storage:           b.storage(),
		Replicas:          b.config.replicas,
		DenyDelete:        true,
		AllowRollup:       true,
		AllowMsgTTL:       true,
	}
}

// insist is broker.Again, and goes on while the broker has no leader.
func insist[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	for {
		v, err := broker.Again(ctx, f)
		api := (*jetstream.APIError)(nil)
		if err == nil || !errors.Is(err, nats.ErrNoResponders) && !errors.Is(err, jetstream.ErrNoStreamResponse) && !(errors.As(err, &api) && api.Code == 503) {
			return v, err
		}
		select {
		case <-time.After(broker.Patience / 10):
		case <-ctx.Done():
			return v, err
		}
	}
}

// append writes an entry of the log, perhaps twice, and returns its number.
func (b *bucket) append(ctx context.Context, entry []byte) (uint64, error) {
	return insist(ctx, func(ctx context.Context) (uint64, error) {
		ack, err := b.publish(ctx, b.config.subject+"append", entry)
		if err != nil {
			return 0, err
		}
		return ack.Sequence, nil
	})
}

// publish publishes to the bucket. One in memory is lost with its broker, and made anew here.
func (b *bucket) publish(ctx context.Context, subject string, data []byte, options ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	options = append(options, jetstream.WithRetryAttempts(0))
	ack, err := b.js.Publish(ctx, subject, data, options...)
	if errors.Is(err, jetstream.ErrNoStreamResponse) {
		if _, err = b.create(ctx); err == nil {
			ack, err = b.js.Publish(ctx, subject, data, options...)
		}
	}
	return ack, err
}

// record is what the bucket has for a key.
type record struct {
	rev  uint64 // 0: nothing
	data []byte
	age  time.Duration // by the clocks of the broker and of this process
}

// subject returns where the record of a key is. A key may be any text.
func (b *bucket) subject(key string) string {
	var s strings.Builder
	s.WriteString(b.prefix + "v.")
	for _, c := range []byte(key) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			s.WriteByte(c)
		default:
			s.WriteByte('=')
			s.WriteString(hex.EncodeToString([]byte{c}))
		}
	}
	if s.Len() > len(b.prefix)+maxSubject {
		sum := sha256.Sum256([]byte(key))
		return b.prefix + "v.==" + hex.EncodeToString(sum[:])
	}
	return s.String()
}

const maxSubject = 500

// read returns the record of a key.
func (b *bucket) read(ctx context.Context, key string) (record, error) {
	m, err := broker.Again(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
		return b.values.GetLastMsgForSubject(ctx, b.subject(key))
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return record{}, nil
	}
	if err != nil {
		return record{}, err
	}
	return record{m.Sequence, m.Data, max(0, time.Since(m.Time))}, nil
}

// write writes the record of a key over a revision, 0 if there is none, and returns the
// new one, or errConflict: it was not written, or that is not known.
func (b *bucket) write(ctx context.Context, key string, data []byte, over uint64, ttl time.Duration) (uint64, error) {
	options := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(over)}
	if ttl > 0 {
		options = append(options, jetstream.WithMsgTTL(max(time.Second, (ttl+time.Second-1).Truncate(time.Second))))
	}
	ack, err := broker.Within(ctx, broker.Patience, func(ctx context.Context) (*jetstream.PubAck, error) {
		return b.publish(ctx, b.subject(key), data, options...)
	})
	if err == nil {
		return ack.Sequence, nil
	}
	if broker.Conflicts(ctx, err) {
		return 0, errConflict
	}
	return 0, err
}

// clear replaces the record of a key by nothing, whatever it is. A load that has a lock
// cannot write over that: a revision never comes again.
func (b *bucket) clear(ctx context.Context, key string, ttl time.Duration) error {
	_, err := insist(ctx, func(ctx context.Context) (*jetstream.PubAck, error) {
		return b.publish(ctx, b.subject(key), []byte{opGone}, jetstream.WithMsgTTL(max(time.Second, ttl.Truncate(time.Second))))
	})
	return err
}

// clearAll removes the records of all keys.
func (b *bucket) clearAll(ctx context.Context) error {
	_, err := insist(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, b.values.Purge(ctx, jetstream.WithPurgeSubject(b.prefix+"v.>"))
	})
	return err
}
