package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/vulns"
)

// VulnBatch is a file of records, and what became of it.
type VulnBatch struct {
	ID           string        `json:"id"`
	At           time.Time     `json:"at"`
	Person       string        `json:"person,omitempty" doc:"Missing if a feed brought it"`
	Organization string        `json:"organization"`
	OrgName      string        `json:"organization_name"`
	Feed         string        `json:"feed,omitempty"`
	Name         string        `json:"name"`
	Kind         string        `json:"kind" enum:"osv,cve,kev,epss,csaf"`
	State        string        `json:"state" enum:"queued,running,done,stopped,broken"`
	Percent      int           `json:"percent" doc:"How much of the file was read"`
	Size         int64         `json:"size" doc:"Bytes"`
	Seen         int           `json:"seen" doc:"Records that were read"`
	Added        int           `json:"added"`
	Changed      int           `json:"changed"`
	Same         int           `json:"same" doc:"Known as they are, or in a newer form"`
	Withdrawn    int           `json:"withdrawn" doc:"Among those added or changed: taken back by their source"`
	Skipped      int           `json:"skipped" doc:"They cannot be read, or were refused"`
	Problems     []VulnProblem `json:"problems" doc:"The first 200"`
	SHA256       string        `json:"sha256"`
	EndedAt      time.Time     `json:"ended_at,omitzero"`
	Label        Label         `json:"label" doc:"Of the records that it brings"`
}

// VulnProblem is what is wrong with one record.
type VulnProblem struct {
	Where  string `json:"where"`
	Reason string `json:"reason"`
}

func (c *call) vulnBatchShape(v *db.View, b *vulns.Batch) (VulnBatch, error) {
	l, err := c.label(v, b.Label)
	out := VulnBatch{ID: b.ID, At: utc(b.At), Person: b.PersonName, Organization: b.Org, OrgName: b.OrgName, Feed: b.Feed, Name: b.Name, Kind: string(b.Kind), State: string(b.State), Size: b.Size, Seen: b.Seen,
		Added: b.Added, Changed: b.Changed, Same: b.Same, Withdrawn: b.Withdrawn, Skipped: b.Skipped, Problems: []VulnProblem{}, SHA256: b.Fingerprint, EndedAt: utc(b.Ended), Label: l}
	if b.State == vulns.Done {
		out.Percent = 100
	} else if b.Size > 0 {
		out.Percent = int(min(b.Consumed*100/b.Size, 99))
	}
	for _, p := range b.Problems {
		out.Problems = append(out.Problems, VulnProblem(p))
	}
	return out, err
}

func (c *call) readVulnBatch(v *db.View, id string) (VulnBatch, error) {
	b, err := c.Vulns.Batch(v, id)
	if err != nil {
		return VulnBatch{}, err
	}
	return c.vulnBatchShape(v, b)
}

func vulnInDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of a file, or a form with one part, file. At most 2 GiB. It is kept and queued when this answers, and read in the background: ask for the batch to see how far it is. " +
		"OSV and CVE records one, as lines, as an array or as a ZIP archive; CISA's catalogue as JSON or CSV; EPSS as CSV, packed or not; CSAF one or as a ZIP archive. With an Idempotency-Key, what is sent again is taken once."
	takesFile(op, "application/json", "application/zip", "text/csv", "application/octet-stream")
	op.Parameters = append(op.Parameters, keyParam)
	queries(op, append([]string{"kind", "osv, cve, kev, epss or csaf", "name", "The file's name", "feed", "A feed that is read from files; its label is the records' then"}, labelQueries...)...)
	op.Responses["202"] = &huma.Response{Description: "It is kept and will be read",
		Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(VulnBatch{})}},
		Headers: map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: "string"}}}}
}

