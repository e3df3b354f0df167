package a

import "github.com/weakref-go/weakref"

type doc struct{ title string }

func forget(string) {}

func bad(d *doc) {
	var m weakref.ValueMap[string, doc]
	m.Store("a", d)
	m.OnCollect = forget // want `m.OnCollect is set after m was used \(line 11\), which has read its settings then; set it before`
}

type service struct {
	docs weakref.ValueMap[string, doc]
	name string
}

func (s *service) start(d *doc, named bool) {
	s.docs.Store("a", d)
	if named {
		s.docs.Name = "docs" // want `s.docs.Name is set after s.docs was used`
	}
	s.name = "service"
}

func pointer(m *weakref.ValueMap[string, doc], d *doc) {
	if _, loaded := m.LoadOrStore("a", d); loaded {
		return
	}
	m.Name = "docs" // want `m.Name is set after m was used`
}

func good(d *doc) {
	var m weakref.ValueMap[string, doc]
	m.OnCollect = forget
	m.Name = "docs"
	m.Store("a", d)
}

func anotherOne(d *doc) {
	var m, n weakref.ValueMap[string, doc]
	m.Store("a", d)
	n.Name = "n"
	n.Store("a", d)
}

func renewed(s *service, d *doc) {
	s.docs.Store("a", d)
	s = new(service)
	s.docs.Name = "docs"
}

// A reader is no first use, and neither is what may not have run.

func unsure(d *doc, some bool) {
	var m weakref.ValueMap[string, doc]
	_, _ = m.Load("a")
	if some {
		m.Store("a", d)
		return
	}
	m.Name = "docs"
	later := func() { m.Store("a", d) }
	m.OnCollect = forget
	later()
}

func ignored(d *doc) {
	var m weakref.ValueMap[string, doc]
	m.Store("a", d)
	//weakvet:ignore latesetting a test of what happens then
	m.Name = "docs"
}
