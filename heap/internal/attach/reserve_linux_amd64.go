package attach

import (
	"io"
	"os"
	"syscall"
)

// reserve fills a file with n bytes of zeros, over which the dump is written. The system
// takes several times as long to find pages for a file as to fill them, so that is done
// while the process still runs. cut cuts off what has not been written over.
//
// Half of what a disk has room for is left to others. Where nothing can be reserved,
// writing takes longer.
func reserve(out io.Writer, n uint64) (cut func() error) {
	f, ok := out.(*os.File)
	if !ok {
		return func() error { return nil }
	}
	n = min(n, room(f)/2)
	zeros := make([]byte, 1<<20)
	for at := uint64(0); at < n; at += uint64(len(zeros)) {
		if _, err := f.WriteAt(zeros, int64(at)); err != nil { // such as for a pipe
			break
		}
	}
	return func() error {
		end, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil // it has no length
		}
		return f.Truncate(end)
	}
}

// room is how many bytes the disk of a file takes.
func room(f *os.File) uint64 {
	var disk syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &disk); err != nil {
		return 0
	}
	return disk.Bavail * uint64(disk.Bsize)
}
