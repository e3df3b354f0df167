package shared

import "github.com/weakref-go/weakref/remote"

// Deafen has the replica hear nothing of the log any more, as if its messages were lost.
func (t *Tier[K, V]) Deafen() {
	for _, s := range t.subs {
		if s.Subject == t.prefix+"log" {
			_ = s.Unsubscribe()
		}
	}
}

// Owner returns the session to which a key belongs.
func (t *Tier[K, V]) Owner(key K) string {
	text, err := t.encodeKey(key)
	if err != nil {
		return ""
	}
	return t.owner(text).String()
}

// Idle reports whether nothing is noted of fetches and questions.
func (t *Tier[K, V]) Idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.asking)+len(t.waiting)+len(t.asked)+len(t.serving)+len(t.loading)+len(t.cancels) == 0
}

// Prefix returns the beginning of the subjects of the tier.
func (t *Tier[K, V]) Prefix() string { return t.prefix }

// Forget has the replica not know of another until that writes an entry.
func (t *Tier[K, V]) Forget(id remote.SessionID) { t.exclude(id) }
