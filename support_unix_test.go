//go:build unix

package weakref_test

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref"
)

func TestCheckRefusesMappedMemory(t *testing.T) {
	mem, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	defer syscall.Munmap(mem)
	refused(t, (*object)(unsafe.Pointer(&mem[0])), weakref.NotManaged, "copy")
}
