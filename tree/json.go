package tree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// MarshalJSON returns n and its descendants as JSON: each node is an object with its
// value, and its children if it has any:
//
//	{"value":"house","children":[{"value":"roof"},{"value":"floor"}]}
//
// encoding/json accepts 10,000 levels of brackets, so a tree may have 5,000. The first
// value that cannot be encoded ends it. A value's own MarshalJSON must not change the
// tree: what is written then is well-formed, but neither the old tree nor the new.
func (n *Node[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	first := true // the next node is the first child of its parent
	err := n.visit(func(c *Node[T], _ bool) error {
		value, err := json.Marshal(c.Value)
		if !first {
			b.WriteByte(',')
		}
		b.WriteString(`{"value":`)
		b.Write(value)
		if first = c.Len() > 0; first {
			b.WriteString(`,"children":[`)
		}
		return err
	}, func(_ *Node[T], children int) {
		if children > 0 {
			b.WriteByte(']')
		}
		b.WriteByte('}')
		first = false
	})
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// UnmarshalJSON sets n's value and children to what MarshalJSON has written. The old
// children are detached; n stays where it is. Nothing changes if there is an error.
// It takes time in proportion to the nodes of both, however many children one has.
func (n *Node[T]) UnmarshalJSON(data []byte) error {
	root, err := decode[T](json.NewDecoder(bytes.NewReader(data)))
	if err != nil {
		return fmt.Errorf("tree: cannot decode a node: %w", err)
	}
	if root == nil {
		return nil // null, which by convention changes nothing
	}
	n.Value = root.Value
	n.adopt(root)
	return nil
}

// decode reads one node and what is below it, without recursion; nil is null.
func decode[T any](d *json.Decoder) (*Node[T], error) {
	t, err := d.Token()
	if err != nil || t == nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, unexpected(d, t, "an object")
	}
	root := new(Node[T])
	path := []*Node[T]{root} // nodes whose objects are open
	for len(path) > 0 {
		n := path[len(path)-1]
		key, err := d.Token()
		switch {
		case err != nil:
			return nil, err
		case key == "value":
			err = d.Decode(&n.Value)
		case key == "children":
			err = expect(d, '[')
			if err == nil {
				path, err = nextChild(d, path)
			}
		case key == json.Delim('}'):
			if path = path[:len(path)-1]; len(path) > 0 {
				path, err = nextChild(d, path)
			}
		default:
			err = unexpected(d, key, `"value" or "children"`)
		}
		if err != nil {
			return nil, err
		}
	}
	return root, nil
}

// nextChild opens the next child of the last node of path, or closes its list.
func nextChild[T any](d *json.Decoder, path []*Node[T]) ([]*Node[T], error) {
	if !d.More() {
		return path, expect(d, ']')
	}
	if err := expect(d, '{'); err != nil {
		return path, err
	}
	c := new(Node[T])
	return append(path, c), path[len(path)-1].Append(c)
}

func expect(d *json.Decoder, want json.Delim) error {
	t, err := d.Token()
	if err == nil && t != want {
		err = unexpected(d, t, want.String())
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func unexpected(d *json.Decoder, got json.Token, want string) error {
	return fmt.Errorf("%v before offset %d, want %s", got, d.InputOffset(), want)
}