// importVulns takes a file of records in, streaming.
func (c *call) importVulns(w http.ResponseWriter) {
	var out VulnBatch
	err := func() error {
		q, name, body, _, err := c.incoming(w, vulns.MaxFile, importTime, "kind", "feed", "tlp", "audience")
		if err != nil {
			return err
		}
		key := Keyed{c.r.Header.Get("Idempotency-Key")}
		if err := key.check(); err != nil {
			return err
		}
		n := vulns.NewBatch{Name: name, Kind: vulns.Kind(q.Get("kind")), Feed: q.Get("feed"), Key: key.Key}
		if n.Label, err = labelIn(q); err != nil {
			return err
		}
		b, err := c.Vulns.Accept(c.r.Context(), c.DB, c.who, n, body)
		if err != nil {
			if n.Feed != "" && fault.Is(err, fault.Missing) {
				return fault.InvalidField("feed", "There is no such feed.")
			}
			return renamed(err, "label", "tlp")
		}
		return c.snapshot(func(v *db.View) error { out, err = c.readVulnBatch(v, b.ID); return err })
	}()
	if tooLarge(err) {
		err = &refusal{status: http.StatusRequestEntityTooLarge, sentence: "The file is larger than 2 GiB. Split it."}
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	w.Header().Set("Location", location("vuln-batches", out.ID))
	sendJSON(w, http.StatusAccepted, out)
}

func (c *call) vulnBatches(in *struct {
	Paging
	Feed string `query:"feed" maxLength:"100" doc:"Only what this feed brought"`
}) (*answer[list[VulnBatch]], error) {
	_, before, err := c.place("vuln-batches", "vbatch", in.Cursor)
	if err != nil {
		return nil, err
	}
	bs, err := c.Vulns.Batches(c.view, in.Feed, before, in.Limit)
	if before != "" && fault.Is(err, fault.Missing) {
		return nil, fault.InvalidField("cursor", "This place in the list is not there any more. Begin without a cursor.")
	}
	out, err := listed(c.view, bs, err, c.vulnBatchShape)
	if err == nil && len(bs) == in.Limit {
		last := bs[len(bs)-1]
		out.Body.Next = c.cursor("vuln-batches", last.At, last.ID)
	}
	return out, err
}

// InVulnBatch is an operation on a batch of records.
type InVulnBatch struct {
	Batch string `path:"vbatch" doc:"A batch's id"`
}

func (c *call) vulnBatch(in *InVulnBatch) (*answer[VulnBatch], error) {
	out, err := c.readVulnBatch(c.view, in.Batch)
	return &answer[VulnBatch]{out}, err
}

func (c *call) stopVulnBatch(in *InVulnBatch) (*answer[VulnBatch], error) {
	return changes(c, in.Batch, func(tx *db.Tx) error { return c.Vulns.Stop(tx, in.Batch) }, c.readVulnBatch)
}

func (c *call) resumeVulnBatch(in *InVulnBatch) (*answer[VulnBatch], error) {
	return changes(c, in.Batch, func(tx *db.Tx) error { return c.Vulns.Resume(tx, in.Batch) }, c.readVulnBatch)
}

// VulnFeed is a feed of vulnerabilities, and how it does.
type VulnFeed struct {
	ID      string     `json:"id"`
	AddedAt time.Time  `json:"added_at"`
	AddedBy string     `json:"added_by"`
	Name    string     `json:"name"`
	Kind    string     `json:"kind" enum:"osv,cve,kev,epss,csaf"`
	Place   string     `json:"place" enum:"file,folder,url" doc:"Where its content comes from"`
	Address string     `json:"address,omitempty"`
	Minutes int64      `json:"minutes" doc:"Between two looks"`
	State   string     `json:"state" enum:"on,paused"`
	Late    bool       `json:"late,omitempty" doc:"It was not read for more than twice its interval"`
	Health  FeedHealth `json:"health"`
	Label   Label      `json:"label" doc:"Of the records that it brings"`
}

// FeedHealth is how a feed does. All counts are of what it brought last.
type FeedHealth struct {
	LastTry   time.Time `json:"last_try,omitzero"`
	LastOK    time.Time `json:"last_ok,omitzero"`
	NextTry   time.Time `json:"next_try,omitzero"`
	Failures  int       `json:"failures" doc:"In a row"`
	Error     string    `json:"error,omitempty"`
	SHA256    string    `json:"sha256,omitempty" doc:"Of the newest content"`
	Batch     string    `json:"batch,omitempty"`
	Running   bool      `json:"running,omitempty" doc:"That is being read"`
	Seconds   int64     `json:"seconds" doc:"How long that took"`
	Added     int       `json:"added"`
	Changed   int       `json:"changed"`
	Same      int       `json:"same"`
	Withdrawn int       `json:"withdrawn"`
	Skipped   int       `json:"skipped"`
}

func (c *call) feedShape(v *db.View, f vulns.Feed) (VulnFeed, error) {
	l, err := c.label(v, f.Label)
	h := f.Health
	return VulnFeed{f.ID, utc(f.At), f.PersonName, f.Name, string(f.Kind), string(f.Place), f.Address, int64(f.Every / time.Minute), string(f.State), f.Late(v.Now()),
		FeedHealth{utc(h.LastTry), utc(h.LastOK), utc(h.NextTry), h.Failures, h.Error, h.Fingerprint, h.Batch, h.Running, h.Seconds, h.Added, h.Changed, h.Same, h.Withdrawn, h.Skipped}, l}, err
}

func (c *call) readFeed(v *db.View, id string) (VulnFeed, error) {
	f, err := c.Vulns.Feed(v, id)
	if err != nil {
		return VulnFeed{}, err
	}
	return c.feedShape(v, f)
}

func (c *call) feedList(*nothing) (*answer[list[VulnFeed]], error) {
	fs, err := c.Vulns.Feeds(c.view)
	return listed(c.view, fs, err, c.feedShape)
}

// InFeed is an operation on a feed.
type InFeed struct {
	Feed string `path:"feed" doc:"A feed's id"`
}

func (c *call) feed(in *InFeed) (*answer[VulnFeed], error) {
	out, err := c.readFeed(c.view, in.Feed)
	return &answer[VulnFeed]{out}, err
}

func (c *call) addFeed(in *struct {
	Keyed
	Body struct {
		Name    string    `json:"name"`
		Kind    string    `json:"kind" enum:"osv,cve,kev,epss,csaf"`
		Place   string    `json:"place" enum:"file,folder,url" doc:"Files are sent as batches; a folder is of the server, below those that its operator named"`
		Address string    `json:"address,omitempty" doc:"The folder's path, or the https address"`
		Minutes int64     `json:"minutes,omitempty" minimum:"0" maximum:"44640" doc:"Between two looks, 15 at least; a day if it is left out"`
		Label   *NewLabel `json:"label,omitempty" doc:"Of the records that it brings; CLEAR, for everybody, if it is left out"`
	}
}) (*created[VulnFeed], error) {
	b := in.Body
	n := vulns.NewFeed{Name: b.Name, Kind: vulns.Kind(b.Kind), Place: vulns.Place(b.Place), Address: b.Address, Every: time.Duration(b.Minutes) * time.Minute}
	var err error
	if n.Label, err = b.Label.parse(); err != nil {
		return nil, err
	}
	out, err := makes(c, in.Keyed, "/api/v1/vuln-feeds/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "add-feed", b, func() (string, error) { return c.Vulns.AddFeed(tx, n) })
	}, c.readFeed)
	return out, renamed(err, "every", "minutes")
}

