//go:build browser

package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// connect opens a process's page and gives a name.
func (p *tab) connect(url, user string) {
	p.t.Helper()
	p.navigate(url)
	p.do(chromedp.SendKeys(chromedp.CSS(`#user`), user, chromedp.NodeVisible))
	p.click("connect")
}

// sees says whether the page lists a user who has not gone.
func (p *tab) sees(user string) bool {
	p.t.Helper()
	return eval[bool](p, `document.querySelector('li[data-user="`+user+`"]:not(.gone)') !== null`)
}

// lists says whether the page has a user at all, gone or not.
func (p *tab) lists(user string) bool {
	p.t.Helper()
	return eval[bool](p, `document.querySelector('li[data-user="`+user+`"]') !== null`)
}

// TestPresence opens pages of three processes. A name vanishes from them when its tab is
// closed, and when its process is killed.
func TestPresence(t *testing.T) {
	ada := browse(t)
	urls := start(t, "examples/presence", 3, "-port", "0")
	bob, closeBob := ada.another()
	eve, _ := ada.another()
	ada.connect(urls[0], "ada")
	bob.connect(urls[1], "bob")
	eve.connect(urls[2], "eve")
	for _, page := range []*tab{ada, bob, eve} {
		page.until("all three are there", func() bool { return page.sees("ada") && page.sees("bob") && page.sees("eve") })
	}

	ada.do(chromedp.SendKeys(chromedp.CSS(`#to`), "bob"))
	ada.do(chromedp.SendKeys(chromedp.CSS(`#text`), "good morning"))
	ada.click("send")
	bob.until("bob reads it", func() bool { return strings.Contains(bob.text(), "ada: good morning") })
	ada.until("ada is told", func() bool { return strings.Contains(ada.text(), "delivered in process") })

	closeBob()
	for _, page := range []*tab{ada, eve} {
		page.until("bob vanishes", func() bool { return !page.lists("bob") && strings.Contains(page.text(), "bob is offline") })
	}
	if !ada.sees("eve") {
		t.Error("eve has gone with bob")
	}

	eve.click("kill this process")
	ada.until("eve vanishes", func() bool { return !ada.lists("eve") && strings.Contains(ada.text(), "eve is offline") })
	eve.until("eve's page is told", func() bool { return strings.Contains(eve.text(), "this process is gone") })
	if !ada.sees("ada") {
		t.Error("ada has gone with eve")
	}

	again, _ := ada.another()
	again.connect(urls[1], "ada")
	again.until("the name is taken", func() bool { return strings.Contains(again.text(), "the name is taken") })
}
