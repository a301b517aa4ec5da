package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

// The pages of what is brought in.
const (
	vulnsAtImport  = devicesAtVulns + "/import"
	vulnsAtBatches = devicesAtVulns + "/batches"
)

var doneVulnsSent = greeting("vulns-sent", "ok", "The file is kept and being read. You may leave this page.")

// vulnKindWords are the kinds of files and feeds.
var vulnKindWords = map[vulns.Kind]string{
	vulns.OSV: "OSV records", vulns.CVE: "CVE records (JSON 5)", vulns.KEV: "CISA’s known exploited vulnerabilities (KEV)", vulns.EPSS: "EPSS scores of a day", vulns.CSAF: "CSAF 2.0 advisories",
}

// vulnKindHints say what a file of each kind may be.
var vulnKindHints = map[vulns.Kind]string{
	vulns.OSV: "One record, lines, an array, or a ZIP archive.", vulns.CVE: "One record, lines, an array, or a ZIP archive; with CISA’s enrichment.", vulns.KEV: "JSON or CSV.", vulns.EPSS: "CSV, packed or not. Public only.", vulns.CSAF: "One document or a ZIP archive.",
}

func vulnKindOptions(selected vulns.Kind) (os []ui.Option) {
	for _, k := range vulns.Kinds() {
		os = append(os, ui.Option{Value: string(k), Text: vulnKindWords[k], Hint: vulnKindHints[k], Selected: k == selected})
	}
	return os
}

// vulnImportView is what the import's form is drawn from.
type vulnImportView struct {
	tabs  []ui.Tab
	a     attempt
	key   string
	share shareView
	feeds []ui.Option // feeds that files are sent for; none for who keeps no feeds
}

// vulnImport is the form with which a file of vulnerabilities is sent.
func (c *Ctx) vulnImport() error { return c.showVulnImport(200, attempt{}) }

func (c *Ctx) showVulnImport(status int, a attempt) error {
	x := vulnImportView{tabs: c.deviceTabs(devicesAtVulns), a: a, key: a.key("vulns", ids.Random(26))}
	label := policy.Default(c.Viewer.Org)
	if keepsFeeds(c.Viewer) {
		label = policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
		feeds, err := c.Vulns.Feeds(c.View)
		if err != nil {
			return err
		}
		asked := c.R.URL.Query().Get("feed")
		for _, f := range feeds {
			if f.Place == vulns.PlaceFile {
				x.feeds = append(x.feeds, ui.Option{Value: f.ID, Text: f.Name + " (" + string(f.Kind) + ")", Selected: f.ID == asked})
			}
		}
		if len(x.feeds) > 0 {
			x.feeds = slices.Insert(x.feeds, 0, ui.Option{Value: "", Text: "None: a file of its own"})
		}
	}
	share, marking, err := c.shareView("vulns", a, label, "")
	if err != nil {
		return err
	}
	share.hint = "A file of your own is read by whom you name. What everybody reads is brought in by the desk."
	x.share = share
	return c.show(Page{Title: "Bring in vulnerabilities", Kind: "compose", Status: status, Label: policy.Label{TLP: marking}, Body: vulnImportBody(x), Right: vulnImportAside()})
}

var vulnImportFields = []string{"kind", "feed", "tlp", "idempotency_key"}

// vulnSend keeps a file and has it read.
func (c *Ctx) vulnSend() error {
	a := attempt{which: "vulns", t: typed{}, lists: map[string][]string{}}
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, vulns.MaxFile+maxForm)
	parts, err := c.R.MultipartReader()
	if err != nil {
		return fault.Invalidf("The form could not be read. Load the page again.")
	}
	b, err := c.takeVulns(&a, parts)
	if err != nil {
		if k := fault.KindOf(err); k == fault.Internal && errors.As(err, new(*http.MaxBytesError)) {
			err = fault.InvalidField("file", "The file is larger than %d GiB. Split it.", vulns.MaxFile>>30)
		}
		_, _ = io.Copy(io.Discard, c.R.Body) // a browser that is not read to the end does not hear the answer
		a.errs = formErrors(renamed(renamed(err, "file", "upload"), "name", "upload"), "vulns", "upload", "kind", "feed", "label", "audience")
		return c.again(err, func(status int) error { return c.showVulnImport(status, a) })
	}
	return c.redirect(vulnsAtBatches + "/" + b.ID + "?done=" + doneVulnsSent)
}

// takeVulns reads the form. Its fields come before its file, so that what cannot be
// sent is told before a large file was waited for.
func (c *Ctx) takeVulns(a *attempt, parts *multipart.Reader) (*vulns.Batch, error) {
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil, fault.InvalidField("upload", "Choose a file.")
		}
		if err != nil || n > maxParts {
			return nil, c.truncated(err)
		}
		name := part.FormName()
		if name == "upload" {
			if part.FileName() == "" {
				continue
			}
			if !slices.Contains(vulns.Kinds(), vulns.Kind(a.t["kind"])) {
				return nil, fault.InvalidField("kind", "Choose what the file holds.")
			}
			l, err := labelOf(*a)
			if err != nil {
				return nil, err
			}
			return c.Vulns.Accept(c.R.Context(), c.DB, c.Viewer, vulns.NewBatch{Name: path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")), Kind: vulns.Kind(a.t["kind"]), Feed: a.t["feed"], Label: l, Key: a.t["idempotency_key"]}, part)
		}
		b, err := io.ReadAll(io.LimitReader(part, 1<<12))
		if err != nil {
			return nil, c.truncated(err)
		}
		_, twice := a.t[name]
		switch {
		case name == "audience":
			if a.lists[name] = append(a.lists[name], string(b)); len(a.lists[name]) > policy.MaxAudience {
				return nil, fault.InvalidField("audience", "An audience has at most %d members. Form a circle instead.", policy.MaxAudience)
			}
		case twice:
			return nil, fault.Invalidf("The form sent %q twice. Load the page again and send it once more.", name)
		case slices.Contains(vulnImportFields, name):
			a.t[name] = string(b)
		}
	}
}
