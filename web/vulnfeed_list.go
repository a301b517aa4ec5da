package web

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneFeed        = greeting("vulnfeed", "ok", "The feed is read from now on.")
	doneFeedChanged = greeting("vulnfeed-changed", "ok", "The feed is changed.")
	doneFeedPaused  = greeting("vulnfeed-paused", "ok", "The feed is not read any more until somebody resumes it.")
	doneFeedResumed = greeting("vulnfeed-resumed", "ok", "The feed is read again.")
	doneFeedPull    = greeting("vulnfeed-pull", "ok", "The feed is read now.")
	doneFeedRemoved = greeting("vulnfeed-removed", "ok", "The feed is removed. What it brought stays.")
)

// feedLabel is that of the pages of feeds: members may read how they do.
var feedLabel = policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}

// feedListView is what the feeds' health is drawn from.
type feedListView struct {
	tabs []ui.Tab
	rows []vulns.Feed
	may  bool
	now  time.Time
}

// vulnFeeds lists the feeds and how they do.
func (c *Ctx) vulnFeeds() error {
	x := feedListView{tabs: c.deviceTabs(devicesAtFeeds), may: keepsFeeds(c.Viewer), now: c.View.Now()}
	var err error
	if x.rows, err = c.Vulns.Feeds(c.View); err != nil {
		return err
	}
	return c.show(Page{Title: "Feeds of vulnerabilities", Kind: "list", Label: feedLabel, Live: []string{"*"}, Body: feedListBody(x)})
}

// feedView is what one feed's page is drawn from.
type feedView struct {
	tabs    []ui.Tab
	f       vulns.Feed
	batches []*vulns.Batch
	may     bool
	reach   string // who reads what it brings
	now     time.Time
}

// vulnFeed is one feed and how it does.
func (c *Ctx) vulnFeed() error { return c.showFeed(200, attempt{}) }

func (c *Ctx) showFeed(status int, a attempt) error {
	x := feedView{tabs: c.deviceTabs(devicesAtFeeds), may: keepsFeeds(c.Viewer), now: c.View.Now()}
	var err error
	if x.f, err = c.Vulns.Feed(c.View, c.R.PathValue("feed")); err != nil {
		return err
	}
	if x.batches, err = c.Vulns.Batches(c.View, x.f.ID, "", 10); err != nil {
		return err
	}
	if x.reach, err = c.audienceWords(c.View, x.f.Label.Audience); err != nil {
		return err
	}
	return c.show(Page{Title: x.f.Name, Kind: "feed", Status: status, Label: feedLabel, Live: []string{"*"}, Body: feedBody(x, a), Right: feedAside(x)})
}

// feedForm is the form of a new feed, or of one that is changed.
type feedForm struct {
	tabs   []ui.Tab
	a      attempt
	key    string
	id     string // of the one that is changed
	kind   vulns.Kind
	folder bool // may name a folder of the server
	share  shareView
}

// vulnFeedNew is the form with which a feed is added.
func (c *Ctx) vulnFeedNew() error { return c.showFeedForm(200, attempt{}, "") }

// vulnFeedEdit is the form with which a feed is changed.
func (c *Ctx) vulnFeedEdit() error {
	return c.showFeedForm(200, attempt{}, c.R.PathValue("feed"))
}

func (c *Ctx) showFeedForm(status int, a attempt, id string) error {
	if !keepsFeeds(c.Viewer) {
		return fault.ErrMissing
	}
	x := feedForm{tabs: c.deviceTabs(devicesAtFeeds), id: id, key: a.key("feed", ids.Random(26)), folder: c.Viewer.May(policy.MayOperate)}
	title, label := "Add a feed", policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
	if id != "" {
		f, err := c.Vulns.Feed(c.View, id)
		if err != nil {
			return err
		}
		title, label, x.kind = "Change "+f.Name, f.Label, f.Kind
		if a.which == "" {
			a = attempt{which: "feed", lists: map[string][]string{"audience": f.Label.Audience.Strings()}, t: typed{"name": f.Name, "kind": string(f.Kind), "place": string(f.Place), "address": f.Address,
				"every": strconv.Itoa(int(f.Every / time.Minute)), "tlp": string(f.Label.TLP)}}
		}
	}
	x.a = a
	share, marking, err := c.shareView("feed", a, label, "")
	if err != nil {
		return err
	}
	share.hint = "Public sources are for everybody. Label here what is licensed or private."
	x.share = share
	return c.show(Page{Title: title, Kind: "compose", Status: status, Label: policy.Label{TLP: policy.Strictest(policy.Green, marking)}, Body: feedFormBody(x, title)})
}

var feedFields = append(slices.Clone(shareFields), "name", "kind", "place", "address", "every")

