package weakref

import (
	"reflect"
	"runtime"
	"unsafe"
	"weak"
)

// Func is a method bound to a weakly held receiver: calling it does nothing once
// the receiver is gone. It is Python's WeakMethod.
//
// A Func made from a method value or a closure over the receiver would keep the
// receiver, or be dead at once if that were held weakly; so [Bind] takes the
// receiver and the method apart.
//
// Funcs are equal if they were bound to the same receiver and the same method or
// function, and stay so after the receiver has died. Go does not tell whether two
// closures are the same, or two instantiations of a generic method: a Func of such
// equals only its own copies. The zero Func refers to nothing.
type Func[A any] struct {
	b binding[A]
}

// binding is what Func needs of its receiver's type. Its dynamic type is
// comparable.
type binding[A any] interface {
	call(A) bool
	name() string
	alive() bool
}

// Bind returns a Func that calls method with owner as its receiver, for as long as
// owner lives:
//
//	f := weakref.Bind(mailer, (*Mailer).Send)
//
// method is a method expression, or any function whose first argument is the
// receiver. It is held strongly, so it must not be a closure that refers to owner.
// Bind panics with an [*UnsupportedError] if owner is nil or of a type that cannot be
// weakly referenced, and if method is nil.
func Bind[T, A any](owner *T, method func(*T, A)) Func[A] {
	mustSupport[T]()
	mustNotBeNil(owner)
	if method == nil {
		panic("weakref: Bind needs a method")
	}
	// Safe: a func is a pointer to what it calls. As such it can be compared, and
	// turned back.
	return Func[A]{bound[T, A]{weak.Make(owner), *(*unsafe.Pointer)(unsafe.Pointer(&method))}}
}

// Call calls the method with a, and reports whether it did: false says that the
// receiver is gone. The receiver lives until the method returns.
func (f Func[A]) Call(a A) (called bool) {
	return f.b != nil && f.b.call(a)
}

// String returns the name of the method and whether the receiver is alive, as in
// "weakref.Func(main.(*Mailer).Send, alive)".
func (f Func[A]) String() string {
	if f.b == nil {
		return "weakref.Func(nil)"
	}
	state := "dead"
	if f.b.alive() {
		state = "alive"
	}
	return "weakref.Func(" + f.b.name() + ", " + state + ")"
}

// bound is a receiver and a method. method is a func(*T, A).
type bound[T, A any] struct {
	owner  weak.Pointer[T]
	method unsafe.Pointer
}

func (b bound[T, A]) call(a A) bool {
	owner := b.owner.Value()
	if owner == nil {
		return false
	}
	b.fn()(owner, a)
	runtime.KeepAlive(owner)
	return true
}

func (b bound[T, A]) fn() func(*T, A) {
	return *(*func(*T, A))(unsafe.Pointer(&b.method)) // safe: see Bind
}

func (b bound[T, A]) alive() bool { return b.owner.Value() != nil }

func (b bound[T, A]) name() string {
	if fn := runtime.FuncForPC(reflect.ValueOf(b.fn()).Pointer()); fn != nil {
		return fn.Name()
	}
	return "func"
}
