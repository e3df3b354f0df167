package attach

import (
	"debug/elf"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// image is where a program lies in a process. After execve there is another one, with its
// stack elsewhere. (The auxiliary vector tells it, too, but only the owner may read that.)
type image struct{ code, codeEnd, stack uint64 }

func imageOf(pid int) (image, error) {
	f, err := statFields(procFile(pid, "stat"))
	if err != nil {
		return image{}, err
	}
	m := image{statNumber(f, 26), statNumber(f, 27), statNumber(f, 28)}
	const hidden = 1 // from who may not trace the process
	switch {
	case m.code == hidden:
		return m, fs.ErrPermission
	case m.stack == 0:
		return m, errEnding
	}
	return m, nil
}

// entry is the address of the program's entry point. The image begins with the first
// segment that has code.
func (m image) entry(e *elf.File) uint64 {
	first := uint64(highest)
	for _, p := range e.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 {
			first = min(first, p.Vaddr)
		}
	}
	return e.Entry + m.code - first
}

// statFields are the fields of a file stat in /proc from the third on, the state. The second is
// a name, which may have anything in it.
func statFields(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	const most = 28 - 2 // what is read of them
	if len(f) < most {
		return nil, fs.ErrNotExist
	}
	return f, nil
}

// statNumber is a field by its number in proc_pid_stat(5).
func statNumber(f []string, number int) uint64 {
	n, _ := strconv.ParseUint(f[number-3], 10, 64)
	return n
}
