package api

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// IntelBatch is what your organization sent at once, and what became of it.
type IntelBatch struct {
	ID       string         `json:"id"`
	At       time.Time      `json:"at"`
	Person   string         `json:"person"`
	Name     string         `json:"name"`
	Via      string         `json:"via"`
	Source   string         `json:"source,omitempty"`
	Format   string         `json:"format" enum:"stix,misp,csv"`
	State    string         `json:"state" enum:"queued,running,done,stopped,broken"`
	Percent  int            `json:"percent" doc:"How much of the file was read"`
	Size     int64          `json:"size" doc:"Bytes"`
	Seen     int            `json:"seen" doc:"Objects that were read"`
	Added    int            `json:"added"`
	Same     int            `json:"same" doc:"Known already"`
	Held     int            `json:"held" doc:"They wait for a person"`
	Refused  int            `json:"refused"`
	Problems []IntelProblem `json:"problems" doc:"The first 200"`
	Basis    string         `json:"basis,omitempty" doc:"The law in force that day; missing if none is known to be"`
	EndedAt  time.Time      `json:"ended_at,omitzero"`
}

// IntelProblem is what is wrong with one object or row.
type IntelProblem struct {
	Where  string `json:"where"`
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
}

func batchShape(b *intel.Batch) IntelBatch {
	out := IntelBatch{ID: b.ID, At: utc(b.At), Person: b.PersonName, Name: b.Name, Via: b.Via, Source: b.Source, Format: string(b.Format), State: string(b.State), Size: b.Size, Seen: b.Seen,
		Added: b.Added, Same: b.Same, Held: b.Tally.Held, Refused: b.Refused, Problems: []IntelProblem{}, Basis: b.Basis, EndedAt: utc(b.Ended)}
	if b.State == intel.Done {
		out.Percent = 100
	} else if b.Size > 0 {
		out.Percent = int(min(b.Consumed*100/b.Size, 99))
	}
	for _, p := range b.Problems {
		out.Problems = append(out.Problems, IntelProblem(p))
	}
	return out
}

// importTime is how long a file of 2 GiB may take to arrive.
const importTime = 2 * time.Hour

// importParams are the terms of an import, in its address.
var importParams = []struct{ name, about string }{
	{"name", "The file's name"},
	{"format", "stix, misp or csv; told by the file's beginning if it is left out"},
	{"unmarked", "How objects without a traffic light are marked; AMBER+STRICT if it is left out"},
	{"floor", "Nothing is marked wider than this; CLEAR if it is left out"},
	{"green", "Whom GREEN objects reach, as principals with commas between; the community if it is left out"},
	{"amber", "Whom AMBER and AMBER+STRICT objects reach; your organization if it is left out"},
	{"red", "Whom RED objects reach; you if it is left out"},
	{"attribution", "named, community or anonymous"},
	{"pap", "Permissible actions: RED, AMBER, GREEN or CLEAR"},
	{"ais", "Consent to Automated Indicator Sharing: none, usg, everyone or everyone-cisa-proprietary"},
	{"scrub", "What your review for personal data found: clean, removed or justified; needed for what leaves your organization"},
	{"why", "With scrub=justified: why what is there may be there"},
}

func importIntelDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of a file, or a form with one part, file. At most 2 GiB. It is kept and queued when this answers, and read in the background: ask for the batch to see how far it is. " +
		"What is marked stricter than you choose keeps its marking. With an Idempotency-Key, what is sent again is taken once."
	for _, p := range importParams {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "query", Schema: &huma.Schema{Type: "string"}, Description: p.about})
	}
	op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string"}})
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {}, "application/json": {}, "application/stix+json": {}, "text/csv": {},
		"multipart/form-data": {Schema: &huma.Schema{Type: "object", Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: "string", ContentEncoding: "binary"}}}},
	}}
	op.Responses["202"] = &huma.Response{Description: "It is kept and will be read",
		Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(IntelBatch{})}},
		Headers: map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: "string"}}}}
}

