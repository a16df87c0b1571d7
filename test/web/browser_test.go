// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build web

package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// chromiumEnv names the browser where it is not found by one of chromiumNames.
const chromiumEnv = "CHROMIUM"

var chromiumNames = []string{"chromium", "chromium-browser", "google-chrome"}

// findChromium returns the browser's path.
func findChromium() (string, error) {
	if path := os.Getenv(chromiumEnv); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range chromiumNames {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no %s in PATH: install Chromium, on Debian with 'apt-get install chromium', or set %s to its path",
		strings.Join(chromiumNames, ", "), chromiumEnv)
}

// startBrowser starts a headless browser that resolves no host but loopback's
// addresses, and returns the context that tabs are made from.
func startBrowser(profile string) (context.Context, context.CancelFunc, error) {
	path, err := findChromium()
	if err != nil {
		return nil, nil, err
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		// Screenshots look alike wherever they are made.
		chromedp.Flag("font-render-hinting", "none"), chromedp.Flag("lang", "en-US"), chromedp.Env("TZ=UTC", "LANGUAGE=en"),
		// window.gc and exact figures of the heap.
		chromedp.Flag("js-flags", "--expose-gc"), chromedp.Flag("enable-precise-memory-info", true))
	if os.Geteuid() == 0 {
		// The sandbox does not work for root, such as in CI; only our own page is shown.
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		return nil, nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return ctx, func() { cancel(); stop() }, nil
}

// tab is a tab of the browser with a profile of its own. It keeps what must not
// happen in any: errors in the console, violations of the Content-Security-Policy
// and requests to another host than the page's. A spec fails on what it finds.
type tab struct {
	ctx context.Context

	mu       sync.Mutex
	trouble  []string
	requests []string
}

// newTab opens a tab, which is closed with the spec.
func newTab(spec context.Context) *tab {
	GinkgoHelper()
	t := openTab(spec)
	DeferCleanup(func() { Expect(t.troubles()).To(BeEmpty()) })
	return t
}

func openTab(spec context.Context) *tab {
	GinkgoHelper()
	t := &tab{}
	ctx, cancel := chromedp.NewContext(browserContext, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.listen))
	DeferCleanup(cancel)
	context.AfterFunc(spec, cancel)
	// The tab lives as long as the context of the first call.
	Expect(chromedp.Do(ctx)).To(Succeed())
	t.ctx = ctx
	t.do(t.enable())
	t.size(desktop)
	return t
}

// enable turns on the events that listen keeps.
func (t *tab) enable() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, network := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		_, log := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		_, tree := cdp.Call(ctx, target, accessibility.Enable, cdp.Empty{})
		return errors.Join(network, log, tree)
	})
}

// listen is called for each event of the tab, in order.
func (t *tab) listen(event any) {
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		text := event.ExceptionDetails.Text
		if exception := event.ExceptionDetails.Exception; exception != nil {
			text += " " + exception.Description
		}
		t.complain("exception: %s", text)
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeWarning ||
			event.Type == runtime.ConsoleAPICalledTypeAssert {
			t.complain("console.%s: %s", event.Type, consoleText(event.Args))
		}
	case *log.EventEntryAdded:
		// A violation of the Content-Security-Policy is one of them.
		if event.Entry.Level == log.EntryLevelError || event.Entry.Source == log.EntrySourceSecurity {
			t.complain("%s: %s %s", event.Entry.Source, event.Entry.Text, event.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		t.request(event.Request.URL)
	case *network.EventWebSocketCreated:
		t.request(event.URL)
	}
}

func consoleText(args []*runtime.RemoteObject) string {
	var texts []string
	for _, arg := range args {
		texts = append(texts, strings.Trim(string(arg.Value), `"`)+arg.Description)
	}
	return strings.Join(texts, " ")
}

func (t *tab) complain(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trouble = append(t.trouble, fmt.Sprintf(format, args...))
}

// request keeps what was asked for over the network, and complains where that is
// not what the control plane here serves.
func (t *tab) request(address string) {
	parsed, err := url.Parse(address)
	if err != nil {
		t.complain("request for %q: %v", address, err)
		return
	}
	switch parsed.Scheme {
	case "data", "blob", "about", "file":
		return
	}
	t.mu.Lock()
	t.requests = append(t.requests, address)
	t.mu.Unlock()
	if parsed.Hostname() != "127.0.0.1" {
		t.complain("request to another host: %s", address)
	}
}

func (t *tab) troubles() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.trouble)
}

func (t *tab) requested() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.requests)
}

