// Package browser looks at the pages of the examples as a person would: in Chromium,
// without a screen. Its tests are skipped where there is none (apt-get install chromium).
//
//	WEAKREF_LONG=1 go test ./proof/browser
//	go test ./proof/browser -run 'TestService$' -screenshots docs/images   # the pictures of docs/live.md
package browser
