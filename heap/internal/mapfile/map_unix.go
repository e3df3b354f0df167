//go:build unix && !solaris && !illumos

package mapfile

import (
	"os"
	"syscall"
)

func mapBytes(f *os.File, size int) ([]byte, func([]byte) error, error) {
	b, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return readBytes(f, size) // a file system that cannot
	}
	return b, syscall.Munmap, nil
}