// importIntel takes a file in, streaming.
func (c *call) importIntel(w http.ResponseWriter) {
	b, err := c.takeIntel(w)
	if tooLarge(err) {
		err = &refusal{status: http.StatusRequestEntityTooLarge, sentence: "The file is larger than 2 GiB. Split it."}
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	w.Header().Set("Location", location("intel/batches", "")+b.ID)
	sendJSON(w, http.StatusAccepted, batchShape(b))
}

func (c *call) takeIntel(w http.ResponseWriter) (*intel.Batch, error) {
	if err := c.look(func() error { return nil }); err != nil {
		return nil, err
	}
	key := Keyed{c.r.Header.Get("Idempotency-Key")}
	if err := key.check(); err != nil {
		return nil, err
	}
	n := intel.NewBatch{Via: "api", Key: key.Key}
	if err := readImport(c.r, &n); err != nil {
		return nil, err
	}
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(importTime)) // not every connection has one
	var body io.Reader = http.MaxBytesReader(w, c.r.Body, intel.MaxFile+1<<20)
	media, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if media == "multipart/form-data" {
		part, err := multipart.NewReader(body, params["boundary"]).NextPart()
		if err != nil || part.FormName() != "file" {
			return nil, fault.InvalidField("file", "Send a form with one part, named file.")
		}
		if n.Name == "" {
			n.Name = part.FileName()
		}
		body = part
	}
	if n.Name == "" {
		n.Name = "sent by a program"
	}
	head := make([]byte, 4096)
	got, err := io.ReadFull(body, head)
	switch {
	case err == io.EOF:
		return nil, fault.InvalidField("file", "There is nothing in the file.")
	case err != nil && err != io.ErrUnexpectedEOF:
		return nil, err
	}
	if n.Format == "" {
		if n.Format = intel.Sniff(n.Name, head[:got]); n.Format == "" {
			return nil, fault.InvalidField("format", "Say the format: stix, misp or csv.")
		}
	}
	return c.Intel.Accept(c.r.Context(), c.DB, c.who, n, io.MultiReader(strings.NewReader(string(head[:got])), body))
}

// readImport reads the terms of an import. Those that nobody knows are refused, so
// that a misspelt one is not left out.
func readImport(r *http.Request, n *intel.NewBatch) error {
	var bad []fault.Field
	known := map[string]bool{}
	for _, p := range importParams {
		known[p.name] = true
	}
	q := r.URL.Query()
	for name, values := range q {
		if !known[name] {
			return fault.InvalidField("query", "The address names something that is no part of an import.")
		}
		if len(values) > 1 {
			bad = append(bad, fault.Field{Name: name, Message: "Say this once."})
		}
	}
	t := &n.Terms
	n.Name, n.Format = q.Get("name"), intel.Format(q.Get("format"))
	if n.Format != "" && n.Format != intel.FormatSTIX && n.Format != intel.FormatMISP && n.Format != intel.FormatCSV {
		bad = append(bad, fault.Field{Name: "format", Message: "The format is stix, misp or csv."})
	}
	for name, to := range map[string]*policy.TLP{"unmarked": &t.Unmarked, "floor": &t.Floor} {
		tlp, err := markingOf(name, strings.ReplaceAll(q.Get(name), " ", "+")) // a bare + in an address is a space
		if err != nil {
			bad = append(bad, fault.FieldsOf(err)...)
		}
		*to = tlp
	}
	for name, to := range map[string]*[]policy.Principal{"green": &t.Green, "amber": &t.Amber, "red": &t.Red} {
		if q.Get(name) == "" {
			continue
		}
		a, err := policy.ParseAudience(strings.Split(q.Get(name), ","))
		if err != nil {
			bad = append(bad, fault.Field{Name: name, Message: "Write principals with commas between: community, kind:…, org:…, circle:…, person:…, with full ids."})
			continue
		}
		*to = a.Members()
	}
	t.Attribution, t.PAP, t.AIS, t.Scrub, t.Why = intel.Attribution(q.Get("attribution")), q.Get("pap"), q.Get("ais"), intel.Scrub(q.Get("scrub")), q.Get("why")
	return fault.InvalidFields(bad)
}

// InBatch is an operation on a batch.
type InBatch struct {
	Batch string `path:"batch" doc:"A batch's id"`
}

func (c *call) intelBatches(in *Paging) (*answer[list[IntelBatch]], error) {
	_, before, err := c.place("batches", "batch", in.Cursor)
	if err != nil {
		return nil, err
	}
	bs, err := c.Intel.Batches(c.view, before, in.Limit)
	if fault.Is(err, fault.Missing) {
		return nil, fault.InvalidField("cursor", "This place in the list is not there any more. Begin without a cursor.")
	}
	if err != nil {
		return nil, err
	}
	out := list[IntelBatch]{Items: []IntelBatch{}}
	for _, b := range bs {
		out.Items = append(out.Items, batchShape(b))
	}
	if len(bs) == in.Limit {
		last := bs[len(bs)-1]
		out.Next = c.cursor("batches", last.At, last.ID)
	}
	return &answer[list[IntelBatch]]{out}, nil
}

