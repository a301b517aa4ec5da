package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneSource        = greeting("source", "ok", "The source is read from now on.")
	doneSourceChanged = greeting("source-changed", "ok", "The source is changed. It is read in your name from now on.")
	doneSourcePaused  = greeting("source-paused", "ok", "The source is not read any more until you resume it.")
	doneSourceResumed = greeting("source-resumed", "ok", "The source is read again, from where it was.")
	doneSourcePull    = greeting("source-pull", "ok", "The source is asked now.")
	doneSourceTrusted = greeting("source-trusted", "ok", "The new certificate is trusted. The source is read again.")
	doneSourceRemoved = greeting("source-removed", "ok", "The source is removed and its credentials are forgotten. What it brought stays.")
)

// sourceSecrets are the fields that a refused form does not show again.
var sourceSecrets = []string{"password", "token", "key"}

var sourceFields = append(slices.Clone(termsFieldNames), "name", "kind", "url", "collection", "user", "password", "token", "certificate", "key", "keep", "every", "day_objects", "day_mb", "since", "review")

// sourceListView is what the list of sources is drawn from.
type sourceListView struct {
	tabs []ui.Tab
	rows []intel.Source
	may  bool
}

// intelSources lists the outside sources of the reader's organization.
func (c *Ctx) intelSources() error {
	x := sourceListView{may: c.Viewer.May(policy.MayPost)}
	var err error
	if x.rows, err = c.Intel.Sources(c.View); err != nil {
		return err
	}
	if x.tabs, err = c.intelTabs(intelAtSources); err != nil {
		return err
	}
	return c.show(Page{Title: "Outside sources", Kind: "list", Label: policy.Default(c.Viewer.Org), Live: []string{"*"}, Body: sourcesBody(x, c.View.Now())})
}

// sourceView is what one source's page is drawn from.
type sourceView struct {
	tabs []ui.Tab
	s    intel.Source
	may  bool
}

// intelSource is one source, and how it does.
func (c *Ctx) intelSource() error { return c.showSource(200, attempt{}) }

func (c *Ctx) showSource(status int, a attempt) error {
	x := sourceView{may: c.Viewer.May(policy.MayPost)}
	var err error
	if x.s, err = c.Intel.Source(c.View, c.R.PathValue("source")); err != nil {
		return err
	}
	if x.tabs, err = c.intelTabs(intelAtSources); err != nil {
		return err
	}
	return c.show(Page{Title: x.s.Name, Kind: "source", Status: status, Label: policy.Default(c.Viewer.Org), Live: []string{"*"}, Body: sourceBody(x, a, c.View.Now()), Right: sourceAside(x)})
}

// sourceForm is the form of a new source, or of one that is changed.
type sourceForm struct {
	tabs  []ui.Tab
	a     attempt
	key   string
	id    string // of the one that is changed
	name  string
	auth  string // what it has now
	terms termsView
}

// intelSourceNew is the form with which a source is added.
func (c *Ctx) intelSourceNew() error { return c.showSourceForm(200, attempt{}, "") }

// intelSourceEdit is the form with which a source is changed.
func (c *Ctx) intelSourceEdit() error {
	return c.showSourceForm(200, attempt{}, c.R.PathValue("source"))
}

func (c *Ctx) showSourceForm(status int, a attempt, id string) error {
	x := sourceForm{id: id, key: a.key("source", ids.Random(26))}
	title := "Add an outside source"
	if id != "" {
		s, err := c.Intel.Source(c.View, id)
		if err != nil {
			return err
		}
		x.name, x.auth, title = s.Name, s.Auth, "Change "+s.Name
		if a.which == "" {
			a = sourceAttempt(s)
		}
	}
	for _, f := range sourceSecrets {
		delete(a.t, f)
	}
	x.a = a
	var marking policy.TLP
	var err error
	if x.terms, marking, err = c.termsView("source", a); err != nil {
		return err
	}
	if x.tabs, err = c.intelTabs(intelAtSources); err != nil {
		return err
	}
	label := policy.Label{TLP: marking}
	if id != "" {
		label = stricter(policy.Default(c.Viewer.Org), marking)
	}
	return c.show(Page{Title: title, Kind: "compose", Status: status, Label: label, Body: sourceFormBody(x, title)})
}

