// Package browser looks at the pages of the examples as a person would: in Chromium,
// without a screen. Its tests are skipped where there is none (apt-get install chromium).
// They have a build tag, since what drives the browser takes long to compile.
//
//	go test -tags browser ./proof/browser
//	go test -tags browser ./proof/browser -run 'TestService$' -screenshots docs/images   # the pictures of docs/live.md
package browser
