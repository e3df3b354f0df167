package pages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecipes checks that the code of docs/recipes.md is that of examples/recipes, which is
// tested.
func TestRecipes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "examples", "recipes", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	shown := 0
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(string(code), "// page:\n")
		if !ok {
			continue
		}
		part, _, ok := strings.Cut(rest, "// end:\n")
		if block := "```go\n" + strings.Trim(part, "\n") + "\n```\n"; !ok || !strings.Contains(string(text), block) {
			t.Errorf("docs/recipes.md does not have the code of %s", filepath.Base(file))
		}
		shown++
	}
	if n := strings.Count(string(text), "```go\n"); n != shown {
		t.Errorf("%d blocks of code, %d of them from files", n, shown)
	}
}
