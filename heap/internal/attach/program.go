package attach

import (
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/mapfile"
)

// program is the executable of a process or core file.
type program struct {
	elf       *elf.File
	file      *mapfile.File
	goVersion string
	layout    Layout
	symbols   map[string]uint64 // addresses of the file
}

// The runtime's variables that are read.
const (
	varHeap       = "runtime.mheap_"
	varGoroutines = "runtime.allgs"
	varGoCount    = "runtime.allglen"
	varThreads    = "runtime.allm"
	varModule     = "runtime.firstmoduledata"
	varFinalizers = "runtime.allfin"
	varCleanups   = "runtime.gcCleanups"
	varProfile    = "runtime.mbuckets"
	varItabs      = "runtime.itabTable"
	varFingStatus = "runtime.fingStatus"
	varWaits      = "runtime.waitReasonStrings"
	varInProgress = "runtime.inProgress"
	varCPUs       = "runtime.numCPUStartup"
)

var variables = []string{
	varHeap, varGoroutines, varGoCount, varThreads, varModule, varFinalizers, varCleanups,
	varProfile, varItabs, varFingStatus, varWaits, varInProgress, varCPUs,
}

// errNotGo says that an executable cannot be read.
var errNotGo = errors.New("not a Go program")

func openProgram(f *os.File) (*program, error) {
	e, err := elf.NewFile(f)
	if err != nil {
		return nil, fmt.Errorf("%w: not in ELF", errNotGo)
	}
	info, err := buildinfo.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotGo, err)
	}
	if e.Machine != elf.EM_X86_64 || e.Class != elf.ELFCLASS64 {
		return nil, fmt.Errorf("a program for %s; only those for amd64 can be read. Have it write a dump itself: heap.Snapshot, or runtime/debug.WriteHeapDump",
			strings.ToLower(strings.TrimPrefix(e.Machine.String(), "EM_")))
	}
	p := &program{elf: e, goVersion: info.GoVersion, symbols: map[string]uint64{}}
	if p.layout, err = layoutOf(p.goVersion); err != nil {
		return nil, err
	}
	if err := p.checkLayout(); err != nil {
		return nil, err
	}
	p.readSymbols()
	if p.file, err = mapfile.Map(f); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *program) close() { p.file.Close() }

// checkLayout compares the table with the DWARF of the program, if it has any: a
// toolchain may have been changed.
func (p *program) checkLayout() error {
	if p.elf.Section(".debug_info") == nil && p.elf.Section(".zdebug_info") == nil {
		return nil
	}
	d, err := p.elf.DWARF()
	if err != nil {
		return nil // what is damaged there matters to no one here
	}
	own, err := LayoutFromDWARF(d)
	if err != nil {
		return nil
	}
	if diff := p.layout.differences(own); len(diff) > 0 {
		return fmt.Errorf("built with a changed %s: in its runtime %s", p.goVersion, strings.Join(diff, ", "))
	}
	return nil
}

// readSymbols finds the variables. A stripped program has no symbols, but a section
// for the runtime's record of the program.
func (p *program) readSymbols() {
	wanted := map[string]bool{}
	for _, v := range variables {
		wanted[v] = true
	}
	symbols, _ := p.elf.Symbols()
	for _, s := range symbols {
		if wanted[s.Name] {
			p.symbols[s.Name] = s.Value
		}
	}
	if s := p.elf.Section(".go.module"); p.symbols[varModule] == 0 && s != nil {
		p.symbols[varModule] = s.Addr
	}
}

// section returns the contents of the section that begins at an address of the file.
func (p *program) section(addr uint64) []byte {
	for _, s := range p.elf.Sections {
		if s.Addr == addr && s.Type == elf.SHT_PROGBITS && s.Offset <= uint64(len(p.file.Bytes)) && s.Size <= uint64(len(p.file.Bytes))-s.Offset {
			return p.file.Bytes[s.Offset : s.Offset+s.Size]
		}
	}
	return nil
}
