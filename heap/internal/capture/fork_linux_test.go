//go:build linux && (amd64 || arm64)

package capture

import (
	"os"
	"syscall"
	"testing"
)

// A copy must leave nothing behind: no child, no signal, no file.
func TestForkLeavesNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := Write(temp(t), Fork); err != nil {
		t.Fatal(err)
	}
	w.Close()
	// If the copy still had the other end of the pipe, this would wait for it.
	if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	var ws syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG|waitAll, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

// The filter lets through what is allowed, of this architecture, and nothing
// else.
func TestFilter(t *testing.T) {
	f := newFilter()
	run := func(arch, nr uint32) uint32 {
		var acc uint32
		for pc := 0; ; pc++ {
			switch i := f[pc]; i.code {
			case loadWord:
				acc = map[uint32]uint32{offNumber: nr, offArch: arch}[i.k]
			case jumpIfEqual:
				if acc == i.k {
					pc += int(i.jt)
				} else {
					pc += int(i.jf)
				}
			case ret:
				return i.k
			default:
				t.Fatalf("unknown instruction %#x", i.code)
			}
		}
	}
	ok := map[uint32]bool{}
	for _, nr := range allowed {
		ok[nr] = true
	}
	for nr := range uint32(600) {
		want := uint32(killProcess)
		if ok[nr] {
			want = allow
		}
		if got := run(auditArch, nr); got != want {
			t.Errorf("call %d: %#x, want %#x", nr, got, want)
		}
		for _, arch := range []uint32{0, 0x40000003, 0xc000003e, 0xc00000b7} {
			if arch != auditArch && run(arch, nr) != killProcess {
				t.Errorf("call %d of architecture %#x is allowed", nr, arch)
			}
		}
		if run(auditArch, nr|0x40000000) != killProcess {
			t.Errorf("call %d of the x32 kind is allowed", nr)
		}
	}
}