// expectTrouble takes what the spec provokes out of the troubles, and fails where
// there was none of it.
func (t *tab) expectTrouble(matcher OmegaMatcher) {
	GinkgoHelper()
	Eventually(t.troubles).Should(ContainElement(matcher))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trouble = slices.DeleteFunc(t.trouble, func(text string) bool {
		matches, err := matcher.Match(text)
		return err == nil && matches
	})
}

func (t *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	Expect(chromedp.Do(ctx, actions...)).To(Succeed())
}

// call sends a command to the tab's browser process.
func call[P, R any](t *tab, command cdp.Command[P, R], params P) R {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	Expect(err).NotTo(HaveOccurred())
	return result
}

// evaluate returns the value of a JavaScript expression, awaiting a promise.
func evaluate[T any](t *tab, expression string) T {
	GinkgoHelper()
	value, err := tryEvaluate[T](t, expression)
	Expect(err).NotTo(HaveOccurred(), "evaluating %.200s", expression)
	return value
}

func tryEvaluate[T any](t *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// quote makes a JavaScript literal of a value.
func quote(value any) string {
	GinkgoHelper()
	text, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// viewport is a size of the window.
type viewport struct {
	name          string
	width, height int64
	scale         float64
	phone         bool
}

var (
	desktop   = viewport{name: "desktop", width: 1440, height: 900}
	phone     = viewport{name: "phone", width: 390, height: 844, scale: 2, phone: true}
	projector = viewport{name: "projector", width: 1920, height: 1080}
)

func (t *tab) size(v viewport) {
	GinkgoHelper()
	call(t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: v.width, Height: v.height, DeviceScaleFactor: max(v.scale, 1), Mobile: v.phone,
	})
}

// prefer sets the theme that the browser's user prefers, dark or light, and no
// motion, so that a screenshot shows the end of each.
func (t *tab) prefer(theme string) {
	GinkgoHelper()
	call(t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// downloadsTo lets the tab save files in a folder.
func (t *tab) downloadsTo(folder string) {
	GinkgoHelper()
	Expect(os.MkdirAll(folder, 0o750)).To(Succeed())
	ctx := chromedp.FromContext(t.ctx)
	_, err := chromedp.CallBrowser(t.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: ctx.BrowserContextID, DownloadPath: folder,
	})
	Expect(err).NotTo(HaveOccurred())
}

// element is one of the accessibility tree: what a screen reader finds.
type element struct {
	role, name string
	id         cdp.BackendNodeID
}

func (e element) String() string { return fmt.Sprintf("%s %q", e.role, e.name) }

// elements finds those with a role and a name as the browser computes them, in
// the order of the document; an empty name stands for all.
func (t *tab) elements(role, name string) []element {
	GinkgoHelper()
	root := call(t, dom.GetDocument, dom.GetDocumentParams{}).Root
	found := call(t, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
		BackendNodeID: root.BackendNodeID, Role: role, AccessibleName: name,
	})
	var elements []element
	for _, node := range found.Nodes {
		if !node.Ignored {
			elements = append(elements, element{role: axText(node.Role), name: axText(node.Name), id: node.BackendDOMNodeID})
		}
	}
	return elements
}

func axText(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	var text string
	_ = json.Unmarshal(value.Value, &text)
	return text
}

// element finds the one with a role and a name, once it is there.
func (t *tab) element(role, name string) element {
	GinkgoHelper()
	var found []element
	Eventually(func() []element {
		found = t.elements(role, name)
		return found
	}).Should(HaveLen(1), "one %s %q", role, name)
	return found[0]
}

// click clicks in the middle of an element, as a mouse does.
func (t *tab) click(e element) {
	GinkgoHelper()
	call(t, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: e.id})
	quads := call(t, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: e.id}).Quads
	Expect(quads).NotTo(BeEmpty(), "%s has no place on the screen", e)
	x, y := middle(quads[0])
	t.do(chromedp.MouseClickXY(x, y))
}

func middle(quad dom.Quad) (x, y float64) {
	for i := 0; i+1 < len(quad); i += 2 {
		x += quad[i] / 4
		y += quad[i+1] / 4
	}
	return x, y
}

// press presses keys one after the other.
func (t *tab) press(keys string, modifiers ...chromedp.Modifier) {
	GinkgoHelper()
	t.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// screenshot of the window, as PNG.
func (t *tab) screenshot() []byte {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	image, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	Expect(err).NotTo(HaveOccurred())
	return image
}

// savedFile waits for the only file in a folder of downloads.
func savedFile(folder string) string {
	GinkgoHelper()
	var path string
	Eventually(func(g Gomega) {
		files, err := fs.Glob(os.DirFS(folder), "*")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(files).To(HaveLen(1))
		g.Expect(files[0]).NotTo(HaveSuffix(".crdownload"))
		path = folder + "/" + files[0]
	}).WithTimeout(30 * time.Second).Should(Succeed())
	return path
}
