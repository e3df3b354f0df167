package mapfile

import (
	"os"
	"syscall"
	"unsafe"
)

func mapBytes(f *os.File, size int) ([]byte, func([]byte) error, error) {
	h, err := syscall.CreateFileMapping(syscall.Handle(f.Fd()), nil, syscall.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return readBytes(f, size)
	}
	defer syscall.CloseHandle(h) // the view keeps it open
	addr, err := syscall.MapViewOfFile(h, syscall.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return readBytes(f, size)
	}
	// The memory is not Go's and stays where it is until it is unmapped; the
	// conversion goes by way of the address of addr because vet cannot know
	// that.
	b := unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), size)
	return b, func([]byte) error { return syscall.UnmapViewOfFile(addr) }, nil
}
