package shared

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
)

// Options is how replicas share. All replicas of a tier must have the same, but for
// FailWhenDeaf. Name is needed; the rest may be zero.
type Options[K comparable, V any] struct {
	// Name tells the tiers of a bucket apart. It has letters, digits, - and _ only.
	Name string

	// Stored keeps values in a bucket at the broker: they outlive the processes. Without
	// it, nothing is stored: the process that a key belongs to has its value.
	Stored bool

	// TTL is how long a value stays in the bucket; for ever if 0, and cut to whole seconds.
	// It means nothing without Stored.
	TTL time.Duration

	// MaxBytes is how large the bucket may grow. Then the oldest values make room. No bound
	// if 0.
	MaxBytes int64

	// Replicas is how many servers keep the bucket; 1 if 0.
	Replicas int

	// Memory keeps the bucket in the memory of the broker, not in files.
	Memory bool

	// Codec is how values travel, and Keys how keys do; JSON if nil. A key that does not
	// come out of its Codec as it went in is loaded here, and nowhere else. The Codec must not
	// use the cache.
	Codec Codec[V]
	Keys  Codec[K]

	// LoadTimeout is how long a fetch may take, its load included: 30 s if 0. Then its
	// context ends, and with Stored what it brings later is not stored.
	LoadTimeout time.Duration

	// MaxStale is for how long a replica trusts its entries without knowing that it hears
	// of invalidations: 30 s if 0. It writes to the broker three times as often.
	MaxStale time.Duration

	// FailWhenDeaf has a replica that has not heard for MaxStale return ErrDeaf instead of
	// loading. Otherwise it loads alone, and keeps what it has for no longer than MaxStale.
	FailWhenDeaf bool
}

const (
	defaultLoadTimeout = 30 * time.Second
	defaultMaxStale    = 30 * time.Second
)

// ErrDeaf is returned by Get of a replica with FailWhenDeaf that does not hear of
// invalidations.
var ErrDeaf = errors.New("shared: this replica does not hear of invalidations")

