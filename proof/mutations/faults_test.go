package main

import (
	"go/parser"
	"go/token"
	"testing"
)

// TestFaultsApply checks that every fault fits the code as it is now, and gives
// code that parses. That it compiles and is caught, the program itself finds out.
func TestFaultsApply(t *testing.T) {
	names := make(map[string]bool)
	for _, f := range faults {
		if names[f.name] {
			t.Errorf("two faults are named %q", f.name)
		}
		names[f.name] = true
		contents, err := f.apply("../..")
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		for file, content := range contents {
			if _, err := parser.ParseFile(token.NewFileSet(), file, content, 0); err != nil {
				t.Errorf("%s: %v", f.name, err)
			}
		}
	}
	if len(faults) < 20 {
		t.Errorf("only %d faults", len(faults))
	}
}

func TestEvidence(t *testing.T) {
	for _, c := range []struct{ out, want string }{
		{"--- FAIL: TestA (0.1s)\nFAIL", "TestA"},
		{"panic: test timed out after 20s\n\trunning tests:\n\t\tTestB (20s)\n", "TestB hangs"},
		{"fatal error: all goroutines are asleep - deadlock!\n", "the process ends: fatal error: all goroutines are asleep - deadlock!"},
		{"FAIL", "the tests fail"},
	} {
		if got := evidence(c.out); got != c.want {
			t.Errorf("evidence(%q) = %q, want %q", c.out, got, c.want)
		}
	}
}
