package web

import (
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneVulnsStopped = greeting("vulns-stopped", "ok", "Reading stops. What was taken in stays.")
	doneVulnsResumed = greeting("vulns-resumed", "ok", "It is read further, from where it was.")
)

// vulnBatchesView is what the list of sent files is drawn from.
type vulnBatchesView struct {
	tabs  []ui.Tab
	rows  []*vulns.Batch
	first bool
	posts bool
	pages ui.Pages
}

// vulnBatches lists the files that the reader's organization sent, and what the feeds
// brought.
func (c *Ctx) vulnBatches() error {
	x := vulnBatchesView{tabs: c.deviceTabs(devicesAtVulns), posts: c.Viewer.May(policy.MayPost)}
	before := c.R.URL.Query().Get("before")
	var err error
	if x.rows, err = c.Vulns.Batches(c.View, "", before, batchesAPage+1); err != nil {
		return err
	}
	if len(x.rows) > batchesAPage {
		x.rows = x.rows[:batchesAPage]
		x.pages.OlderHref = vulnsAtBatches + "?before=" + queryEscape(x.rows[batchesAPage-1].ID)
	}
	if before != "" {
		x.pages.NewerHref = vulnsAtBatches
	}
	x.first = len(x.rows) == 0 && before == ""
	return c.show(Page{Title: "Sent vulnerabilities", Kind: "list", Label: c.batchesLabel(x.rows), Live: []string{"*"}, Body: vulnBatchesBody(x, c.View.Now())})
}

// batchesLabel is that of a page that names files: the house's own about what feeds
// brought, stricter if the reader's organization sent one.
func (c *Ctx) batchesLabel(rows []*vulns.Batch) policy.Label {
	l := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	for _, b := range rows {
		if b.Feed == "" {
			return policy.Default(c.Viewer.Org)
		}
	}
	return l
}

// vulnBatchView is what one file's page is drawn from.
type vulnBatchView struct {
	tabs  []ui.Tab
	b     *vulns.Batch
	may   bool
	posts bool
}

// vulnBatch is one file: how far it is and what became of it.
func (c *Ctx) vulnBatch() error { return c.showVulnBatch(200, attempt{}) }

func (c *Ctx) showVulnBatch(status int, a attempt) error {
	x := vulnBatchView{tabs: c.deviceTabs(devicesAtVulns), posts: c.Viewer.May(policy.MayPost)}
	var err error
	if x.b, err = c.Vulns.Batch(c.View, c.R.PathValue("batch")); err != nil {
		return err
	}
	x.may = x.posts && (x.b.Org == c.Viewer.Org && x.b.Feed == "" || keepsFeeds(c.Viewer))
	p := Page{Title: x.b.Name, Kind: "batch", Status: status, Label: c.batchesLabel([]*vulns.Batch{x.b}), Body: vulnBatchBody(x, a, c.View.Now()), Right: vulnBatchAside(x, c.View.Now())}
	if x.reading() {
		p.Live = []string{"*"}
	}
	return c.show(p)
}

func (x vulnBatchView) reading() bool {
	return x.b.State == vulns.Queued || x.b.State == vulns.Running
}

// vulnBatchStop ends the reading of a file for the time being.
func (c *Ctx) vulnBatchStop() error { return c.turnVulnBatch(c.Vulns.Stop, doneVulnsStopped) }

// vulnBatchResume has a stopped file read further.
func (c *Ctx) vulnBatchResume() error { return c.turnVulnBatch(c.Vulns.Resume, doneVulnsResumed) }

func (c *Ctx) turnVulnBatch(turn func(*db.Tx, string) error, done string) error {
	id := c.R.PathValue("batch")
	return c.caseAct(caseForm{which: "turn", show: c.showVulnBatch, do: func(tx *db.Tx, _ attempt) (string, error) {
		return vulnsAtBatches + "/" + id + "?done=" + done, turn(tx, id)
	}})
}

// vulnBatchState says how far a file is.
func vulnBatchState(b *vulns.Batch) string {
	switch b.State {
	case vulns.Queued:
		return "waits to be read"
	case vulns.Running:
		return "is being read"
	case vulns.Done:
		return "read"
	case vulns.Stopped:
		return "stopped"
	}
	return "broken off"
}

// vulnPercent is how much of a file was read.
func vulnPercent(b *vulns.Batch) int {
	switch {
	case b.State == vulns.Done:
		return 100
	case b.Size <= 0:
		return 0
	}
	return int(min(99, max(0, b.Consumed*100/b.Size)))
}

// vulnBatchNext is what comes next for a file.
func vulnBatchNext(x vulnBatchView) ui.Step {
	b, at := x.b, vulnsAtBatches+"/"+x.b.ID
	s := ui.Step{Kind: "info", Detail: strconv.Itoa(vulnPercent(b)) + " % of the file, " + ui.Count(b.Seen, "record", "records") + " read."}
	switch b.State {
	case vulns.Queued, vulns.Running:
		if s.Sentence = "The file " + vulnBatchState(b) + "."; x.may {
			s.Button, s.Href, s.Method = "Stop reading", at+"/stop", "post"
		}
	case vulns.Stopped:
		if s.Kind, s.Sentence = "warn", "Reading was stopped."; x.may {
			s.Button, s.Href, s.Method, s.Key = "Resume reading", at+"/resume", "post", "r"
		}
	case vulns.Broken:
		s.Kind, s.Sentence, s.Detail = "danger", "The file could not be read any further.", ui.Count(b.Seen, "record", "records")+" were read. Mend the file and bring it in again: what is known already counts as known."
		if x.posts {
			s.Button, s.Href, s.Key = "Bring in another file", vulnsAtImport, "r"
		}
	default:
		s.Kind, s.Sentence, s.Detail = "ok", "Everything was read.", ui.Count(b.Seen, "record", "records")+"."
		if b.Skipped > 0 {
			s.Kind, s.Sentence = "warn", ui.Count(b.Skipped, "record was", "records were")+" left out."
		}
		s.Button, s.Href, s.Key = "See the vulnerabilities", devicesAtVulns, "r"
	}
	return s
}

func tallyFacts(t vulns.Tally) []ui.KV {
	return []ui.KV{{Key: "Added", Value: ui.Number(t.Added)}, {Key: "Changed", Value: ui.Number(t.Changed)}, {Key: "Known already", Value: ui.Number(t.Same)}, {Key: "Withdrawn by their source", Value: ui.Number(t.Withdrawn)}, {Key: "Left out", Value: ui.Number(t.Skipped)}}
}

func vulnBatchRows(rows []*vulns.Batch, now time.Time) (out [][]ui.Cell) {
	for _, b := range rows {
		state := vulnBatchState(b)
		if b.State != vulns.Done {
			state += ", " + strconv.Itoa(vulnPercent(b)) + " %"
		}
		by := b.PersonName
		if b.Feed != "" {
			by = "a feed"
		}
		out = append(out, []ui.Cell{{Text: b.Name, Href: vulnsAtBatches + "/" + b.ID, Header: true}, {Text: string(b.Kind)}, {Text: state}, {Text: ui.Number(b.Added)}, {Text: ui.Number(b.Changed)}, {Text: ui.Number(b.Same)}, {Text: ui.Number(b.Skipped)},
			{Part: ui.TLPChip(string(b.Label.TLP))}, {Text: by, Muted: true}, {Part: ui.ShortTime(b.At, now)}})
	}
	return out
}