func (c *call) readBatch(v *db.View, id string) (IntelBatch, error) {
	b, err := c.Intel.Batch(v, id)
	if err != nil {
		return IntelBatch{}, err
	}
	return batchShape(b), nil
}

func (c *call) intelBatch(in *InBatch) (*answer[IntelBatch], error) {
	out, err := c.readBatch(c.view, in.Batch)
	return &answer[IntelBatch]{out}, err
}

func (c *call) stopBatch(in *InBatch) (*answer[IntelBatch], error) {
	return changes(c, in.Batch, func(tx *db.Tx) error { return c.Intel.Stop(tx, in.Batch) }, c.readBatch)
}

func (c *call) resumeBatch(in *InBatch) (*answer[IntelBatch], error) {
	return changes(c, in.Batch, func(tx *db.Tx) error { return c.Intel.Resume(tx, in.Batch) }, c.readBatch)
}

// IntelHeld is an object that waits for somebody, or waited.
type IntelHeld struct {
	ID        string          `json:"id"`
	Batch     string          `json:"batch,omitempty" doc:"If it is your organization's"`
	At        time.Time       `json:"at"`
	Why       string          `json:"why" enum:"foreign,other,marking,wider,personal,review"`
	Detail    string          `json:"detail"`
	Want      Label           `json:"want" doc:"The label that it would get"`
	State     string          `json:"state" enum:"waiting,accepted,discarded"`
	DecidedAt time.Time       `json:"decided_at,omitzero"`
	Mine      bool            `json:"mine" doc:"You are among those who decide"`
	Object    json.RawMessage `json:"object"`
}

func (c *call) heldShape(v *db.View, h intel.Held) (IntelHeld, error) {
	want, err := c.label(v, h.Want)
	if err != nil {
		return IntelHeld{}, err
	}
	mine, err := c.Intel.MayDecide(v, h)
	if err != nil {
		return IntelHeld{}, err
	}
	out := IntelHeld{ID: h.ID, At: utc(h.At), Why: string(h.Why), Detail: h.Detail, Want: want, State: h.State, DecidedAt: utc(h.Decided), Mine: mine && h.State == "waiting", Object: json.RawMessage(h.Object.Raw)}
	if _, err := c.Intel.Batch(v, h.Batch); err == nil {
		out.Batch = h.Batch
	} else if !fault.Is(err, fault.Missing) {
		return out, err
	}
	return out, nil
}

func (c *call) intelHeldList(in *Paging) (*answer[list[IntelHeld]], error) {
	_, after, err := c.place("held", "held", in.Cursor)
	if err != nil {
		return nil, err
	}
	hs, err := c.Intel.Waiting(c.view, after, in.Limit)
	if fault.Is(err, fault.Missing) {
		return nil, fault.InvalidField("cursor", "This place in the list is not there any more. Begin without a cursor.")
	}
	out, err := listed(c.view, hs, err, c.heldShape)
	if err == nil && len(hs) == in.Limit {
		last := hs[len(hs)-1]
		out.Body.Next = c.cursor("held", last.At, last.ID)
	}
	return out, err
}

// InHeld is an operation on an object that waits.
type InHeld struct {
	Held string `path:"held" doc:"A held object's id"`
}

func (c *call) readHeld(v *db.View, id string) (IntelHeld, error) {
	h, err := c.Intel.Held(v, id)
	if err != nil {
		return IntelHeld{}, err
	}
	return c.heldShape(v, h)
}

func (c *call) intelHeld(in *InHeld) (*answer[IntelHeld], error) {
	out, err := c.readHeld(c.view, in.Held)
	return &answer[IntelHeld]{out}, err
}

func (c *call) decideHeld(in *struct {
	InHeld
	Body struct {
		Accept bool   `json:"accept"`
		Why    string `json:"why,omitempty" doc:"Needed to discard it, and to let personal data in"`
		TLP    string `json:"tlp,omitempty" doc:"How it is marked, if its marking is not known"`
	}
}) (*answer[IntelHeld], error) {
	tlp, err := markingOf("tlp", in.Body.TLP)
	if err != nil {
		return nil, err
	}
	return changes(c, in.Held, func(tx *db.Tx) error {
		_, err := c.Intel.Decide(tx, in.Held, intel.Decision{Accept: in.Body.Accept, Why: in.Body.Why, Label: tlp})
		return err
	}, c.readHeld)
}
