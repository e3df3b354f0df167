package bus

import "encoding/json"

// Codec turns events into messages and back. It is called concurrently.
type Codec[E any] interface {
	Encode(E) ([]byte, error)
	Decode([]byte) (E, error)
}

// JSON is the Codec that is used if no other is given.
type JSON[E any] struct{}

// Encode returns e as JSON.
func (JSON[E]) Encode(e E) ([]byte, error) { return json.Marshal(e) }

// Decode reads JSON.
func (JSON[E]) Decode(data []byte) (e E, err error) {
	err = json.Unmarshal(data, &e)
	return e, err
}
