package web

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	batchesAPage = 50
	batchShows   = 20 // of what was added, and of what waits
)

var (
	doneBatchStopped = greeting("intel-stopped", "ok", "Reading stops. What was taken in stays; nothing else comes in until you resume it.")
	doneBatchResumed = greeting("intel-resumed", "ok", "It is read further, from where it was.")
)

// batchListView is what the list of what was sent is drawn from.
type batchListView struct {
	tabs  []ui.Tab
	rows  []*intel.Batch
	posts bool
	first bool // nothing was ever sent
	pages ui.Pages
}

// intelBatches lists what the reader's organization has sent.
func (c *Ctx) intelBatches() error {
	x := batchListView{posts: c.Viewer.May(policy.MayPost)}
	before := c.R.URL.Query().Get("before")
	var err error
	if x.rows, err = c.Intel.Batches(c.View, before, batchesAPage+1); err != nil {
		return err
	}
	if len(x.rows) > batchesAPage {
		x.rows = x.rows[:batchesAPage]
		x.pages.OlderHref = intelAtBatches + "?before=" + queryEscape(x.rows[batchesAPage-1].ID)
	}
	x.first = len(x.rows) == 0 && before == ""
	if before != "" {
		x.pages.NewerHref = intelAtBatches
	}
	if x.tabs, err = c.intelTabs(intelAtBatches); err != nil {
		return err
	}
	return c.show(Page{Title: "Sent intelligence", Kind: "list", Label: policy.Default(c.Viewer.Org), Live: []string{"*"}, Body: batchesBody(x, c.View.Now())})
}

// batchView is what one batch's page is drawn from.
type batchView struct {
	tabs    []ui.Tab
	b       *intel.Batch
	added   []intel.Object
	held    []intel.Held
	columns *columnsView // of a table that was not begun
	posts   bool
}

// intelBatch is one batch: how far it is and what became of it.
func (c *Ctx) intelBatch() error { return c.showBatch(200, attempt{}) }

func (c *Ctx) showBatch(status int, a attempt) error {
	x := batchView{posts: c.Viewer.May(policy.MayPost)}
	var err error
	if x.b, err = c.Intel.Batch(c.View, c.R.PathValue("batch")); err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	label := policy.Default(c.Viewer.Org)
	if x.added, err = c.Intel.Added(c.View, x.b.ID, batchShows); err != nil {
		return err
	}
	x.added = slices.DeleteFunc(x.added, func(o intel.Object) bool { return g.hides(o.Label) })
	for _, o := range x.added {
		if o.Label.TLP.StricterThan(label.TLP) {
			label = stricter(label, o.Label.TLP)
		}
	}
	if x.held, err = c.Intel.HeldOf(c.View, x.b.ID, batchShows); err != nil {
		return err
	}
	x.held = slices.DeleteFunc(x.held, func(h intel.Held) bool { return g.hides(h.Label) })
	if x.unbegun() && (!g.shut || x.b.Person == c.Viewer.Person) {
		if x.columns, err = c.columnsOf(x.b, a); err != nil {
			return err
		}
	}
	if x.tabs, err = c.intelTabs(intelAtBatches); err != nil {
		return err
	}
	p := Page{Title: x.b.Name, Kind: "batch", Status: status, Label: label, Body: batchBody(x, a, c.Viewer.Org, c.View.Now()), Right: batchAside(x, c.View.Now())}
	if x.reading() {
		p.Live = []string{"*"}
	}
	return c.show(p)
}

// unbegun says whether the batch is a table whose columns are looked at first.
func (x batchView) unbegun() bool {
	return x.posts && x.b.State == intel.Stopped && x.b.Format == intel.FormatCSV && x.b.Consumed == 0
}

func (x batchView) reading() bool { return x.b.State == intel.Queued || x.b.State == intel.Running }

// intelBatchStop ends the reading of a batch for the time being.
func (c *Ctx) intelBatchStop() error {
	return c.turnBatch(c.Intel.Stop, doneBatchStopped)
}

// intelBatchResume has a stopped batch read further.
func (c *Ctx) intelBatchResume() error {
	return c.turnBatch(c.Intel.Resume, doneBatchResumed)
}

func (c *Ctx) turnBatch(turn func(*db.Tx, string) error, done string) error {
	id := c.R.PathValue("batch")
	if err := c.write(func(tx *db.Tx) error { return turn(tx, id) }); err != nil {
		a := attempt{which: "turn", errs: formErrors(err, "turn")}
		return c.again(err, func(status int) error { return c.showBatch(status, a) })
	}
	return c.redirect(intelAtBatches + "/" + id + "?done=" + done)
}

// batchState says how far a batch is.
func batchState(b *intel.Batch) string {
	switch b.State {
	case intel.Queued:
		return "waits to be read"
	case intel.Running:
		return "is being read"
	case intel.Done:
		return "read"
	case intel.Stopped:
		if b.Seen == 0 && b.Consumed == 0 {
			return "not begun"
		}
		return "stopped"
	}
	return "broken off"
}

// percent is how much of a batch's file was read; ok is false when that is not
// known.
func percent(b *intel.Batch) (n int, ok bool) {
	if b.State == intel.Done {
		return 100, true
	}
	if b.Size <= 0 {
		return 0, false
	}
	return int(min(99, max(0, b.Consumed*100/b.Size))), true
}

