package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// The two answers to who reads what is brought in.
const (
	reachOwn    = "own"    // nobody outside the sender's organization, however it is marked
	reachMarked = "marked" // whom each object's marking allows
)

// sniffed is how much of a file is looked at to know its format.
const sniffed = 64 << 10

var (
	termsFieldNames = []string{"reach", "floor", "unmarked", "attribution", "scrub", "why", "pap", "ais"}
	termsListNames  = []string{"green", "amber", "red"} // principals
	importFields    = append(slices.Clone(termsFieldNames), "format", "text", "idempotency_key")
)

// importView is what the import's form is drawn from.
type importView struct {
	text    string // of an object that is shared again
	tabs    []ui.Tab
	a       attempt
	key     string
	terms   termsView
	preview ui.Preview
}

// termsView is what the fields of the terms are drawn from.
type termsView struct {
	a     attempt
	which string // form that they are in
	legal string // why sharing is protected less than before; "" = it is not
	green []ui.Option
	amber []ui.Option
	red   []ui.Option
}

// intelImport is the form with which intelligence is brought in.
func (c *Ctx) intelImport() error { return c.showImport(200, attempt{}) }

func (c *Ctx) showImport(status int, a attempt) error {
	x := importView{a: a, key: a.key("import", ids.Random(26))}
	var err error
	if x.tabs, err = c.intelTabs(intelAtImport); err != nil {
		return err
	}
	var marking policy.TLP
	if x.terms, marking, err = c.termsView("import", a); err != nil {
		return err
	}
	if o, ok := c.sharedAgain(); ok {
		x.text, marking = string(o.Raw), stricter(policy.Label{TLP: marking}, o.Label.TLP).TLP
	}
	if x.preview, err = c.importPreview(c.View, a); err != nil {
		return err
	}
	return c.show(Page{Title: "Bring in threat intelligence", Kind: "compose", Status: status, Label: policy.Label{TLP: marking}, Body: importBody(x), Right: importAside()})
}

// termsView offers whom each marking may reach; the first of each is chosen at
// first. The page is marked like the strictest circle that it names.
func (c *Ctx) termsView(which string, a attempt) (x termsView, marking policy.TLP, err error) {
	x = termsView{a: a, which: which, legal: intel.LegalNotice(c.View.Now())}
	groups, marking, err := c.audienceGroups(c.View, nil, policy.Label{})
	if err != nil {
		return x, marking, err
	}
	own, me := string(policy.OfOrg(c.Viewer.Org)), string(policy.OfPerson(c.Viewer.Person))
	x.amber = []ui.Option{{Value: own, Text: c.Viewer.OrgName, Hint: "your organization’s named recipients", Selected: true}}
	x.red = []ui.Option{{Value: me, Text: c.Viewer.Name, Hint: "you", Selected: true}}
	for _, g := range groups {
		for _, o := range g.Options {
			switch p := policy.Principal(o.Value); {
			case p == policy.Public:
			case g.Title == "Community and kinds":
				o.Selected = p == policy.Community
				x.green = append(x.green, o)
			case g.Title == "Circles" && strings.HasPrefix(o.Hint, "yours"):
				x.amber = append(x.amber, o)
				if strings.HasSuffix(o.Hint, "named persons") {
					x.red = append(x.red, o)
				}
			}
		}
	}
	return x, marking, nil
}

// importTerms are the terms that a form says.
func importTerms(a attempt, who policy.Viewer) intel.Terms {
	t := intel.Terms{Attribution: intel.Attribution(a.t["attribution"]), Scrub: intel.Scrub(a.t["scrub"]), Why: a.t["why"], PAP: a.t["pap"], AIS: a.t["ais"],
		Unmarked: policy.TLP(a.t["unmarked"]), Floor: policy.TLP(a.t["floor"])}
	if t.Scrub != intel.ScrubJustified {
		t.Why = "" // a reason that was typed and then not needed
	}
	if a.t["reach"] != reachMarked {
		t.Floor, t.Unmarked = policy.AmberStrict, policy.AmberStrict
		t.Amber = []policy.Principal{policy.OfOrg(who.Org)}
		return t
	}
	principals := func(name string) (ps []policy.Principal) {
		for _, s := range a.lists[name] {
			ps = append(ps, policy.Principal(s))
		}
		return ps
	}
	t.Green, t.Amber, t.Red = principals("green"), principals("amber"), principals("red")
	return t
}

// importPreview says in words who would read what is brought in on these terms.
func (c *Ctx) importPreview(v *db.View, a attempt) (p ui.Preview, err error) {
	t := importTerms(a, v.Viewer())
	if t.Scrub == "" {
		t.Scrub = intel.ScrubClean // whom it reaches can be said before the review is
	}
	if t.Scrub == intel.ScrubJustified && t.Why == "" {
		t.Why = "-"
	}
	return c.termsPreview(v, t)
}

// termsPreview says in words who would read what comes in on terms.
func (c *Ctx) termsPreview(v *db.View, t intel.Terms) (p ui.Preview, err error) {
	t, err = c.Intel.Check(v, t)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		p.Problem = fault.Sentence(err)
		return p, nil
	}
	if err != nil {
		return p, err
	}
	widest := t.Label(t.Floor)
	p.Label = string(widest.TLP)
	reach, err := c.Members.Reach(v, widest)
	if err != nil {
		return p, err
	}
	p.Rows = audienceRows(reach)
	switch {
	case reach.Everyone:
		p.Button, p.Sentence = "Share as marked, up to everyone", "TLP:CLEAR objects will be on the public web, and cannot be taken back from there."
	case widest.Audience.Has(policy.Community):
		p.Button, p.Sentence = "Share with the community", "At most "+reach.Sentence()+" will see it: the community, and fewer where an object is marked so."
	case widest.Audience.Equal(policy.NewAudience(policy.OfOrg(v.Viewer().Org))):
		p.Button, p.Sentence = "Bring it in for "+v.Viewer().OrgName, "Only your organization will see it: "+ui.Count(reach.People, "person", "people")+"."
	case widest.Audience.Equal(policy.NewAudience(policy.OfPerson(v.Viewer().Person))):
		p.Button, p.Sentence = "Bring it in for yourself", "You alone will see it."
	default:
		p.Button, p.Sentence = "Share with "+reach.Sentence(), "At most "+reach.Sentence()+" will see it, and fewer where an object is marked so."
	}
	return p, nil
}

