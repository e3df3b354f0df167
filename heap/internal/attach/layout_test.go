package attach

import (
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for v, want := range map[string]string{
		"go1.26": "go1.26", "go1.26.8": "go1.26", "go1.26rc1": "go1.26", "go1.27.3 X:nogreenteagc": "go1.27",
		"go1.30-custom": "go1.30", "devel go1.28-abcdef": "devel go1.28-abcdef",
	} {
		if got := Version(v); got != want {
			t.Errorf("%s is %s, want %s", v, got, want)
		}
	}
}

// A version without a table fails, and the error says what to do.
func TestUnknownVersion(t *testing.T) {
	for _, v := range []string{"go1.26.8", "go1.27.3", "go1.26.8 X:nogreenteagc"} {
		if _, err := layoutOf(v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
	_, err := layoutOf("go1.99.1 X:some")
	for _, want := range []string{"built with go1.99.1", "only that of go1.26, go1.27", "GOTOOLCHAIN=go1.99.1 go generate ./heap/internal/attach"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, without %q", err, want)
		}
	}
}

func TestLayouts(t *testing.T) {
	layouts, err := ReadLayouts(layoutsTable)
	if err != nil {
		t.Fatal(err)
	}
	if FormatLayouts(layouts) != layoutsTable {
		t.Error("the table is not as it would be written")
	}
	l := layouts["go1.26"]
	if diff := l.differences(Layout{"mspan.nelems": l.of("mspan.nelems")}); diff != nil {
		t.Errorf("a part of a table differs: %v", diff)
	}
	if diff := l.differences(Layout{"mspan.nelems": 3}); len(diff) != 1 || !strings.Contains(diff[0], "mspan.nelems is 3 and not 50") {
		t.Errorf("another table differs by %v", diff)
	}
	if FormatLayouts(map[string]Layout{"go1.26": {"mspan.nelems": 50}}) != "# go1.26\nmspan.nelems 50\n" {
		t.Error("a table with gaps is not written as it is")
	}
	for _, bad := range []string{"g 3\n", "# go1.26\ng x\n", "# go1.26\n\n"} {
		if _, err := ReadLayouts(bad); err == nil {
			t.Errorf("%q is a table", bad)
		}
	}
}
