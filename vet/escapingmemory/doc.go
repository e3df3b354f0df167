// Package escapingmemory reports cleanups that free memory which others can still refer to.
//
// The collector does not know memory of C or of a mapped file. A slice of it
// does not keep the object alive whose cleanup unmaps it: reading the slice
// after that ends the program.
//
// WRONG:
//
//	type Mapped struct{ Data []byte }
//
//	m := &Mapped{Data: data}
//	runtime.AddCleanup(m, func(b []byte) { syscall.Munmap(b) }, data)
//	return m // d := m.Data may outlive m
//
// RIGHT:
//
//	type Mapped struct{ data []byte }
//
//	func (m *Mapped) ReadAt(p []byte, off int64) (int, error) {
//		n := copy(p, m.data[off:])
//		runtime.KeepAlive(m)
//		return n, nil
//	}
//
// Reported are cleanups whose argument is a byte slice or an unsafe.Pointer and
// that call a function with unmap or free in its name, if the argument is also
// in an exported field, returned by the function, or returned by an exported
// method.
package escapingmemory
