// Package real holds bugs found in published code, rewritten in minimal form.
package real

import "weak"

// A response cache that answers (nil, true).
type response struct{ body []byte }

type lru interface {
	Get(key string) (weak.Pointer[response], bool)
}

type resourceCache struct{ low lru }

func (r *resourceCache) get(url string) (*response, bool) {
	if w, hit := r.low.Get(url); hit && w.Value() != nil {
		return w.Value(), hit // want `this second call of Value`
	}
	return nil, false
}

// A compiler that asks its weak parts for their fields.
type parser struct{ file, line string }

type compiler struct{ parser weak.Pointer[parser] }

func (c *compiler) position() (string, string) {
	file := c.parser.Value().file // want `without a check`
	line := c.parser.Value().line // want `without a check`
	return file, line
}

func (c *compiler) reset() {
	*c.parser.Value() = parser{} // want `without a check`
}

// A tutorial's cache.
type tutorial struct {
	m map[string]weak.Pointer[response]
}

func (c *tutorial) Get(key string) *response {
	if w, ok := c.m[key]; ok {
		if w.Value() != nil {
			return w.Value() // want `this second call of Value`
		}
		delete(c.m, key)
	}
	return nil
}
