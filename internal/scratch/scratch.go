// Package scratch makes files for heap dumps, which have all memory of a process in
// them.
package scratch

import "os"

// File makes a file in a directory, [os.TempDir] if that is "", that nobody else can
// read and that is gone when it is closed: on systems that allow it, it has no name any
// more before anything is written to it. remove closes it and takes it away.
func File(dir string) (f *os.File, remove func(), err error) {
	f, err = os.CreateTemp(dir, "weakref-*.heapdump") // with mode 0600
	if err != nil {
		return nil, nil, err
	}
	unlinked := os.Remove(f.Name()) == nil // not on Windows
	return f, func() {
		f.Close()
		if !unlinked {
			os.Remove(f.Name())
		}
	}, nil
}
