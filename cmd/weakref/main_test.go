package main

import (
	"bytes"
	"strings"
	"testing"
)

func execute(args ...string) (string, error) {
	var out bytes.Buffer
	c := command()
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	err := c.Execute()
	return out.String(), err
}

// TestWhatThereIs checks that who mistypes something is told what there is.
func TestWhatThereIs(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"wye"}, []string{`"wye"`, "demo", "vet", "version", "why"}},
		{[]string{"demo", "--file", "3"}, []string{"--file", "--files", "--rounds"}},
		{[]string{"why", "heap.dump", "--jason"}, []string{"--jason", "--json", "-n (--max)"}},
		{[]string{"why", "heap.dump", "tops"}, []string{`"tops"`, "dominators", "top", "diff"}},
		{[]string{"why", "heap.dump", "top", "-n", "0"}, []string{"-n is 0", "1 or more"}},
		{[]string{"why", "heap.dump", "top", "-n", "-3"}, []string{"-n is -3"}},
	} {
		_, err := execute(test.args...)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v says nothing of %q", test.args, err, want)
			}
		}
	}
}

func TestHelp(t *testing.T) {
	out, err := execute()
	if err != nil || !strings.Contains(out, "version") || !strings.Contains(out, "why") {
		t.Errorf("%v: %s", err, out)
	}
}
