package browser

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// program is where Debian installs Chromium.
const program = "/usr/bin/chromium"

// Patience is how long a helper waits for the page to do what it should
// before it fails the test.
const Patience = 20 * time.Second

// startTimeout bounds the start of Chromium on a loaded machine.
const startTimeout = 90 * time.Second

// chromium is the one browser of this process. It ends with the process: the
// kernel kills it and a watcher removes its folder.
var chromium struct {
	once sync.Once
	ctx  context.Context
	err  error
	// alive is the watcher's standard input; it closes when this process ends.
	alive io.WriteCloser
}

// Browser opens tabs for one test.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// New returns the process's Chromium, started at the first call.
func New(t testing.TB) *Browser {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no Chromium (Debian package chromium): %v", err)
		}
		t.Skipf("no Chromium (Debian package chromium): %v", err)
	}
	chromium.once.Do(start)
	if chromium.err != nil {
		t.Fatalf("start Chromium: %v", chromium.err)
	}
	return &Browser{t: t, ctx: chromium.ctx}
}

func start() {
	dir, err := os.MkdirTemp("", "cordon-chromium-")
	if err != nil {
		chromium.err = err
		return
	}
	if chromium.alive, err = removeAtExit(dir); err != nil {
		chromium.err = err
		return
	}
	ctx, _ := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(program),
		chromedp.UserDataDir(dir),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-breakpad", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-ipc-flooding-protection", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("enable-automation", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("metrics-recording-only", true),
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("password-store", "basic"),
	)
	// The library logs protocol events that it does not know; no test needs them.
	quiet := log.New(io.Discard, "", 0).Printf
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithErrorf(quiet), chromedp.WithLogf(quiet))
	// The first Do binds the browser's life to its context, so the time limit
	// must not be part of that context.
	late := time.AfterFunc(startTimeout, cancel)
	err = chromedp.Do(ctx)
	if !late.Stop() || err != nil {
		cancel()
		chromium.err = fmt.Errorf("it did not answer within %v: %w", startTimeout, err)
		return
	}
	chromium.ctx = ctx
}

// removeAtExit starts a shell that removes dir once this process has ended,
// however it ended; the returned writer must stay open until then.
func removeAtExit(dir string) (io.WriteCloser, error) {
	cmd := exec.Command("/bin/sh", "-c", `cat; sleep 2; rm -rf "$1"`, "browser-watcher", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	w, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the watcher: %w", err)
	}
	return w, nil
}

// Tab opens an empty tab with cookies and storage of its own. It closes with
// the test.
func (b *Browser) Tab() *Tab {
	b.t.Helper()
	return b.open(b.ctx, chromedp.WithNewBrowserContext())
}

func (b *Browser) open(parent context.Context, opts ...chromedp.ContextOption) *Tab {
	b.t.Helper()
	t := &Tab{t: b.t, b: b, media: map[string]string{}}
	ctx, cancel := chromedp.NewContext(parent, append(opts, chromedp.WithListener(t.listen))...)
	t.ctx = ctx
	b.t.Cleanup(func() {
		// A closing tab must not hold a finished test for ever.
		late := time.AfterFunc(Patience, cancel)
		defer late.Stop()
		_ = chromedp.Cancel(ctx)
	})
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("open a tab: %v", err)
	}
	call(t, audits.Enable, cdp.Empty{})
	return t
}

// Sibling opens one more tab that shares this tab's cookies and storage, as a
// second tab of the same window does.
func (t *Tab) Sibling() *Tab {
	t.t.Helper()
	id := chromedp.FromContext(t.ctx).BrowserContextID
	return t.b.open(t.b.ctx, chromedp.WithExistingBrowserContext(id))
}

// Localhost returns the address of a local test server under the name
// localhost: passkeys are bound to names and refuse bare addresses.
func Localhost(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() != "127.0.0.1" {
		return address
	}
	u.Host = "localhost:" + u.Port()
	return u.String()
}
