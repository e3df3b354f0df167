package a

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"
)

type T struct{ name string }

type address uintptr

var (
	byAddr  = map[uintptr]string{}
	byNamed = map[address]string{}
	byWeak  = map[weak.Pointer[T]]string{}
	byName  = map[string]string{}
	synced  sync.Map
)

func forget(key uintptr) { delete(byAddr, key) }

func bad(p *T) {
	key := uintptr(unsafe.Pointer(p))
	byAddr[key] = "" // want `the key is the address of p, which the runtime uses again for another object once p is dead, perhaps before the cleanup has removed the entry; use a weak.Pointer as the key`
	byAddr[key] = "reported once"
	runtime.AddCleanup(p, forget, key)
}

func direct(p *T) {
	runtime.AddCleanup(p, func(int) {}, 0)
	byAddr[uintptr(unsafe.Pointer(p))] = "" // want `the key is the address of p`
}

func syncMap(p *T) {
	key := uintptr(unsafe.Pointer(p))
	runtime.AddCleanup(p, forget, key)
	synced.Store(key, "") // want `the key is the address of p`
}

func reflected(p *T) {
	runtime.AddCleanup(p, func(int) {}, 0)
	synced.LoadOrStore(reflect.ValueOf(p).Pointer(), "") // want `the key is the address of p`
}

func named(p *T) {
	runtime.AddCleanup(p, func(int) {}, 0)
	byNamed[address(unsafe.Pointer(p))] = "" // want `the key is the address of p`
}

func converted(p *T) {
	runtime.AddCleanup(p, func(int) {}, 0)
	byNamed[address(uintptr(unsafe.Pointer(p)))] = "" // want `the key is the address of p`
}

func helper(p *T) {
	runtime.AddCleanup(p, func(int) {}, 0)
	byAddr[keyOf(p)] = "" // want `the key is the address of p`
}

func keyOf(p *T) uintptr { return reflect.ValueOf(p).Pointer() }

func good(p, q *T) {
	key := weak.Make(p)
	byWeak[key] = ""
	runtime.AddCleanup(p, func(key weak.Pointer[T]) { delete(byWeak, key) }, key)
	byAddr[uintptr(unsafe.Pointer(q))] = ""
	byName[p.name] = ""
	_ = uintptr(unsafe.Pointer(p))
}

type entry struct{ key weak.Pointer[T] }

func guardedByWeakPointer(p *T) {
	key := uintptr(unsafe.Pointer(p))
	synced.Store(key, entry{weak.Make(p)})
	runtime.AddCleanup(p, forget, key)
}

func guardedByFinalizer(p *T) {
	byAddr[uintptr(unsafe.Pointer(p))] = ""
	runtime.SetFinalizer(p, func(p *T) { forget(uintptr(unsafe.Pointer(p))) })
}

func withoutCleanup(p *T) {
	byAddr[uintptr(unsafe.Pointer(p))] = ""
	runtime.SetFinalizer(p, nil)
}

func ignored(p *T) {
	//weakvet:ignore uintptrkey the entry checks for itself
	byAddr[keyOf(p)] = ""
	runtime.AddCleanup(p, forget, 0)
}