// typedFeed is the feed as it was typed.
func typedFeed(a attempt) (n vulns.NewFeed, err error) {
	n = vulns.NewFeed{Name: a.t["name"], Kind: vulns.Kind(a.t["kind"]), Place: vulns.Place(a.t["place"]), Address: a.t["address"]}
	if s := a.t["every"]; s != "" {
		m, err := strconv.Atoi(s)
		if err != nil || m < 1 || m > 1<<20 {
			return n, fault.InvalidField("every", "Choose how often it is read from the list.")
		}
		n.Every = time.Duration(m) * time.Minute
	}
	n.Label, err = labelOf(a)
	return n, err
}

// vulnFeedAdd adds a feed.
func (c *Ctx) vulnFeedAdd() error {
	return c.sendFeed("", doneFeed, func(tx *db.Tx, n vulns.NewFeed, key string) (string, error) {
		id, again, err := tx.Once(key, fmt.Sprintf("feed %s %s %s %s", n.Name, n.Kind, n.Place, n.Address), func() (string, error) { return c.Vulns.AddFeed(tx, n) })
		return id, once(again, err)
	})
}

// vulnFeedChange changes a feed.
func (c *Ctx) vulnFeedChange() error {
	id := c.R.PathValue("feed")
	return c.sendFeed(id, doneFeedChanged, func(tx *db.Tx, n vulns.NewFeed, _ string) (string, error) {
		return id, c.Vulns.ChangeFeed(tx, id, n)
	})
}

func (c *Ctx) sendFeed(id, done string, do func(tx *db.Tx, n vulns.NewFeed, key string) (string, error)) error {
	return c.caseAct(caseForm{which: "feed", fields: feedFields, lists: []string{"audience"},
		show: func(status int, a attempt) error { return c.showFeedForm(status, a, id) },
		do: func(tx *db.Tx, a attempt) (string, error) {
			if !keepsFeeds(tx.Viewer()) {
				return "", fault.ErrMissing
			}
			n, err := typedFeed(a)
			if err != nil {
				return "", err
			}
			id, err := do(tx, n, a.t["idempotency_key"])
			return devicesAtFeeds + "/" + id + "?done=" + done, err
		}})
}

func (c *Ctx) vulnFeedPause() error  { return c.turnFeed(doneFeedPaused, false, c.Vulns.PauseFeed) }
func (c *Ctx) vulnFeedResume() error { return c.turnFeed(doneFeedResumed, false, c.Vulns.ResumeFeed) }

// vulnFeedPull has a feed read at once.
func (c *Ctx) vulnFeedPull() error { return c.turnFeed(doneFeedPull, true, c.Vulns.PullNow) }

// turnFeed does one act on a feed; note says that it leaves no entry.
func (c *Ctx) turnFeed(done string, note bool, turn func(*db.Tx, string) error) error {
	id := c.R.PathValue("feed")
	write := c.write
	if note {
		write = c.note
	}
	if err := write(func(tx *db.Tx) error { return turn(tx, id) }); err != nil {
		a := attempt{which: "turn", errs: formErrors(err, "turn")}
		return c.again(err, func(status int) error { return c.showFeed(status, a) })
	}
	return c.redirect(devicesAtFeeds + "/" + id + "?done=" + done)
}

// vulnFeedRemove ends a feed.
func (c *Ctx) vulnFeedRemove() error {
	id := c.R.PathValue("feed")
	return c.caseAct(caseForm{which: "turn", show: c.showFeed, do: func(tx *db.Tx, _ attempt) (string, error) {
		return devicesAtFeeds + "?done=" + doneFeedRemoved, c.Vulns.RemoveFeed(tx, id)
	}})
}

// feedState says in few words how a feed does.
func feedState(f vulns.Feed, now time.Time) string {
	switch {
	case f.State == vulns.FeedPaused:
		return "paused"
	case f.Health.Running:
		return "is being read"
	case f.Health.Error != "":
		return "failing"
	case f.Place == vulns.PlaceFile && f.Health.LastOK.IsZero():
		return "waits for a file"
	case f.Late(now):
		return "late"
	case f.Health.LastOK.IsZero():
		return "not read yet"
	}
	return "well"
}

// feedNext is what comes next for a feed.
func feedNext(x feedView) ui.Step {
	f, at := x.f, devicesAtFeeds+"/"+x.f.ID
	button := func(s ui.Step, label, act string) ui.Step {
		if x.may {
			s.Button, s.Href, s.Method, s.Key = label, at+"/"+act, "post", "r"
		}
		return s
	}
	next := ""
	if f.Health.NextTry.After(x.now) {
		next = "It is read next " + ui.Relative(f.Health.NextTry, x.now) + "."
	}
	switch {
	case f.State == vulns.FeedPaused:
		return button(ui.Step{Kind: "info", Sentence: "It is paused.", Detail: "What it brought stays."}, "Resume reading", "resume")
	case f.Health.Running:
		return ui.Step{Kind: "info", Sentence: "What it brought is being read."}
	case f.Health.Error != "":
		return button(ui.Step{Kind: "warn", Sentence: "The last try failed: " + f.Health.Error, Detail: next}, "Read it now", "pull")
	case f.Place == vulns.PlaceFile:
		s := ui.Step{Kind: "info", Sentence: "It is read from files that the desk sends."}
		if x.may {
			s.Button, s.Href, s.Key = "Send a file", vulnsAtImport+"?feed="+queryEscape(f.ID), "r"
		}
		return s
	case f.Late(x.now):
		return button(ui.Step{Kind: "warn", Sentence: "It was not read for more than twice its interval.", Detail: next}, "Read it now", "pull")
	case f.Health.LastOK.IsZero():
		return button(ui.Step{Kind: "info", Sentence: "It was not read yet.", Detail: next}, "Read it now", "pull")
	}
	return button(ui.Step{Kind: "ok", Sentence: "It does well.", Detail: next}, "Read it now", "pull")
}

