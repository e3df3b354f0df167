// Package mapfile gives the contents of a file as memory, without reading them
// where the system can map files.
package mapfile

import (
	"fmt"
	"io"
	"os"
)

// File is the contents of a file.
type File struct {
	Bytes []byte
	unmap func([]byte) error
}

// Map maps f, which may be closed afterwards. The file must not change as long as
// it is mapped: if it became shorter, reading what is missing would end the
// process.
func Map(f *os.File) (*File, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := st.Size()
	switch {
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", f.Name())
	case size == 0:
		return &File{}, nil
	case int64(int(size)) != size:
		return nil, fmt.Errorf("%s has %d bytes, more than this machine can address", f.Name(), size)
	}
	b, unmap, err := mapBytes(f, int(size))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return &File{b, unmap}, nil
}

// Close gives the memory back. Bytes must not be used afterwards.
func (m *File) Close() error {
	b, unmap := m.Bytes, m.unmap
	m.Bytes, m.unmap = nil, nil
	if unmap == nil {
		return nil
	}
	return unmap(b)
}

// readBytes reads a file where it cannot be mapped.
func readBytes(f *os.File, size int) ([]byte, func([]byte) error, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, int64(size)), b); err != nil {
		return nil, nil, err
	}
	return b, nil, nil
}
