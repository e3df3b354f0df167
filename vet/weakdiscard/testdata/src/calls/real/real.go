// Package real holds bugs found in published code, rewritten in minimal form.
package real

import "weak"

// A compiler whose parts refer to each other weakly: nothing holds the parser.
type parser struct {
	src []byte
	tok int
}

func newParser(src []byte) *parser {
	p := &parser{src: src}
	p.next()
	return p
}

func (p *parser) next() { p.tok++ }

type compiler struct {
	parser weak.Pointer[parser]
}

func newCompiler(src []byte) *compiler {
	c := &compiler{}
	c.parser = weak.Make(newParser(src)) // want `the object that newParser returns`
	return c
}

// A value pulled out of an interface is held by whoever put it there.
func fromInterface(held any) weak.Pointer[parser] {
	return weak.Make(held.(*parser))
}
