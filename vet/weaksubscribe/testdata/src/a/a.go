package a

import (
	"weak"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/rc"
)

type Signup struct{ name string }

type Mailer struct {
	n    int
	stop *event.Subscription
}

func NewMailer() *Mailer { return &Mailer{} }

func (m *Mailer) OnSignup(e Signup) {}

func onSignup(m *Mailer, e Signup) {}

func use(*Mailer) {}

func bad(bus *event.Bus[Signup], m *Mailer) {
	event.Subscribe(bus, &Mailer{}, (*Mailer).OnSignup)                        // want `nothing but this call refers to the owner, so it and its handler are gone after the next collection; keep a pointer to the owner where it is used`
	event.Subscribe(bus, NewMailer(), (*Mailer).OnSignup)                      // want `nothing but this call refers to the owner`
	event.Subscribe(bus, m, func(_ *Mailer, e Signup) { m.OnSignup(e) })       // want `the handler refers to m, which Subscribe keeps no longer than the handler lives, so neither is ever collected; use the handler's first parameter, which is m`
	event.Subscribe(bus, m, func(_ *Mailer, e Signup) { func() { use(m) }() }) // want `the handler refers to m`
	event.SubscribeWith(bus, &Mailer{}, (*Mailer).OnSignup, event.Options{})   // want `nothing but this call refers to the owner`
	_ = weakref.Bind(m, func(_ *Mailer, e Signup) { m.OnSignup(e) })           // want `the handler refers to m`
	_ = weakref.Bind(&Mailer{}, (*Mailer).OnSignup)                            // want `nothing but this call refers to the owner`
}

func badLocal(bus *event.Bus[Signup]) {
	m := &Mailer{}
	m.n = 1
	event.Subscribe(bus, m, (*Mailer).OnSignup) // want `nothing refers to m once the function has returned`
}

func badBound() weakref.Func[Signup] {
	m := &Mailer{}
	m.n = 1
	return weakref.Bind(m, (*Mailer).OnSignup) // want `nothing refers to m once the function has returned`
}

func goodLocal() {
	var bus event.Bus[Signup]
	m := &Mailer{}
	event.Subscribe(&bus, m, (*Mailer).OnSignup)
	bus.Publish(Signup{})
	println(m.n)

	other := new(event.Bus[Signup])
	event.Subscribe(other, m, (*Mailer).OnSignup)

	f := weakref.Bind(m, (*Mailer).OnSignup)
	f.Call(Signup{})
	println(m.n)
}

func good(bus *event.Bus[Signup], m *Mailer) *Mailer {
	event.Subscribe(bus, m, (*Mailer).OnSignup)
	event.Subscribe(bus, m, onSignup)
	event.Subscribe(bus, m, func(m *Mailer, e Signup) { m.OnSignup(e) })
	s := event.Subscribe(bus, m, func(m *Mailer, e Signup) { use(m) })
	defer s.Cancel()
	other := NewMailer()
	other.stop = event.Subscribe(bus, other, (*Mailer).OnSignup)
	use(other)
	n := 0
	event.Subscribe(bus, m, func(m *Mailer, e Signup) { n++ })
	own := NewMailer()
	event.Subscribe(bus, own, onSignup)
	return own
}

// A function variable.

type listeners struct{ all []weak.Pointer[func()] }

func (l *listeners) add(f func()) {
	l.all = append(l.all, weak.Make(&f)) // want `the weak pointer refers to the variable f, which nothing keeps, so the function is lost after the next collection; hold its receiver weakly and pass a method expression`
}

func (l *listeners) addMethod(m *Mailer) {
	f := m.method
	l.all = append(l.all, weak.Make(&f)) // want `the variable f`
}

func (m *Mailer) method() {}

func (l *listeners) addPointer(f *func()) { l.all = append(l.all, weak.Make(f)) }

func (l *listeners) addKept(f func()) *func() {
	l.all = append(l.all, weak.Make(&f))
	return &f
}

func (l *listeners) passOn(f, g func()) *func() {
	l.addPointer(&f) // want `the variable f`
	l.addPointer(&g)
	return &g
}

// Results that must be kept.

func ours(vm *weakref.ValueMap[string, Mailer], in *weakref.Interner[string]) {
	vm.LoadOrCreate("a", nil)        // want `the result of LoadOrCreate is dropped: nothing else keeps the value, which is gone after the next collection; keep the result`
	_, _ = vm.LoadOrCreate("a", nil) // want `the result of LoadOrCreate is dropped`
	m, _ := vm.LoadOrCreate("a", nil)
	use(m)
	in.Intern("a") // want `the result of Intern is dropped`
	_ = *in.Intern("a")
}

func counted(s *rc.Strong[int], w rc.Weak[int]) *rc.Strong[int] {
	s.Clone()               // want `the result of Clone is dropped: nobody can close it, so what it counts is never released; keep the result`
	_, _ = w.Upgrade()      // want `the result of Upgrade is dropped`
	rc.New(1, func(int) {}) // want `the result of New is dropped`
	if up, ok := w.Upgrade(); ok {
		defer up.Close()
	}
	return s.Clone()
}

func ignored(bus *event.Bus[Signup]) {
	//weakvet:ignore weaksubscribe a test of the directive
	event.Subscribe(bus, &Mailer{}, (*Mailer).OnSignup)
}
