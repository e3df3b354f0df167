package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MarshalJSON returns n and its descendants as JSON: each node is an object with its
// value, and its children if it has any:
//
//	{"value":"house","children":[{"value":"roof"},{"value":"floor"}]}
//
// encoding/json accepts 10,000 levels of brackets, so a tree may have 5,000.
func (n *Node[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	var err error
	begin := func(c *Node[T]) {
		value, e := json.Marshal(c.Value)
		err = errors.Join(err, e)
		b.WriteString(`{"value":`)
		b.Write(value)
		if c.Len() > 0 {
			b.WriteString(`,"children":[`)
		}
	}
	begin(n)
	first := n.Len() > 0
	n.visit(func(c *Node[T], _ bool) {
		if !first {
			b.WriteByte(',')
		}
		begin(c)
		first = c.Len() > 0
	}, func(c *Node[T]) {
		end(&b, c.Len())
		first = false
	})
	end(&b, n.Len())
	return b.Bytes(), err
}

func end(b *bytes.Buffer, children int) {
	if children > 0 {
		b.WriteByte(']')
	}
	b.WriteByte('}')
}

// UnmarshalJSON sets n's value and children to what MarshalJSON has written. The old
// children are detached; n stays where it is. Nothing changes if there is an error.
func (n *Node[T]) UnmarshalJSON(data []byte) error {
	root, err := decode[T](json.NewDecoder(bytes.NewReader(data)))
	if err != nil {
		return fmt.Errorf("tree: cannot decode a node: %w", err)
	}
	if root == nil {
		return nil // null, which by convention changes nothing
	}
	for c := range n.Children() {
		c.Detach()
	}
	n.Value = root.Value
	for c := range root.Children() {
		if err := n.Append(c); err != nil {
			return err
		}
	}
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