// sourceAttempt is the form with a source in it.
func sourceAttempt(s intel.Source) attempt {
	t := s.Terms
	a := attempt{which: "source", lists: map[string][]string{}, t: typed{"name": s.Name, "kind": string(s.Kind), "url": s.URL, "collection": s.Collection, "keep": "1",
		"every": strconv.Itoa(int(s.Every / time.Minute)), "day_objects": strconv.FormatInt(s.DayObjects, 10), "day_mb": strconv.FormatInt(s.DayBytes>>20, 10),
		"reach": reachMarked, "floor": string(t.Floor), "unmarked": string(t.Unmarked), "attribution": string(t.Attribution), "scrub": string(t.Scrub), "why": t.Why, "pap": t.PAP, "ais": t.AIS}}
	if t.Floor == policy.AmberStrict && policy.NewAudience(t.Amber...).Equal(policy.NewAudience(policy.OfOrg(s.Org))) {
		a.t["reach"] = reachOwn
	}
	if !s.Since.IsZero() {
		a.t["since"] = s.Since.UTC().Format("2006-01-02")
	}
	if t.Review {
		a.t["review"] = "1"
	}
	for name, ps := range map[string][]policy.Principal{"green": t.Green, "amber": t.Amber, "red": t.Red} {
		for _, p := range ps {
			a.lists[name] = append(a.lists[name], string(p))
		}
	}
	return a
}

// typedSource is the source as it was typed.
func typedSource(a attempt, who policy.Viewer) (n intel.NewSource, err error) {
	var p check.Problems
	n = intel.NewSource{Name: a.t["name"], Kind: intel.SourceKind(a.t["kind"]), URL: a.t["url"], Collection: a.t["collection"], Keep: a.t["keep"] != "",
		Credentials: intel.Credentials{User: a.t["user"], Password: a.t["password"], Token: a.t["token"], Certificate: a.t["certificate"], Key: a.t["key"]}, Terms: importTerms(a, who)}
	n.Terms.Review = a.t["review"] != ""
	number := func(field, what string) int64 {
		s := strings.TrimSpace(a.t[field])
		if s == "" {
			return 0
		}
		v, err := strconv.ParseInt(s, 10, 40)
		if err != nil || v < 1 {
			p.Add(field, "%s is a whole number of at least 1.", what)
		}
		return v
	}
	n.Every = time.Duration(number("every", "How often it is read")) * time.Minute
	n.DayObjects = number("day_objects", "The quota")
	n.DayBytes = number("day_mb", "The quota") << 20
	n.Since = moment(&p, "since", "The day", a.t["since"], false)
	return n, p.Err()
}

// intelSourceAdd adds a source.
func (c *Ctx) intelSourceAdd() error {
	return c.sendSource("", doneSource, func(tx *db.Tx, n intel.NewSource, key string) (string, error) {
		id, again, err := tx.Once(key, "source "+n.Name+" "+n.URL, func() (string, error) { return c.Intel.Subscribe(tx, n) })
		return id, once(again, err)
	})
}

// intelSourceChange changes a source.
func (c *Ctx) intelSourceChange() error {
	id := c.R.PathValue("source")
	return c.sendSource(id, doneSourceChanged, func(tx *db.Tx, n intel.NewSource, _ string) (string, error) {
		return id, c.Intel.EditSource(tx, id, n)
	})
}

func (c *Ctx) sendSource(id, done string, do func(tx *db.Tx, n intel.NewSource, key string) (string, error)) error {
	return c.caseAct(caseForm{which: "source", fields: sourceFields, lists: termsListNames,
		show: func(status int, a attempt) error { return c.showSourceForm(status, a, id) },
		do: func(tx *db.Tx, a attempt) (string, error) {
			n, err := typedSource(a, tx.Viewer())
			if err != nil {
				return "", err
			}
			id, err := do(tx, n, a.t["idempotency_key"])
			return intelAtSources + "/" + id + "?done=" + done, renamed(err, "day_bytes", "day_mb")
		}})
}

func (c *Ctx) intelSourcePause() error {
	return c.turnSource(doneSourcePaused, false, c.Intel.PauseSource)
}

func (c *Ctx) intelSourceResume() error {
	return c.turnSource(doneSourceResumed, false, c.Intel.ResumeSource)
}

// intelSourcePull has a source asked at once.
func (c *Ctx) intelSourcePull() error {
	return c.turnSource(doneSourcePull, true, c.Intel.PullNow)
}

// turnSource does one act on a source; note says that it leaves no entry.
func (c *Ctx) turnSource(done string, note bool, turn func(*db.Tx, string) error) error {
	id := c.R.PathValue("source")
	write := c.write
	if note {
		write = c.note
	}
	if err := write(func(tx *db.Tx) error { return turn(tx, id) }); err != nil {
		a := attempt{which: "turn", errs: formErrors(err, "turn")}
		return c.again(err, func(status int) error { return c.showSource(status, a) })
	}
	return c.redirect(intelAtSources + "/" + id + "?done=" + done)
}

