package shared

import (
	"encoding/json"
	"fmt"
)

// Codec turns values into messages and back. It is called concurrently.
type Codec[T any] interface {
	Encode(*T) ([]byte, error)
	Decode([]byte) (*T, error)
}

// JSON is the Codec that is used if no other is given.
type JSON[T any] struct{}

// Encode returns *p as JSON.
func (JSON[T]) Encode(p *T) ([]byte, error) { return json.Marshal(p) }

// Decode reads JSON.
func (JSON[T]) Decode(data []byte) (*T, error) {
	p := new(T)
	return p, json.Unmarshal(data, p)
}

// encodeKey returns the bytes of a key. It refuses one that they do not lead back to, as
// JSON leaves unexported fields out: it would be taken for another.
func (t *Tier[K, V]) encodeKey(k K) (string, error) {
	data, err := t.options.Keys.Encode(&k)
	if err != nil {
		return "", fmt.Errorf("shared: key %v: %w", k, err)
	}
	back, err := t.options.Keys.Decode(data)
	if err != nil || *back != k {
		return "", fmt.Errorf("shared: key %v is not what its Codec makes of it: %w", k, err)
	}
	return string(data), nil
}
