package exe

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// target is a way to build the program in testdata.
type target struct {
	os, arch string
	flags    []string
	level    Level
}

func (tt target) String() string {
	return tt.os + "/" + tt.arch + strings.Join(append([]string{""}, tt.flags...), " ")
}

func build(t testing.TB, tt target) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "prog")
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, tt.flags...), "./testdata/prog")...)
	cmd.Env = append(os.Environ(), "GOOS="+tt.os, "GOARCH="+tt.arch, "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, msg)
	}
	return out
}

// run runs the program and returns its dump.
func run(t testing.TB, prog string) *record.Dump {
	t.Helper()
	path := prog + ".dump"
	if msg, err := exec.Command(prog, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := record.Read(b, func(*record.Dump, record.Object) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func open(t testing.TB, path string, d *record.Dump) *File {
	t.Helper()
	f, err := Open(path, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// compilesMuch skips what compiles the standard library again.
func compilesMuch(t *testing.T) {
	t.Helper()
	if os.Getenv("WEAKREF_LONG") == "" {
		t.Skip("compiles the standard library; .ci/run runs it, with WEAKREF_LONG=1")
	}
}

// Every way to link for this machine, with a real dump.
func TestDumpAndExecutable(t *testing.T) {
	for _, tt := range []target{
		{flags: []string{"-ldflags="}, level: Full},
		{flags: []string{"-ldflags=-w"}, level: Symbols},
		{flags: []string{"-ldflags=-s -w"}, level: Functions},
		{flags: []string{"-buildmode=pie"}, level: Full},
		{flags: []string{"-buildmode=pie", "-ldflags=-s -w"}, level: Functions},
		{flags: []string{"-ldflags=-compressdwarf=false"}, level: Full},
	} {
		tt.os, tt.arch = runtime.GOOS, runtime.GOARCH
		t.Run(tt.String(), func(t *testing.T) {
			if tt.flags[0] == "-buildmode=pie" {
				compilesMuch(t)
				if runtime.GOARCH == "386" {
					t.Skip("needs external linking")
				}
			}
			prog := build(t, tt)
			d := run(t, prog)
			f := open(t, prog, d)
			if f.Level() != tt.level {
				t.Fatalf("level %d, want %d", f.Level(), tt.level)
			}
			checkFrames(t, f, d)
			checkTypes(t, f)
			if tt.level == Full {
				checkSweep(t, f)
			}
			if tt.level >= Symbols {
				checkGlobals(t, f, d)
			}
		})
	}
}

// checkFrames looks for block's frame: its line, and its variables.
func checkFrames(t *testing.T, f *File, d *record.Dump) {
	for _, g := range d.Goroutines {
		for _, frame := range g.Frames {
			if frame.Func != "main.block" {
				continue
			}
			if name, entry, ok := f.Func(frame.PC - 1); !ok || name != "main.block" || entry != frame.Entry {
				t.Errorf("the function at %#x is %q from %#x, want main.block from %#x", frame.PC, name, entry, frame.Entry)
			}
			file, line := f.Line(frame.PC - 1)
			if filepath.Base(file) != "main.go" || line != lineOf(t, "\t<-in\n\truntime.KeepAlive") {
				t.Errorf("block waits at %s:%d", file, line)
			}
			if f.Level() == Full {
				checkLocals(t, f, &frame)
			}
			return
		}
	}
	t.Error("no frame of main.block")
}

// lineOf is the line of the program at which s begins.
func lineOf(t *testing.T, s string) int {
	src, err := os.ReadFile("testdata/prog/main.go")
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(src), s)
	if !ok {
		t.Fatalf("%q is not in the program", s)
	}
	return 1 + strings.Count(before, "\n")
}

func checkLocals(t *testing.T, f *File, frame *record.Frame) {
	vars := map[string]Var{}
	// Arguments are in the frame of the caller.
	for a := frame.SP; a < frame.End()+64; a += f.img.ptrSize {
		if v, ok := f.Local(frame.PC-1, frame.End(), a); ok {
			vars[v.Name] = v
		}
	}
	if v := vars["arr"]; v.Type == nil || v.Type.Kind != reflect.Array || v.Size != 4*f.img.ptrSize {
		t.Errorf("arr is %+v", v)
	}
	if v := vars["s"]; v.Type == nil || v.Type.Elem().Name != "main.Session" {
		t.Errorf("s is %+v", v)
	}
}

func checkGlobals(t *testing.T, f *File, d *record.Dump) {
	vars := map[string]Var{}
	for _, seg := range []record.Segment{d.Data, d.BSS} {
		for off := range record.Offsets(seg.Pointers) {
			if v, ok := f.Global(seg.Addr + off); ok {
				vars[v.Name] = v
			}
		}
	}
	for _, name := range []string{"main.registry", "main.first", "main.pair", "main.hooks", "runtime.allgs", "os.Args"} {
		if _, ok := vars[name]; !ok {
			t.Errorf("no variable %s", name)
		}
	}
	if f.Level() < Full {
		return
	}
	checkFields(t, vars["main.first"].Type, f.img.ptrSize)
	if m := vars["main.registry"].Type; m.Kind != reflect.Map || m.Key().Kind != reflect.String || m.Elem().Elem().Name != "main.Session" {
		t.Errorf("registry is a %v %s", m.Kind, m.Name)
	} else if _, ok := m.Group().Field("ctrl"); !ok {
		t.Errorf("a map's groups are %+v", m.Group())
	}
	if p := vars["main.pair"].Type; p.Name != "main.Pair[string,*main.User]" {
		t.Errorf("pair is a %s", p.Name)
	}
}

func checkFields(t *testing.T, s *Type, word uint64) {
	var got []string
	for _, f := range s.Fields() {
		got = append(got, fmt.Sprint(f.Name, " ", f.Type.Kind, " ", f.Off/word))
	}
	want := []string{"user ptr 0", "tags slice 1", "peers map 4", "done chan 5", "out interface 6", "any interface 8", "grid array 10"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the fields of Session are %q, want %q", got, want)
	}
	grid, _ := s.Field("grid")
	if e := grid.Type.Elem(); e.Kind != reflect.Array || e.Elem().Elem().Name != "main.User" {
		t.Errorf("grid is %s", grid.Type.Name)
	}
	tags, _ := s.Field("tags")
	if tags.Type.Elem().Kind != reflect.String {
		t.Errorf("tags is %s", tags.Type.Name)
	}
	done, _ := s.Field("done")
	if done.Type.Elem().Elem().Name != "main.User" {
		t.Errorf("done is %s", done.Type.Name)
	}
}

// checkTypes compares what the descriptors of types say with what DWARF says, or
// looks for a few if there is no DWARF.
func checkTypes(t *testing.T, f *File) {
	n := 0
	if f.debug == nil {
		for a := f.rtypes.lo; a < f.rtypes.hi; a += f.img.ptrSize {
			if typ := f.Type(a + f.slide.types); typ != nil && typ.Name == "main.Session" && typ.Kind == reflect.Struct && len(typ.Fields()) == 7 {
				n++
			}
		}
		if n == 0 {
			t.Error("no descriptor of main.Session")
		}
		return
	}
	for _, r := range f.debug.rtypes {
		a, off := f.debug.types+r.descriptor, r.offset
		rt, dt := f.rtypes.at(a), f.debug.typeAt(off)
		if rt == nil {
			t.Fatalf("no descriptor of %s at %#x", dt.Name, a)
		}
		if rt.Size != dt.Size || rt.Kind != dt.Kind {
			t.Fatalf("%s: size %d kind %v in the descriptor, %d %v in DWARF", dt.Name, rt.Size, rt.Kind, dt.Size, dt.Kind)
		}
		if rt.Kind == reflect.Struct && len(rt.Fields()) == len(dt.Fields()) {
			for i, rf := range rt.Fields() {
				if df := dt.Fields()[i]; rf.Name != df.Name || rf.Off != df.Off || rf.Type.Size != df.Type.Size {
					t.Fatalf("%s.%s: %+v and %+v", dt.Name, rf.Name, rf, df)
				}
				n++
			}
		}
		if (rt.Elem() == nil) != (dt.Elem() == nil) && rt.Kind != reflect.UnsafePointer {
			t.Errorf("%s: element %v in the descriptor, %v in DWARF", dt.Name, rt.Elem(), dt.Elem())
		}
	}
	if n < 500 {
		t.Errorf("only %d fields compared", n)
	}
}

// An executable that is not stripped names the dump of one that is.
func TestStrippedDumpUnstrippedExecutable(t *testing.T) {
	stripped := build(t, target{runtime.GOOS, runtime.GOARCH, []string{"-ldflags=-s -w"}, 0})
	d := run(t, stripped)
	f := open(t, build(t, target{runtime.GOOS, runtime.GOARCH, []string{"-ldflags="}, 0}), d)
	if f.Level() != Full {
		t.Errorf("level %d", f.Level())
	}
	checkGlobals(t, f, d)
	checkFrames(t, f, d)
	for addr, want := range d.Types {
		if got := f.Type(addr); got == nil || got.Name != want.Name && got.Kind != reflect.Pointer {
			t.Errorf("the type at %#x is %+v, want %s", addr, got, want.Name)
		}
	}
}

func TestNoMatch(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d := run(t, build(t, target{runtime.GOOS, runtime.GOARCH, []string{"-ldflags="}, 0}))
	if _, err := Open(self, d); err == nil || !strings.Contains(err.Error(), "not the one that wrote the dump") {
		t.Errorf("an executable of another program: %v", err)
	}
	if _, err := Open("exe_test.go", d); err == nil || !strings.Contains(err.Error(), "not an executable") {
		t.Errorf("no executable: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), d); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

// Executables of other systems, of which there is no dump: the bounds of the
// segments come from the symbol table instead.
func TestOtherSystems(t *testing.T) {
	compilesMuch(t)
	for _, tt := range []target{
		{"linux", "arm64", nil, Full},
		{"linux", "386", nil, Full},
		{"darwin", "arm64", nil, Full},
		{"darwin", "amd64", nil, Full},
		{"windows", "amd64", nil, Full},
		{"linux", "s390x", nil, Full},
	} {
		t.Run(tt.String(), func(t *testing.T) {
			prog := build(t, tt)
			img, err := openImage(prog)
			if err != nil {
				t.Fatal(err)
			}
			defer img.file.Close()
			d := dumpOf(img)
			f := open(t, prog, d)
			if f.Level() != tt.level {
				t.Fatalf("level %d, want %d", f.Level(), tt.level)
			}
			checkTypes(t, f)
			checkSweep(t, f)
			checkStatic(t, f)
			checkReferences(t, f, tt.arch)
			checkUsedBy(t, f, d, tt.arch)
		})
	}
}

// dumpOf makes up a dump with the segments of a program.
func dumpOf(img *image) *record.Dump {
	at := map[string]uint64{}
	for _, s := range img.symbols {
		at[s.Name] = s.Addr
	}
	const slide = 0x10000
	d := &record.Dump{}
	d.Data = record.Segment{Addr: at["runtime.data"] + slide, Contents: make([]byte, at["runtime.edata"]-at["runtime.data"])}
	d.BSS = record.Segment{Addr: at["runtime.bss"] + slide, Contents: make([]byte, at["runtime.ebss"]-at["runtime.bss"])}
	return d
}

// checkStatic checks what can be checked without a run.
func checkStatic(t *testing.T, f *File) {
	if f.slide != (slides{0x10000, 0x10000, 0x10000}) {
		t.Errorf("slides %#x", f.slide)
	}
	seen := map[string]bool{}
	for _, s := range f.img.symbols {
		if v, ok := f.Global(s.Addr + f.slide.data); ok && v.Name == "main.first" {
			seen["main.first"] = true
			checkFields(t, v.Type, f.img.ptrSize)
		}
	}
	for i := range f.funcs.Len() {
		pc := f.funcs.Entry(i) + f.slide.text
		name, _, _ := f.Func(pc)
		switch name {
		case "main.main":
			if file, line := f.Line(pc); filepath.Base(file) != "main.go" || line != lineOf(t, "func main()") {
				t.Errorf("main is at %s:%d", file, line)
			}
		case "main.capture.func1":
			checkCaptured(t, f.Captured(pc), f.img.ptrSize)
		default:
			continue
		}
		seen[name] = true
	}
	if len(seen) != 3 {
		t.Errorf("found only %v", seen)
	}
}

// checkReferences checks that the variables that main uses are found, and that
// main.block is not found to use any.
func checkReferences(t *testing.T, f *File, arch string) {
	used := map[string]bool{} // by function and variable
	for i := range f.funcs.Len() {
		for _, addr := range f.References(f.funcs.Entry(i)+f.slide.text, arch) {
			if v, ok := f.Global(addr); ok && strings.HasPrefix(v.Name, "main.") {
				used[f.funcs.Name(i)+" "+v.Name] = true
			}
		}
	}
	known := decoders[arch] != nil
	for _, name := range []string{"registry", "first", "pair", "hooks", "once"} {
		if used["main.main main."+name] != known || used["main.block main."+name] {
			t.Errorf("on %s there are uses %v", arch, used)
		}
	}
}

// checkUsedBy checks that the runtime's variables are told from the program's.
func checkUsedBy(t *testing.T, f *File, d *record.Dump, arch string) {
	words := map[string]int{}
	lo, hi := min(d.Data.Addr, d.BSS.Addr), max(d.Data.Addr+uint64(len(d.Data.Contents)), d.BSS.Addr+uint64(len(d.BSS.Contents)))
	for addr := range f.UsedBy(func(name string) bool { return strings.HasPrefix(name, "runtime.") }, arch, lo, hi) {
		v, _ := f.Global(addr)
		words[v.Name]++
		if strings.HasPrefix(v.Name, "main.") {
			t.Errorf("on %s, %s is the runtime's", arch, v.Name)
		}
	}
	for _, name := range []string{"runtime.allgs", "runtime.allp", "runtime.sched"} {
		if known := decoders[arch] != nil; (words[name] > 0) != known {
			t.Errorf("on %s, %s is not the runtime's: %v", arch, name, words)
		}
	}
}

func checkCaptured(t *testing.T, fields []Field, word uint64) {
	names := map[string]uint64{}
	for _, f := range fields {
		names[f.Name] = f.Off / word
	}
	delete(names, "n") // on some machines it is never more than an operand
	if !reflect.DeepEqual(names, map[string]uint64{"&total": 1, "s": 3}) {
		t.Errorf("captured variables %v", names)
	}
}

// The table of lines agrees with the runtime, on all code of this test.
func TestLinesAgreeWithRuntime(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "dump"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	debug.WriteHeapDump(out.Fd())
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	d, err := record.Read(b, func(*record.Dump, record.Object) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, self, d)
	plain, inlined := 0, 0
	for i := 0; i < f.funcs.Len(); i += 7 {
		for pc := f.funcs.Entry(i); pc < f.funcs.Entry(i+1); pc += 20 {
			// The runtime takes a return address, and tells of the innermost call.
			frames := runtime.CallersFrames([]uintptr{uintptr(pc + f.slide.text + 1)})
			want, _ := frames.Next()
			if want.Function == "" || want.File == "?" || uint64(want.Entry) != f.funcs.Entry(i)+f.slide.text {
				continue
			}
			fn := f.funcs.Find(pc)
			file, line := fn.Line(pc)
			if want.Func == nil {
				inlined++
			} else {
				plain++
				if file, line := f.Line(pc + f.slide.text); file != want.File || line != want.Line || shape(fn.Name) != shape(want.Function) {
					t.Fatalf("%#x is %s %s:%d, the runtime says %s %s:%d", pc, fn.Name, file, line, want.Function, want.File, want.Line)
				}
			}
			if file != want.File || line != want.Line {
				t.Fatalf("%#x is code of %s:%d, the runtime says %s:%d", pc, file, line, want.File, want.Line)
			}
		}
	}
	if inlined < 1000 || plain < 1000 {
		t.Errorf("only %d and %d addresses checked", plain, inlined)
	}
}

// Code of an inlined call is on the line of the call.
func TestInlinedLine(t *testing.T) {
	prog := build(t, target{runtime.GOOS, runtime.GOARCH, []string{"-ldflags=-s -w"}, 0})
	f := open(t, prog, run(t, prog))
	body := lineOf(t, `return "user " + u.Name`)
	call := lineOf(t, "fmt.Fprintln(io.Discard, inlined(s.user))")
	n := 0
	for i := range f.funcs.Len() {
		if f.funcs.Name(i) != "main.block" {
			continue
		}
		for pc := f.funcs.Entry(i); pc < f.funcs.Entry(i+1); pc++ {
			if file, line := f.funcs.Find(pc).Line(pc); line != body || filepath.Base(file) != "main.go" {
				continue
			}
			n++
			if file, line := f.Line(pc + f.slide.text); line != call || filepath.Base(file) != "main.go" {
				t.Fatalf("inlined code at %s:%d, want line %d", file, line, call)
			}
		}
	}
	if n == 0 {
		t.Error("nothing was inlined")
	}
}

// shape cuts the type arguments out of a name, as the runtime does.
func shape(name string) string {
	if i, j := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']'); i >= 0 && j > i {
		return name[:i] + name[j+1:]
	}
	return name
}
