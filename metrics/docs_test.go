package metrics_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/metrics"
)

// TestThePageHasAll checks that docs/live.md has a line for each metric, and no others.
func TestThePageHasAll(t *testing.T) {
	text, err := os.ReadFile("../docs/live.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics.All() {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		if line := fmt.Sprintf("| `%s` | %s | %s |\n", m.PrometheusName(), labels, m.Help); !strings.Contains(string(text), line) {
			t.Errorf("the page does not have\n%s", line)
		}
	}
	if n := strings.Count(string(text), "\n| `weakref_"); n != len(metrics.All()) {
		t.Errorf("the page has %d metrics, and there are %d", n, len(metrics.All()))
	}
}
