package why

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	anyAddressRE = regexp.MustCompile(`0x[0-9a-f]+`)
	goroutineRE  = regexp.MustCompile(`goroutine \d+`)
	moreRE       = regexp.MustCompile(`and \d+ more`)
	sampledRE    = regexp.MustCompile(`(?m)^(allocated by|  called by) .*\n`) // now and then, by the memory profiler
)

// The page about leaks prints what the command prints.
func TestDocs(t *testing.T) {
	if strconv.IntSize != 64 {
		t.Skip("the page has the sizes of objects on machines of 64 bits")
	}
	const root = "../../../../"
	page, err := os.ReadFile(root + "docs/why.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "leaky")
	build := exec.Command("go", "build", "-o", exe, "./leaky")
	build.Dir = root + "examples"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	monday, tuesday := filepath.Join(dir, "monday"), filepath.Join(dir, "tuesday")
	if out, err := exec.Command(exe, "-dump", monday, tuesday).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := run("diff", monday, tuesday, "-b", exe, "-n", "3")
	if err != nil {
		t.Fatal(err)
	}
	out = anyAddressRE.ReplaceAllString(out, "ADDR")
	out = goroutineRE.ReplaceAllString(out, "goroutine N")
	out = sampledRE.ReplaceAllString(out, "")
	out = moreRE.ReplaceAllString(out, "and N more")
	if !strings.Contains(string(page), "-n 3\n"+out+"```") {
		t.Errorf("docs/why.md does not have\n%s", out)
	}
}