var nameSyntax = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,200}$`)

func (o Options[K, V]) withDefaults() (Options[K, V], error) {
	if !nameSyntax.MatchString(o.Name) {
		return o, fmt.Errorf("shared: %q cannot name a tier", o.Name)
	}
	if o.Codec == nil {
		o.Codec = JSON[V]{}
	}
	if o.Keys == nil {
		o.Keys = JSON[K]{}
	}
	if o.LoadTimeout == 0 {
		o.LoadTimeout = defaultLoadTimeout
	}
	if o.MaxStale == 0 {
		o.MaxStale = defaultMaxStale
	}
	o.TTL = o.TTL.Truncate(time.Second)
	o.Replicas = max(1, o.Replicas)
	if o.LoadTimeout < 0 || o.MaxStale < 0 || o.TTL < 0 || o.MaxBytes < 0 {
		return o, errors.New("shared: a negative setting")
	}
	return o, nil
}

// Tier is one replica: a cache, as the others see it. All methods may be called
// concurrently.
type Tier[K comparable, V any] struct {
	node    *remote.Node
	options Options[K, V]
	cache   weak.Pointer[cache.Cache[K, V]] // who has the cache keeps the tier, not the other way round
	prefix  string                          // of subjects
	bucket  bucket
	log     log
	subs    []*nats.Subscription
	status  chan nats.Status
	counts  counts

	closed    chan struct{}
	closeOnce sync.Once

	mu       sync.Mutex
	last     uint64 // id of a question
	asking   map[uint64]chan<- reply
	waiting  map[uint64]context.Context // of the loads that wait for questions of ours
	asked    map[string]int             // keys whose loads wait for other replicas
	serving  map[string]int             // keys that are got for other replicas
	loading  map[string]*flight         // keys that are loaded here beside others that are not
	cancels  map[string]context.CancelFunc
	excluded map[remote.SessionID]struct{} // who do not answer
}

// Attach makes a cache a replica of a tier: before its first use, and after all its
// settings, since this is its first use. The cache asks the tier in the place of its
// loader, which must be set in all replicas and load the same. It panics as the first use of a
// cache does. If there is an error, the cache must not be used.
//
// The tier does not keep the cache. It ends with Close, or when the cache is collected.
func Attach[K comparable, V any](ctx context.Context, n *remote.Node, c *cache.Cache[K, V], o Options[K, V]) (*Tier[K, V], error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	t := &Tier[K, V]{
		node: n, options: o, cache: weak.Make(c),
		prefix:   n.Bucket() + ".t." + o.Name + ".",
		asking:   map[uint64]chan<- reply{},
		waiting:  map[uint64]context.Context{},
		asked:    map[string]int{},
		serving:  map[string]int{},
		loading:  map[string]*flight{},
		cancels:  map[string]context.CancelFunc{},
		excluded: map[remote.SessionID]struct{}{},
		closed:   make(chan struct{}),
	}
	t.log.changed = make(chan struct{})
	if err := t.bucket.open(ctx, n.Conn(), bucketConfig{
		name: n.Bucket() + "-" + o.Name, subject: t.prefix,
		stored: o.Stored, maxBytes: o.MaxBytes, replicas: o.Replicas, memory: o.Memory,
	}); err != nil {
		return nil, fmt.Errorf("shared: %s: %w", o.Name, err)
	}
	c.Tier = t
	c.Len() // the first use, which panics here and not where the log is heard if a setting is wrong
	t.status = n.Conn().StatusChanged(nats.CONNECTED)
	if err = t.listen(); err == nil {
		err = t.Sync(ctx)
	}
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("shared: %s: %w", o.Name, err)
	}
	runtime.AddCleanup(c, func(t *Tier[K, V]) { t.Close() }, t)
	go t.keep()
	return t, nil
}

// listen subscribes to the log, and to what is meant for this replica.
func (t *Tier[K, V]) listen() error {
	own := t.prefix + t.node.Session().String() + "."
	for subject, handle := range map[string]nats.MsgHandler{
		t.prefix + "log": t.heard,
		own + "q":        t.question,
		own + "r.*":      func(m *nats.Msg) { t.answered(m.Subject[len(own)+len("r."):], m) },
	} {
		sub, err := t.node.Conn().Subscribe(subject, handle)
		if err != nil {
			return err
		}
		t.subs = append(t.subs, sub)
		if err := sub.SetPendingLimits(-1, 256<<20); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the replica. Its cache must not be used any more: it would load alone, and hear
// of no invalidation.
func (t *Tier[K, V]) Close() error {
	t.closeOnce.Do(func() {
		close(t.closed)
		t.node.Conn().RemoveStatusListener(t.status)
		for _, s := range t.subs {
			_ = s.Unsubscribe() // it fails only if the connection is closed
		}
	})
	return nil
}

// over returns why the replica has ended, or nil.
func (t *Tier[K, V]) over() error {
	select {
	case <-t.closed:
		return fmt.Errorf("shared: %w", remote.ErrClosed)
	case <-t.node.Lost():
		return fmt.Errorf("shared: %w", remote.ErrLost)
	default:
		return nil
	}
}

// Invalidate removes what all replicas have for a key, and what is stored. It returns when
// the broker has that in writing and this replica has heard it: a Get that begins
// afterwards returns nothing that was loaded before. The others hear it within a
// millisecond or so; one that does not hear stops trusting its entries, see
// Options.MaxStale. It waits for the broker no longer than LoadTimeout. If there is an
// error, the key may be invalid, or not: try again.
func (t *Tier[K, V]) Invalidate(ctx context.Context, key K) error {
	text, err := t.encodeKey(key)
	if err != nil {
		t.invalidate(key) // no other replica has it
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.options.LoadTimeout)
	defer cancel()
	if t.options.Stored {
		if err := t.bucket.clear(ctx, text, t.options.LoadTimeout); err != nil {
			return fmt.Errorf("shared: %s: %w", t.options.Name, err)
		}
	}
	return t.announce(ctx, opKey, text)
}

// InvalidateAll removes all that all replicas have, and all that is stored, as Invalidate does.
func (t *Tier[K, V]) InvalidateAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.options.LoadTimeout)
	defer cancel()
	if t.options.Stored {
		if err := t.bucket.clearAll(ctx); err != nil {
			return fmt.Errorf("shared: %s: %w", t.options.Name, err)
		}
	}
	return t.announce(ctx, opAll, "")
}

// Sync returns when this replica has heard of all that was invalidated before the call, or
// with why that is not known. It writes to the broker, so one that is cut off from its
// majority does not let it return.
func (t *Tier[K, V]) Sync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.options.LoadTimeout)
	defer cancel()
	return t.announce(ctx, opHere, "")
}

func (t *Tier[K, V]) invalidate(key K) {
	if c := t.cache.Value(); c != nil {
		c.Invalidate(key)
	}
}

func (t *Tier[K, V]) clear() {
	if c := t.cache.Value(); c != nil {
		c.Clear()
	}
}

type counts struct {
	fetched, fromPeers, fromBucket, loaded, alone, served, refused, heard, missed, unstored, undecodable atomic.Uint64
}