// intelSourceTrust confirms a certificate that a source shows since lately.
func (c *Ctx) intelSourceTrust() error {
	id := c.R.PathValue("source")
	return c.caseAct(caseForm{which: "turn", fields: []string{"fingerprint"}, show: c.showSource, do: func(tx *db.Tx, a attempt) (string, error) {
		return intelAtSources + "/" + id + "?done=" + doneSourceTrusted, c.Intel.TrustSource(tx, id, a.t["fingerprint"])
	}})
}

// intelSourceRemove ends a subscription.
func (c *Ctx) intelSourceRemove() error {
	id := c.R.PathValue("source")
	return c.caseAct(caseForm{which: "turn", fields: nil, show: c.showSource, do: func(tx *db.Tx, _ attempt) (string, error) {
		return intelAtSources + "?done=" + doneSourceRemoved, c.Intel.RemoveSource(tx, id)
	}})
}

// sourceState says in few words how a source does.
func sourceState(s intel.Source) string {
	switch {
	case s.State == intel.SourcePaused:
		return "paused"
	case s.State == intel.SourceStopped && s.Offered != "":
		return "certificate changed"
	case s.State == intel.SourceStopped:
		return "stopped"
	case s.Health.Running:
		return "is being read"
	case s.Health.Error != "":
		return "failing"
	case s.Full():
		return "quota of today used up"
	case s.Health.LastOK.IsZero():
		return "not read yet"
	}
	return "well"
}

// sourceNext is what comes next for a source.
func sourceNext(x sourceView, now time.Time) ui.Step {
	s, at := x.s, intelAtSources+"/"+x.s.ID
	button := func(st ui.Step, label, act string) ui.Step {
		if x.may {
			st.Button, st.Href, st.Method, st.Key = label, at+"/"+act, "post", "r"
		}
		return st
	}
	next := ""
	if !s.Health.NextTry.IsZero() && s.Health.NextTry.After(now) {
		next = "It is asked next " + ui.Relative(s.Health.NextTry, now) + "."
	}
	switch {
	case s.State == intel.SourcePaused:
		return button(ui.Step{Kind: "info", Sentence: "It is paused.", Detail: "It goes on from where it was."}, "Resume reading", "resume")
	case s.State == intel.SourceStopped && s.Offered != "":
		st := button(ui.Step{Kind: "danger", Sentence: "It shows another certificate than before, and is not read.",
			Detail: "Ask whoever runs it, by another way, whether they changed it. The new one’s fingerprint: " + s.Offered}, "Trust the new certificate", "trust")
		st.Hidden = []ui.Hidden{{Name: "fingerprint", Value: s.Offered}}
		st.Confirm, st.Key = "Trust the certificate with this fingerprint from now on?", ""
		return st
	case s.State == intel.SourceStopped:
		st := ui.Step{Kind: "danger", Sentence: "It is stopped.", Detail: s.Why}
		if x.may {
			st.Button, st.Href = "Read it in your name", at+"/edit"
		}
		return st
	case s.Health.Running:
		return ui.Step{Kind: "info", Sentence: "It is being read.", Detail: ui.Number(int(s.Health.Objects)) + " objects today."}
	case s.Health.Error != "":
		return button(ui.Step{Kind: "warn", Sentence: "The last try failed.", Detail: strings.TrimSpace(s.Health.Error + " " + next)}, "Ask it now", "pull")
	case s.Full():
		return ui.Step{Kind: "warn", Sentence: "Its quota of today is used up.", Detail: "It goes on tomorrow (UTC), or with a larger quota."}
	case s.Health.LastOK.IsZero():
		return button(ui.Step{Kind: "info", Sentence: "It was not read yet.", Detail: next}, "Ask it now", "pull")
	}
	detail := next
	if s.Health.More {
		detail = "It has more than was read so far. " + next
	}
	return button(ui.Step{Kind: "ok", Sentence: "It does well.", Detail: strings.TrimSpace(detail)}, "Ask it now", "pull")
}

