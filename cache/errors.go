package cache

import (
	"context"
	"errors"
	"time"
)

// errorList is the errors that are kept. The lock of the loads guards it.
type errorList[K comparable] struct {
	keep  time.Duration
	list  map[K]keptError
	prune int // look for outdated ones when there are so many
}

type keptError struct {
	err   error
	until time.Time
}

// get returns the error kept for a key, or nil.
func (l *errorList[K]) get(key K) error {
	kept, ok := l.list[key]
	if !ok {
		return nil
	}
	if !time.Now().Before(kept.until) {
		delete(l.list, key)
		return nil
	}
	return kept.err
}

// put keeps an error, unless it says nothing about the key.
func (l *errorList[K]) put(key K, err error) {
	if l.keep == 0 || key != key || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrDeadlock) {
		return
	}
	if l.list == nil {
		l.list = make(map[K]keptError)
		l.prune = 64
	}
	now := time.Now()
	if len(l.list) >= l.prune {
		for k, kept := range l.list {
			if !now.Before(kept.until) {
				delete(l.list, k)
			}
		}
		l.prune = max(64, 2*len(l.list))
	}
	l.list[key] = keptError{err, now.Add(l.keep)}
}

func (l *errorList[K]) forget(key K) { delete(l.list, key) }
