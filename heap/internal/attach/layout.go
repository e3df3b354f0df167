package attach

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The runtime's records are not the same in all versions of Go. The table has, for
// each version that is known, where the fields are that this package reads and what
// the constants are that it compares with. The program in the folder layouts makes it
// from DWARF; .ci/run checks that it is current.
//
//go:generate go run ./layouts
//go:embed layouts.txt
var layoutsTable string

// Wanted is what a layout has: records with their fields, and constants.
var Wanted = struct{ Records, Constants []string }{
	Records: []string{
		"internal/abi.Type Size_ PtrBytes TFlag Kind_ GCData Str",
		"internal/abi.ITab Type",
		"internal/abi.MapType",
		"runtime.mspan startAddr npages freeindex nelems allocBits gcmarkBits sweepgen spanclass state isUserArenaChunk elemsize specials largeType",
		"runtime.mheap lock sweepgen allspans pagesInUse",
		"runtime.mutex key",
		"runtime.spanInlineMarkBits marks",
		"runtime.special next offset kind",
		"runtime.specialfinalizer fn fint ot",
		"runtime.specialCleanup cleanup",
		"runtime.specialWeakHandle handle",
		"runtime.specialprofile b",
		"runtime.cleanupFn fn arg",
		"runtime.cleanupQueue all",
		"runtime.cleanupBlock cleanups",
		"runtime.cleanupBlockHeader alllink n",
		"runtime.finBlock alllink cnt fin",
		"runtime.finalizer fn arg fint ot",
		"runtime.bucket allnext typ size nstk",
		"runtime.g stack _panic _defer m sched syscallsp syscallpc stktopsp atomicstatus goid waitsince waitreason gopc startpc runningCleanups",
		"runtime.gobuf sp pc ctxt",
		"runtime.m g0 gsignal curg procid alllink id vdsoSP vdsoPC",
		"runtime._panic arg link",
		"runtime._defer sp pc fn link",
		"runtime.moduledata pcHeader pclntable minpc maxpc text noptrdata data edata bss ebss noptrbss enoptrbss types etypes gofunc gcdatamask gcbssmask next",
		"runtime.itabTableType size entries",
	},
	Constants: []string{
		"runtime._KindSpecialFinalizer", "runtime._KindSpecialWeakHandle", "runtime._KindSpecialProfile", "runtime._KindSpecialCleanup",
		"runtime.mSpanInUse",
		"runtime._Grunnable", "runtime._Grunning", "runtime._Gsyscall", "runtime._Gwaiting", "runtime._Gcopystack",
		"runtime._Gpreempted", "runtime._Gleaked", "runtime._Gscan",
		"internal/abi.FuncID_cgocallback",
		"internal/abi.FuncFlagTopFrame", "internal/abi.FuncFlagSPWrite",
		"internal/abi.FUNCDATA_ArgsPointerMaps", "internal/abi.FUNCDATA_LocalsPointerMaps", "internal/abi.PCDATA_StackMapIndex",
		"internal/abi.TFlagUncommon", "internal/abi.TFlagExtraStar", "internal/abi.TFlagNamed", "internal/abi.TFlagGCMaskOnDemand",
	},
}

// Layout is where the fields of records are, and the values of constants, by names
// without the package: "mspan.nelems", "mspan" for the size of the record,
// "_Gwaiting".
type Layout map[string]uint64

// of returns an entry, which must be among those wanted.
func (l Layout) of(name string) uint64 {
	v, ok := l[name]
	if !ok {
		panic("attach: " + name + " is not in the table of the runtime's records")
	}
	return v
}

func withoutPackage(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// wantedNames are the keys of a layout.
func wantedNames() (names []string) {
	for _, r := range Wanted.Records {
		fields := strings.Fields(r)
		record := withoutPackage(fields[0])
		names = append(names, record)
		for _, f := range fields[1:] {
			names = append(names, record+"."+f)
		}
	}
	for _, c := range Wanted.Constants {
		names = append(names, withoutPackage(c))
	}
	return names
}

// Version is the release that a version of Go belongs to: "go1.26" for "go1.26.8" and
// "go1.26rc1 X:greenteagc".
func Version(goVersion string) string {
	v, found := strings.CutPrefix(goVersion, "go1.")
	if !found {
		return goVersion
	}
	end := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(v)
	}
	return "go1." + v[:end]
}

// ReadLayouts reads a table. Lines of one release follow a line with its name:
//
//	# go1.26
//	mspan 160
//	mspan.startAddr 24
func ReadLayouts(table string) (map[string]Layout, error) {
	layouts := map[string]Layout{}
	var l Layout
	for line := range strings.Lines(table) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "#" {
			l = Layout{}
			layouts[value] = l
			continue
		}
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil || l == nil {
			return nil, fmt.Errorf("the table of the runtime's records has the line %q", line)
		}
		l[name] = n
	}
	return layouts, nil
}

// FormatLayouts writes a table. A release whose part is to be made again, since something
// else is wanted, has gaps until then.
func FormatLayouts(layouts map[string]Layout) string {
	var b strings.Builder
	for _, version := range sortedVersions(layouts) {
		fmt.Fprintf(&b, "# %s\n", version)
		for _, name := range wantedNames() {
			if v, ok := layouts[version][name]; ok {
				fmt.Fprintf(&b, "%s %d\n", name, v)
			}
		}
	}
	return b.String()
}

func sortedVersions(layouts map[string]Layout) (versions []string) {
	for v := range layouts {
		versions = append(versions, v)
	}
	slices.SortFunc(versions, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return versions
}

// layoutOf returns the layout of a version of Go.
func layoutOf(goVersion string) (Layout, error) {
	layouts, err := ReadLayouts(layoutsTable)
	if err != nil {
		return nil, err
	}
	version := Version(goVersion)
	l, ok := layouts[version]
	if !ok {
		return nil, fmt.Errorf("built with %s, whose runtime is not known here, only that of %s; "+
			"use a newer weakref, or make the table in its source: GOTOOLCHAIN=%s go generate ./heap/internal/attach",
			goVersion, strings.Join(sortedVersions(layouts), ", "), toolchain(goVersion))
	}
	if missing := l.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("the table of the runtime's records of %s has no %s", version, strings.Join(missing, ", "))
	}
	return l, nil
}

// Missing are the entries that are wanted and not there.
func (l Layout) Missing() (missing []string) {
	for _, name := range wantedNames() {
		if _, ok := l[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}

// toolchain is the name of the toolchain of a version: without experiments.
func toolchain(goVersion string) string {
	name, _, _ := strings.Cut(goVersion, " ")
	return name
}

// differences are the entries that another layout, perhaps not a complete one, has
// otherwise.
func (l Layout) differences(other Layout) (diff []string) {
	for _, name := range wantedNames() {
		if v, ok := other[name]; ok && v != l[name] {
			diff = append(diff, fmt.Sprintf("%s is %d and not %d", name, v, l[name]))
		}
	}
	return diff
}