// batchNext is what comes next for a batch.
func batchNext(x batchView) (ui.Step, bool) {
	b := x.b
	at := intelAtBatches + "/" + b.ID
	n, known := percent(b)
	done := ui.Count(b.Seen, "object", "objects") + " read."
	if known && b.State != intel.Done {
		done = strconv.Itoa(n) + " % of the file, " + done
	}
	s := ui.Step{Kind: "info", Detail: done}
	switch b.State {
	case intel.Queued, intel.Running:
		s.Sentence = "The file " + batchState(b) + "."
		if x.posts {
			s.Button, s.Href, s.Method = "Stop reading", at+"/stop", "post"
		}
	case intel.Stopped:
		if x.columns != nil {
			return s, false
		}
		s.Kind, s.Sentence = "warn", "Reading was stopped."
		if x.posts {
			s.Button, s.Href, s.Method, s.Key = "Resume reading", at+"/resume", "post", "r"
		}
	case intel.Broken:
		s.Kind, s.Sentence = "danger", "The file could not be read any further."
		s.Detail = done + " Mend the file and bring it in again: what is known already counts as known."
		if x.posts {
			s.Button, s.Href, s.Key = "Bring in another file", intelAtImport, "r"
		}
	default:
		if len(x.held) == 0 {
			s.Kind, s.Sentence = "ok", "Everything was read."
			if b.Added > 0 {
				s.Button, s.Href, s.Key = "Search it", intelAtSearch, "r"
			}
			return s, true
		}
		s.Kind, s.Sentence = "warn", ui.Count(b.Tally.Held, "object was", "objects were")+" held."
		s.Button, s.Href, s.Key = "See what waits", intelAtHeld, "r"
	}
	return s, true
}

// batchFacts are the counts of a batch.
func batchFacts(b *intel.Batch) []ui.KV {
	return []ui.KV{
		{Key: "Added", Value: ui.Number(b.Added)},
		{Key: "Known already", Value: ui.Number(b.Same)},
		{Key: "Held", Value: ui.Number(b.Tally.Held)},
		{Key: "Refused", Value: ui.Number(b.Refused)},
	}
}

// termsFacts are the terms that a batch came under.
func termsFacts(b *intel.Batch) []ui.KV {
	named := map[intel.Attribution]string{intel.Named: "by name", intel.Community: "a member of the community", intel.Anonymous: "not at all"}
	review := map[intel.Scrub]string{intel.ScrubClean: "none found", intel.ScrubRemoved: "taken out", intel.ScrubJustified: "justified: " + b.Terms.Why}
	kvs := []ui.KV{
		{Key: "Unmarked objects", Value: b.Terms.Label(b.Terms.Unmarked).TLP.String()},
		{Key: "At the widest", Value: b.Terms.Floor.String()},
		{Key: "Named", Value: named[b.Terms.Attribution]},
	}
	if r := review[b.Terms.Scrub]; r != "" {
		kvs = append(kvs, ui.KV{Key: "Personal data", Value: r})
	}
	if b.Terms.PAP != "" {
		kvs = append(kvs, ui.KV{Key: "PAP", Value: "PAP:" + b.Terms.PAP})
	}
	if b.Terms.AIS != "" {
		kvs = append(kvs, ui.KV{Key: "AIS consent", Value: b.Terms.AIS})
	}
	basis := "none known that day"
	if b.Basis != "" {
		basis = intel.BasisName(b.Basis)
	}
	return append(kvs, ui.KV{Key: "Legal basis", Value: basis})
}

// batchRows is the list of batches as a table.
func batchRows(rows []*intel.Batch, now time.Time) (out [][]ui.Cell) {
	for _, b := range rows {
		state := batchState(b)
		if n, ok := percent(b); ok && b.State != intel.Done {
			state += fmt.Sprintf(", %d %%", n)
		}
		out = append(out, []ui.Cell{
			{Text: b.Name, Href: intelAtBatches + "/" + b.ID, Header: true},
			{Text: state},
			{Text: ui.Number(b.Added)}, {Text: ui.Number(b.Same)}, {Text: ui.Number(b.Tally.Held)}, {Text: ui.Number(b.Refused)},
			{Text: b.PersonName, Muted: true},
			{Part: ui.ShortTime(b.At, now)},
		})
	}
	return out
}

// problemRows is what was wrong with single objects, as a table.
func problemRows(ps []intel.Problem) (out [][]ui.Cell) {
	for _, p := range ps {
		out = append(out, []ui.Cell{{Text: p.Where, Header: true}, {Text: p.Reason}, {Text: p.ID, Mono: true}})
	}
	return out
}

// objectTitle is a name for an object that may have none.
func objectTitle(name, typ, id string) string {
	if name != "" {
		return name
	}
	return intelTypeWords(typ) + " " + id[max(0, len(id)-12):]
}

// addedRows is some of what came in, as a table.
func addedRows(os []intel.Object, now time.Time) (out [][]ui.Cell) {
	for _, o := range os {
		out = append(out, []ui.Cell{
			{Text: objectTitle(o.Name, o.Type, o.ID), Href: "/intel/objects/" + o.ID, Header: true},
			{Text: intelTypeWords(o.Type)},
			{Part: ui.TLPChip(string(o.Label.TLP))},
			{Part: ui.ShortTime(o.Added, now)},
		})
	}
	return out
}
