package version

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	var out bytes.Buffer
	c := Command()
	c.SetArgs(nil)
	c.SetOut(&out)
	if err := c.Execute(); err != nil || !strings.HasPrefix(out.String(), "weakref ") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%v: %q", err, out.String())
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "weakref (devel), go"},
		{&debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}}, "weakref v0.1.0, go"},
		{&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
		}}, "weakref (devel) 0123456789ab with changes, go"},
	} {
		if got := text(test.info); !strings.HasPrefix(got, test.want) {
			t.Errorf("%q does not begin with %q", got, test.want)
		}
	}
}