func (c *call) editFeed(in *struct {
	InFeed
	Body struct {
		Name    *string   `json:"name,omitempty"`
		Place   *string   `json:"place,omitempty"`
		Address *string   `json:"address,omitempty"`
		Minutes *int64    `json:"minutes,omitempty" minimum:"15" maximum:"44640"`
		Label   *NewLabel `json:"label,omitempty" doc:"With another label all of it is read again"`
	}
}) (*answer[VulnFeed], error) {
	b := in.Body
	l, err := b.Label.parse()
	if err != nil {
		return nil, err
	}
	out, err := changes(c, in.Feed, func(tx *db.Tx) error {
		f, err := c.Vulns.Feed(tx.View, in.Feed)
		if err != nil {
			return err
		}
		n := vulns.NewFeed{Name: f.Name, Kind: f.Kind, Place: f.Place, Address: f.Address, Every: f.Every, Label: f.Label}
		put(&n.Name, b.Name)
		put((*string)(&n.Place), b.Place)
		put(&n.Address, b.Address)
		if b.Minutes != nil {
			n.Every = time.Duration(*b.Minutes) * time.Minute
		}
		if b.Label != nil {
			n.Label = l
		}
		return c.Vulns.ChangeFeed(tx, in.Feed, n)
	}, c.readFeed)
	return out, renamed(err, "every", "minutes")
}

func (c *call) pauseFeed(in *InFeed) (*answer[VulnFeed], error) {
	return changes(c, in.Feed, func(tx *db.Tx) error { return c.Vulns.PauseFeed(tx, in.Feed) }, c.readFeed)
}

func (c *call) resumeFeed(in *InFeed) (*answer[VulnFeed], error) {
	return changes(c, in.Feed, func(tx *db.Tx) error { return c.Vulns.ResumeFeed(tx, in.Feed) }, c.readFeed)
}

func (c *call) pullFeed(in *InFeed) (*answer[VulnFeed], error) {
	return notes(c, in.Feed, func(tx *db.Tx) error { return c.Vulns.PullNow(tx, in.Feed) }, c.readFeed)
}

func (c *call) removeFeed(in *InFeed) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Vulns.RemoveFeed(tx, in.Feed) })
}
