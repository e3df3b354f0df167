//go:build !windows && (!unix || solaris || illumos)

package mapfile

import "os"

func mapBytes(f *os.File, size int) ([]byte, func([]byte) error, error) {
	return readBytes(f, size)
}
