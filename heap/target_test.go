package heap

import (
	"testing"
	"unsafe"
)

// A target that dies before the dump is written is collected, although the dump has
// something else at its address by then.
func TestTargetThatDiesMeanwhile(t *testing.T) {
	other := new([8]int)
	calls := 0
	target := Target{"gone", func(f func(uintptr)) {
		if calls++; calls == 1 {
			f(uintptr(unsafe.Pointer(other)))
			return
		}
		f(0)
	}}
	answers, err := new(Explainer).Explain(target)
	if err != nil {
		t.Fatal(err)
	}
	if !answers[0].Collected {
		t.Errorf("another object was taken for the target:\n%v", answers[0])
	}
	other[0] = calls
}