func sourceRows(rows []intel.Source, now time.Time) (out [][]ui.Cell) {
	for _, s := range rows {
		last := ui.Cell{Text: "never", Muted: true}
		if !s.Health.LastOK.IsZero() {
			last = ui.Cell{Part: ui.ShortTime(s.Health.LastOK, now)}
		}
		next := ui.Cell{Text: "not by itself", Muted: true}
		if s.State == intel.SourceOn {
			if next = (ui.Cell{Text: "now"}); s.Health.NextTry.After(now) {
				next = ui.Cell{Part: ui.ShortTime(s.Health.NextTry, now)}
			}
		}
		out = append(out, []ui.Cell{
			{Text: s.Name, Href: intelAtSources + "/" + s.ID, Header: true},
			{Text: sourceKind(s.Kind)}, {Text: sourceState(s)}, last, next,
			{Text: ui.Number(int(s.Health.Objects))}, {Text: ui.Number(s.Health.Added)},
		})
	}
	return out
}

func sourceKind(k intel.SourceKind) string {
	if k == intel.SourceMISP {
		return "MISP feed"
	}
	return "TAXII 2.1"
}

// sourceFacts is how a source is set up.
func sourceFacts(s intel.Source) []ui.KV {
	kvs := []ui.KV{{Key: "Kind", Value: sourceKind(s.Kind)}, {Key: "Address", Value: s.URL, Mono: true}}
	if s.Collection != "" {
		kvs = append(kvs, ui.KV{Key: "Collection", Value: s.Collection, Mono: true})
	}
	auth := "none"
	if s.Auth != "" {
		auth = s.Auth + ", kept encrypted"
	}
	kvs = append(kvs, ui.KV{Key: "Credentials", Value: auth}, ui.KV{Key: "Read", Value: everyWords(s.Every)}, ui.KV{Key: "In the name of", Value: s.PersonName},
		ui.KV{Key: "Quota of a day", Value: fmt.Sprintf("%s objects, %s MB", ui.Number(int(s.DayObjects)), ui.Number(int(s.DayBytes>>20)))})
	if s.Pin != "" {
		kvs = append(kvs, ui.KV{Key: "Trusted certificate", Value: s.Pin, Mono: true})
	}
	return append(kvs, ui.KV{Key: "At the widest", Value: s.Terms.Floor.String()}, ui.KV{Key: "Unmarked objects", Value: s.Terms.Unmarked.String()})
}

// sourceHealth is how a source does, in figures.
func sourceHealth(s intel.Source, now time.Time) []ui.KV {
	h := s.Health
	when := func(key string, t time.Time) ui.KV {
		if t.IsZero() {
			return ui.KV{Key: key, Value: "never"}
		}
		return ui.KV{Key: key, Part: ui.RelTime(t, now)}
	}
	kvs := []ui.KV{when("Last success", h.LastOK), when("Last try", h.LastTry)}
	if s.State == intel.SourceOn && h.NextTry.After(now) {
		kvs = append(kvs, when("Next try", h.NextTry))
	}
	if h.Failures > 0 {
		kvs = append(kvs, ui.KV{Key: "Failures in a row", Value: ui.Number(h.Failures)})
	}
	kvs = append(kvs, ui.KV{Key: "Today", Value: fmt.Sprintf("%s, %s", ui.Count(int(h.Objects), "object", "objects"), fileSize(h.Bytes))},
		ui.KV{Key: "Added in all", Value: ui.Number(h.Added)}, ui.KV{Key: "Known already", Value: ui.Number(h.Same)}, ui.KV{Key: "Held", Value: ui.Number(h.Held)}, ui.KV{Key: "Refused", Value: ui.Number(h.Refused)},
		ui.KV{Key: "Our own that came back", Value: ui.Number(h.Back)})
	if h.Batch != "" {
		kvs = append(kvs, ui.KV{Key: "Brought last", Value: "See the batch", Href: intelAtBatches + "/" + h.Batch})
	}
	return kvs
}

// sourceEvery is how often a source can be read, in minutes.
var sourceEvery = []int{5, 15, 60, 6 * 60, 24 * 60, 7 * 24 * 60}

func everyWords(d time.Duration) string {
	switch m := int(d / time.Minute); {
	case m == 60:
		return "every hour"
	case m == 24*60:
		return "once a day"
	case m == 7*24*60:
		return "once a week"
	case m%60 == 0:
		return fmt.Sprintf("every %d hours", m/60)
	default:
		return fmt.Sprintf("every %d minutes", m)
	}
}

// everyOptions are the intervals to choose from, with the one there is.
func everyOptions(now string) (out []ui.Option) {
	have := slices.Clone(sourceEvery)
	if m, err := strconv.Atoi(now); err == nil && m > 0 && m < 1<<20 && !slices.Contains(have, m) {
		have = append(have, m)
		slices.Sort(have)
	}
	for _, m := range have {
		out = append(out, ui.Option{Value: strconv.Itoa(m), Text: everyWords(time.Duration(m) * time.Minute), Selected: m == 60})
	}
	return out
}
