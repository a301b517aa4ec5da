package browser

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// Download does what starts a download in the tab and returns the path of the
// file once it is whole.
func (t *Tab) Download(start func()) string {
	t.t.Helper()
	dir := t.t.TempDir()
	_, err := chromedp.CallBrowser(t.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior:         cdpbrowser.SetDownloadBehaviorBehaviorAllow,
		BrowserContextID: chromedp.FromContext(t.ctx).BrowserContextID,
		DownloadPath:     dir,
	})
	if err != nil {
		t.t.Fatalf("allow downloads: %v", err)
	}
	start()
	for began := time.Now(); time.Since(began) < Patience; time.Sleep(20 * time.Millisecond) {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.t.Fatalf("look for the download: %v", err)
		}
		// While it grows, it has a temporary name beside its own.
		if len(files) == 1 && !strings.HasSuffix(files[0].Name(), ".crdownload") && !strings.HasPrefix(files[0].Name(), ".") {
			return filepath.Join(dir, files[0].Name())
		}
	}
	t.t.Fatalf("nothing was downloaded within %v\npage: %s", Patience, t.describe())
	return ""
}