// intelImportPreview answers the form's question who would see it, as JSON.
func (c *Ctx) intelImportPreview() error {
	a := attempt{which: "import", lists: map[string][]string{}}
	var err error
	if a.t, err = c.typed(importFields...); err != nil {
		return err
	}
	for _, name := range termsListNames {
		a.lists[name] = c.R.PostForm[name]
	}
	var p ui.Preview
	err = c.read(func(v *db.View) error { p, err = c.importPreview(v, a); return err })
	if err != nil {
		return err
	}
	return c.previewJSON(p)
}

// intelTake takes what the form brings: a file as it comes, or a pasted text.
func (c *Ctx) intelTake() error {
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, intel.MaxFile+maxForm)
	a := attempt{which: "import", t: typed{}, lists: map[string][]string{}}
	parts, err := c.R.MultipartReader()
	if err != nil {
		return fault.Invalidf("The form could not be read. Load the page again.")
	}
	b, err := c.takeParts(&a, parts)
	if err != nil {
		if k := fault.KindOf(err); k == fault.Internal && errors.As(err, new(*http.MaxBytesError)) {
			err = fault.InvalidField("file", "The file is larger than %d GiB. Split it.", intel.MaxFile>>30)
		}
		_, _ = io.Copy(io.Discard, c.R.Body) // a browser that is not read to the end does not hear the answer
		a.errs = formErrors(renamed(renamed(err, "file", "upload"), "name", "upload"), "import", append([]string{"upload"}, append(slices.Clone(importFields), termsListNames...)...)...)
		return c.again(err, func(status int) error { return c.showImport(status, a) })
	}
	done := doneImporting
	if b.State == intel.Stopped {
		done = doneImportColumns
	}
	return c.redirect(intelAtBatches + "/" + b.ID + "?done=" + done)
}

var (
	doneImporting     = greeting("intel-importing", "ok", "The file is kept and being read. You may leave this page.")
	doneImportColumns = greeting("intel-columns", "ok", "The file is kept. Look at its columns, then take it in.")
)

// takeParts reads the form. Its fields come before its file, so that what cannot
// be sent is told before a large file was waited for.
func (c *Ctx) takeParts(a *attempt, parts *multipart.Reader) (*intel.Batch, error) {
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil || n > maxParts {
			return nil, c.truncated(err)
		}
		name := part.FormName()
		if name == "upload" {
			if part.FileName() == "" {
				continue
			}
			if strings.TrimSpace(a.t["text"]) != "" {
				return nil, fault.InvalidField("text", "Choose a file or paste a text, not both.")
			}
			return c.acceptIntel(*a, path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")), part)
		}
		b, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return nil, c.truncated(err)
		}
		_, twice := a.t[name]
		switch {
		case len(b) > maxField:
			return nil, fault.InvalidField("text", "A pasted text has at most 1 MB. Send it as a file.")
		case slices.Contains(termsListNames, name):
			a.lists[name] = append(a.lists[name], string(b))
		case twice:
			return nil, fault.Invalidf("The form sent %q twice. Load the page again and send it once more.", name)
		case slices.Contains(importFields, name):
			a.t[name] = string(b)
		}
	}
	if strings.TrimSpace(a.t["text"]) == "" {
		return nil, fault.InvalidField("upload", "Choose a file, or paste a text.")
	}
	return c.acceptIntel(*a, "pasted text", strings.NewReader(a.t["text"]))
}

// acceptIntel keeps a file and queues its reading. A table of columns is looked at
// before it is read.
func (c *Ctx) acceptIntel(a attempt, name string, body io.Reader) (*intel.Batch, error) {
	in := bufio.NewReaderSize(body, sniffed)
	head, err := in.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, c.truncated(err)
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, fault.InvalidField("upload", "The file is empty.")
	}
	format := intel.Format(a.t["format"])
	if format == "" {
		format = intel.Sniff(name, head)
	}
	if !slices.Contains([]intel.Format{intel.FormatSTIX, intel.FormatMISP, intel.FormatCSV}, format) {
		return nil, fault.InvalidField("format", "Choose what the file is: a STIX bundle, a MISP event, or a table of indicators.")
	}
	return c.Intel.Accept(c.R.Context(), c.DB, c.Viewer, intel.NewBatch{Via: "page", Name: name, Format: format, Terms: importTerms(a, c.Viewer),
		Paused: format == intel.FormatCSV, Key: a.t["idempotency_key"]}, in)
}

// previewRows is who would see it, as the script writes it.
func previewRows(rows []ui.AudienceRow) (kvs []ui.KV) {
	for _, r := range rows {
		kv := ui.KV{Key: r.Org}
		if r.Kind != "" {
			kv.Key += " (" + r.Kind + ")"
		}
		if r.People > 0 {
			kv.Value = ui.Count(r.People, "person", "people")
		}
		kvs = append(kvs, kv)
	}
	return kvs
}