func feedRows(x feedListView) (out [][]ui.Cell) {
	for _, f := range x.rows {
		h := f.Health
		last := ui.Cell{Text: "never", Muted: true}
		if !h.LastOK.IsZero() {
			last = ui.Cell{Part: ui.ShortTime(h.LastOK, x.now)}
		}
		next := ui.Cell{Text: "not by itself", Muted: true}
		if f.State == vulns.FeedOn && f.Place != vulns.PlaceFile {
			if next = (ui.Cell{Text: "now"}); h.NextTry.After(x.now) {
				next = ui.Cell{Part: ui.ShortTime(h.NextTry, x.now)}
			}
		}
		out = append(out, []ui.Cell{{Text: f.Name, Href: devicesAtFeeds + "/" + f.ID, Header: true}, {Text: string(f.Kind)}, {Part: feedStatePart(f, x.now)}, last, next,
			{Text: ui.Number(h.Added)}, {Text: ui.Number(h.Changed)}, {Text: ui.Number(h.Same)}, {Text: ui.Number(h.Skipped)}, {Text: shortPrint(h.Fingerprint), Mono: true}})
	}
	return out
}

// feedFacts is how a feed is set up.
func feedFacts(x feedView) []ui.KV {
	f := x.f
	place := map[vulns.Place]string{vulns.PlaceFile: "files that the desk sends", vulns.PlaceFolder: "a folder of the server", vulns.PlaceURL: "an address"}[f.Place]
	kvs := []ui.KV{{Key: "Holds", Value: vulnKindWords[f.Kind]}, {Key: "From", Value: place}}
	if f.Address != "" {
		kvs = append(kvs, ui.KV{Key: "Where", Value: f.Address, Mono: true})
	}
	if f.Place != vulns.PlaceFile {
		kvs = append(kvs, ui.KV{Key: "Read", Value: everyWords(f.Every)})
	}
	return append(kvs, ui.KV{Key: "Records’ label", Part: ui.TLPChip(string(f.Label.TLP))}, ui.KV{Key: "Read by", Value: x.reach}, ui.KV{Key: "Set up by", Value: f.PersonName + ", " + f.OrgName})
}

// feedHealth is how a feed does, in figures.
func feedHealth(x feedView) []ui.KV {
	h := x.f.Health
	when := func(key string, t time.Time) ui.KV {
		if t.IsZero() {
			return ui.KV{Key: key, Value: "never"}
		}
		return ui.KV{Key: key, Part: ui.RelTime(t, x.now)}
	}
	kvs := []ui.KV{when("Last success", h.LastOK), when("Last try", h.LastTry)}
	if x.f.State == vulns.FeedOn && h.NextTry.After(x.now) {
		kvs = append(kvs, when("Next try", h.NextTry))
	}
	if h.Failures > 0 {
		kvs = append(kvs, ui.KV{Key: "Failures in a row", Value: ui.Number(h.Failures)})
	}
	kvs = append(kvs, tallyFacts(h.Tally)...)
	if h.Seconds > 0 {
		kvs = append(kvs, ui.KV{Key: "Took", Value: ui.Span(time.Duration(h.Seconds) * time.Second)})
	}
	return append(kvs, ui.KV{Key: "Fingerprint (SHA-256)", Value: shortPrint(h.Fingerprint), Mono: true})
}

// feedEvery is how often a feed can be read, in minutes.
func feedEvery(now string) (out []ui.Option) {
	have := []int{15, 60, 6 * 60, 24 * 60, 7 * 24 * 60, 28 * 24 * 60}
	if m, err := strconv.Atoi(now); err == nil && m > 0 && m < 1<<20 && !slices.Contains(have, m) {
		have = append(have, m)
		slices.Sort(have)
	}
	for _, m := range have {
		text := everyWords(time.Duration(m) * time.Minute)
		if m == 28*24*60 {
			text = "every four weeks"
		}
		out = append(out, ui.Option{Value: strconv.Itoa(m), Text: text, Selected: m == 24*60})
	}
	return out
}
