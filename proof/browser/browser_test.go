//go:build browser

package browser

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const root = "../.."

// patience is how long something may take that takes seconds on a machine with nothing
// else to do.
const patience = 2 * time.Minute

// window and height are the size of a tab.
const window, height = 1000, 560

// chromium returns the path of a browser, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium here: apt-get install chromium")
	return ""
}

// browse starts a browser with a tab. It fails the test for what the pages complain of
// in its console: errors of scripts, and what a content security policy forbids.
func browse(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true), chromedp.WSURLReadTimeout(patience))
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it cannot be had then
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return open(t, ctx)
}

// tab is a page that is open.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens a tab.
func open(t *testing.T, ctx context.Context) *tab {
	t.Helper()
	ctx, end := context.WithCancel(ctx)
	p := &tab{t, ctx}
	messages := chromedp.Console(ctx) // starts it, without a deadline: that would be its end
	var listening sync.WaitGroup
	listening.Go(func() {
		for m, err := range messages {
			if err != nil {
				return // the tab is closed
			}
			if m.IsException() || m.Source == "security" || strings.Contains(m.Text, "Content Security Policy") {
				t.Errorf("the page complains: %v", m)
			}
		}
	})
	t.Cleanup(func() { end(); listening.Wait() })
	p.size(window, height)
	return p
}

// another opens a second tab, and returns what closes it.
func (p *tab) another() (second *tab, end func()) {
	ctx, cancel := chromedp.NewContext(p.ctx)
	p.t.Cleanup(cancel)
	return open(p.t, ctx), cancel
}

// do does something in the tab.
func (p *tab) do(a chromedp.Action[chromedp.Void]) { p.t.Helper(); get(p, a) }

// get does something in the tab that has a result.
func get[T any](p *tab, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

func (p *tab) navigate(url string) { p.t.Helper(); p.do(chromedp.Navigate(url)) }

// eval returns the value of an expression of JavaScript.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	return get(p, chromedp.Evaluate[T](expression))
}

// text is what the page says, as one can read it.
func (p *tab) text() string { p.t.Helper(); return eval[string](p, `document.body.innerText`) }

// click clicks on the first link or button with a text.
func (p *tab) click(text string) { p.t.Helper(); p.do(clicking(text)) }

func clicking(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(fmt.Sprintf(`//*[self::a or self::button][contains(., %q)]`, text), chromedp.NodeVisible)
}

// follow clicks on what leads to another page, waits for that, and returns its status.
func (p *tab) follow(text string) int64 { p.t.Helper(); return p.leave(clicking(text)) }

// leave does what leads to another page, waits for that, and returns its status.
func (p *tab) leave(by chromedp.Action[chromedp.Void]) int64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, by)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Status
}

// size makes the tab as large as a window, or a phone.
func (p *tab) size(width, height int64, phone ...chromedp.EmulateViewportOption) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height, phone...))
}

// colours has the tab prefer light or dark.
func (p *tab) colours(scheme string) {
	p.t.Helper()
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, params)
		return err
	}))
}

// until tries again until something is so.
func (p *tab) until(what string, so func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("never: %s; the page says\n%s", what, p.text())
		}
	}
}

// start builds an example, runs it, and returns the addresses that it prints, in order.
func start(t *testing.T, example string, addresses int, args ...string) (urls []string) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), filepath.Base(example))
	build := exec.Command("go", "build", "-o", exe, "./"+filepath.Base(example))
	build.Dir = filepath.Join(root, filepath.Dir(example))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(exe, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	t.Cleanup(func() {
		if cmd.Process.Signal(os.Interrupt) != nil {
			_ = cmd.Process.Kill() // Windows knows no interrupt
		}
		reading.Wait()
		if err := cmd.Wait(); err != nil && t.Failed() {
			t.Logf("%s: %v\n%s", example, err, said.String())
		}
	})
	lines := make(chan string, 100)
	reading.Go(func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case lines <- s.Text():
			default: // more than anybody waits for
			}
		}
		_, _ = io.Copy(io.Discard, out)
	})
	timeout := time.After(patience)
	for len(urls) < addresses {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("%s has ended: %s", example, said.String())
			}
			if u := regexp.MustCompile(`http://\S+`).FindString(line); u != "" {
				urls = append(urls, u)
			}
		case <-timeout:
			t.Fatalf("%s does not say where it listens", example)
		}
	}
	return urls
}
