package api

import (
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
)

// SBOM is a software bill of materials of a product's version.
type SBOM struct {
	ID           string       `json:"id"`
	At           time.Time    `json:"at"`
	Person       string       `json:"person" doc:"Who sent it"`
	Organization string       `json:"organization"`
	OrgName      string       `json:"organization_name"`
	Via          string       `json:"via" enum:"page,api,command,build"`
	Product      string       `json:"product"`
	Version      string       `json:"version,omitempty" doc:"Of the product"`
	Name         string       `json:"name" doc:"Of the file"`
	State        string       `json:"state" enum:"queued,done,broken,withdrawn"`
	Why          string       `json:"why,omitempty" doc:"Why it cannot be read, or was withdrawn"`
	Percent      int          `json:"percent" doc:"How much of the file was read"`
	Matched      bool         `json:"matched" doc:"It was compared with what is known: before, that there is no finding says nothing"`
	Size         int64        `json:"size" doc:"Bytes"`
	SHA256       string       `json:"sha256"`
	Components   int          `json:"components"`
	Edges        int          `json:"edges" doc:"Relationships between them"`
	Root         int          `json:"root,omitempty" doc:"The component that it describes"`
	Document     SBOMDocument `json:"document"`
	Quality      SBOMQuality  `json:"quality"`
	EndedAt      time.Time    `json:"ended_at,omitzero"`
	Label        Label        `json:"label"`
}

// SBOMDocument is what the file says of itself.
type SBOMDocument struct {
	Format   string    `json:"format,omitempty" doc:"CycloneDX or SPDX"`
	Spec     string    `json:"spec,omitempty" doc:"Its version"`
	Encoding string    `json:"encoding,omitempty" doc:"json, xml or tag-value"`
	Serial   string    `json:"serial,omitempty"`
	Name     string    `json:"name,omitempty"`
	Created  time.Time `json:"created,omitzero"`
	Authors  []string  `json:"authors"`
	Tools    []string  `json:"tools"`
	Supplier string    `json:"supplier,omitempty"`
}

// SBOMQuality says how complete it is, and how to improve it.
type SBOMQuality struct {
	Score  int         `json:"score" doc:"0 to 100"`
	Shares []SBOMShare `json:"shares" doc:"How many components have each element"`
	NTIA   []SBOMShare `json:"ntia" doc:"The seven minimum elements"`
	FDA    []SBOMShare `json:"fda" doc:"Support level and end of support"`
}

// SBOMShare is how many components have one element.
type SBOMShare struct {
	Key     string `json:"key"`
	Label   string `json:"label"`
	Count   int    `json:"count"`
	Total   int    `json:"total"`
	Improve string `json:"improve,omitempty" doc:"What to do; missing if nothing is"`
}

func shareShape(s sbom.Share) SBOMShare {
	return SBOMShare{s.Key, s.Label, s.Count, s.Total, s.Improve}
}

func (c *call) sbomShape(v *db.View, b *devices.SBOM) (SBOM, error) {
	l, err := c.label(v, b.Label)
	d, q := b.Document, b.Quality
	out := SBOM{ID: b.ID, At: utc(b.At), Person: b.PersonName, Organization: b.Org, OrgName: b.OrgName, Via: b.Via, Product: b.Product, Version: b.Version, Name: b.Name, State: string(b.State), Why: b.Why,
		Size: b.Size, SHA256: b.SHA256, Components: b.Components, Edges: b.Edges, Root: b.Root, EndedAt: utc(b.Ended), Label: l,
		Document: SBOMDocument{d.Format, d.Spec, d.Encoding, d.Serial, d.Name, utc(d.Created), some(d.Authors), some(d.Tools), d.Supplier},
		Quality:  SBOMQuality{Score: q.Score, Shares: []SBOMShare{}, NTIA: []SBOMShare{}, FDA: []SBOMShare{}}}
	if b.State == devices.SBOMDone && err == nil {
		out.Percent = 100
		out.Matched, err = c.Matching.Compared(v, b.ID)
	} else if b.Size > 0 {
		out.Percent = int(min(b.Consumed*100/b.Size, 99))
	}
	for _, s := range q.Shares {
		out.Quality.Shares = append(out.Quality.Shares, shareShape(s))
	}
	for _, e := range q.NTIA {
		out.Quality.NTIA = append(out.Quality.NTIA, shareShape(e.Share))
	}
	for _, e := range q.FDA {
		out.Quality.FDA = append(out.Quality.FDA, shareShape(e.Share))
	}
	return out, err
}

func (c *call) readSBOM(v *db.View, id string) (SBOM, error) {
	b, err := c.Devices.SBOM(v, id)
	if err != nil {
		return SBOM{}, err
	}
	return c.sbomShape(v, b)
}

func sbomInDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of a CycloneDX (1.4 to 1.7, JSON or XML) or SPDX (2.3 or 3.0) document, or a form with one part, file. At most 512 MiB. It is kept and queued when this answers, and read in the background: " +
		"ask for it to see how far it is. The same file for the same version under the same label is kept once."
	takesFile(op, "application/json", "application/xml", "application/vnd.cyclonedx+json", "application/spdx+json", "application/octet-stream")
	queries(op, append([]string{"product", "The product's id", "version", "The product's version", "name", "The file's name"}, labelQueries...)...)
	op.Responses["202"] = &huma.Response{Description: "It is kept and will be read",
		Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(SBOM{})}},
		Headers: map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: "string"}}}}
}

// uploadSBOM takes a file in, streaming.
func (c *call) uploadSBOM(w http.ResponseWriter) {
	var out SBOM
	err := func() error {
		q, name, body, _, err := c.incoming(w, devices.MaxSBOM, importTime, "product", "version", "tlp", "audience")
		if err != nil {
			return err
		}
		n := devices.NewSBOM{Product: q.Get("product"), Version: q.Get("version"), Name: name, Via: "api"}
		if n.Label, err = labelIn(q); err != nil {
			return err
		}
		b, err := c.Devices.AcceptSBOM(c.r.Context(), c.DB, c.who, n, body)
		if err != nil {
			return renamed(err, "label", "tlp")
		}
		return c.snapshot(func(v *db.View) error { out, err = c.readSBOM(v, b.ID); return err })
	}()
	if tooLarge(err) {
		err = &refusal{status: http.StatusRequestEntityTooLarge, sentence: "The file is larger than 512 MiB."}
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	w.Header().Set("Location", location("sboms", out.ID))
	sendJSON(w, http.StatusAccepted, out)
}

// InSBOM is an operation on an SBOM.
type InSBOM struct {
	SBOM string `path:"sbom" doc:"An SBOM's id"`
}

func (c *call) sbom(in *InSBOM) (*answer[SBOM], error) {
	out, err := c.readSBOM(c.view, in.SBOM)
	return &answer[SBOM]{out}, err
}

func (c *call) sbomsOf(in *struct {
	InProduct
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most, the newest"`
}) (*answer[list[SBOM]], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	bs, err := c.Devices.SBOMs(c.view, in.Product, in.Limit)
	return listed(c.view, bs, err, c.sbomShape)
}

func (c *call) ownSBOMs(in *Paging) (*answer[list[SBOM]], error) {
	_, before, err := c.place("sboms", "sbom", in.Cursor)
	if err != nil {
		return nil, err
	}
	bs, err := c.Devices.OwnSBOMs(c.view, before, in.Limit)
	out, err := listed(c.view, bs, err, c.sbomShape)
	if err == nil && len(bs) == in.Limit {
		last := bs[len(bs)-1]
		out.Body.Next = c.cursor("sboms", last.At, last.ID)
	}
	return out, err
}

func sbomFileDoc(_ *table, op *huma.Operation) {
	op.Description = "As it was sent, always as an attachment."
	document(op, "application/octet-stream", "The file's bytes")
}

func (c *call) sbomFile(w http.ResponseWriter) {
	c.serveFile(w, func() (string, io.ReadSeekCloser, error) {
		b, r, err := c.Devices.OpenSBOM(c.r.Context(), c.view, c.r.PathValue("sbom"))
		if err != nil {
			return "", nil, err
		}
		w.Header().Set(labelHeader, b.Label.TLP.String())
		return b.Name, r, nil
	})
}

func (c *call) withdrawSBOM(in *struct {
	InSBOM
	Body Why
}) (*answer[SBOM], error) {
	out, err := changes(c, in.SBOM, func(tx *db.Tx) error { return c.Devices.WithdrawSBOM(tx, in.SBOM, in.Body.Reason) }, c.readSBOM)
	return out, renamed(err, "why", "reason")
}

func (c *call) tightenSBOM(in *struct {
	InSBOM
	Body struct {
		Label NewLabel `json:"label" doc:"A stricter one. To share it with more, send it again under the wider label"`
	}
}) (*answer[SBOM], error) {
	l, err := in.Body.Label.parse()
	if err != nil {
		return nil, err
	}
	out, err := changes(c, in.SBOM, func(tx *db.Tx) error { return c.Devices.TightenSBOM(tx, in.SBOM, l) }, c.readSBOM)
	return out, renamed(err, "readers", "label")
}

// SBOMComponent is one thing that an SBOM lists.
type SBOMComponent struct {
	Number       int               `json:"number" doc:"Within its SBOM"`
	Type         string            `json:"type,omitempty"`
	Name         string            `json:"name"`
	Group        string            `json:"group,omitempty"`
	Version      string            `json:"version,omitempty"`
	Supplier     string            `json:"supplier,omitempty"`
	PURL         string            `json:"purl,omitempty"`
	CPE          []string          `json:"cpe"`
	Hashes       map[string]string `json:"hashes,omitempty" doc:"By algorithm"`
	Licenses     []string          `json:"licenses"`
	Description  string            `json:"description,omitempty"`
	Support      string            `json:"support,omitempty" doc:"Support level"`
	EndOfSupport string            `json:"end_of_support,omitempty"`
}

func componentShape(p devices.Part) SBOMComponent {
	out := SBOMComponent{Number: p.Number, Type: p.Type, Name: p.Name, Group: p.Group, Version: p.Version, Supplier: p.Supplier, PURL: p.PURL, CPE: some(p.CPE), Licenses: some(p.Licenses), Description: p.Description,
		Support: p.Support, EndOfSupport: p.EndOfSupport}
	for _, h := range p.Hashes {
		if out.Hashes == nil {
			out.Hashes = map[string]string{}
		}
		out.Hashes[h.Algorithm] = h.Value
	}
	return out
}

func (c *call) sbomComponents(in *struct {
	InSBOM
	Query string `query:"q" maxLength:"200" doc:"Words of name, version, supplier and package URL"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most"`
	After int    `query:"after" minimum:"0" doc:"The number of the last one of the page before"`
}) (*answer[list[SBOMComponent]], error) {
	ps, err := c.Devices.Components(c.view, in.SBOM, in.Query, in.After, in.Limit)
	return listed(c.view, ps, err, plain(componentShape))
}

// SBOMTree is the part of an SBOM's tree that leads to some components.
type SBOMTree struct {
	Root  int        `json:"root,omitempty"`
	Tops  []int      `json:"tops" doc:"What nothing of the tree contains, the root first"`
	Nodes []SBOMNode `json:"nodes" doc:"By number"`
	Whole bool       `json:"whole" doc:"Every component with a finding is here; else the 500 gravest findings'"`
}

// SBOMNode is a component in the tree.
type SBOMNode struct {
	SBOMComponent
	Under    []int    `json:"under" doc:"The numbers of what it contains or needs, of this part of the tree"`
	Findings []string `json:"findings" doc:"Vulnerabilities that touch it"`
}

func (c *call) sbomTree(in *struct {
	InSBOM
	Component int `query:"component" minimum:"0" doc:"Only the shortest way to this component; without it the ways to all that have findings"`
}) (*answer[SBOMTree], error) {
	out := SBOMTree{Tops: []int{}, Nodes: []SBOMNode{}, Whole: true}
	touched := map[int][]string{}
	fs, err := c.Matching.OfSBOM(c.view, in.SBOM, matching.Query{Limit: matching.MaxPage})
	if err != nil {
		return nil, err
	}
	out.Whole = len(fs) < matching.MaxPage
	var parts []int
	for _, f := range fs {
		if touched[f.Part.Number] == nil {
			parts = append(parts, f.Part.Number)
		}
		touched[f.Part.Number] = append(touched[f.Part.Number], f.Vuln)
	}
	if in.Component > 0 {
		if _, err := c.Devices.Component(c.view, in.SBOM, in.Component); err != nil {
			return nil, err
		}
		parts, out.Whole = []int{in.Component}, true
	}
	t, err := c.Devices.Paths(c.view, in.SBOM, parts)
	if err != nil {
		return nil, err
	}
	out.Root = t.Root
	out.Tops = append(out.Tops, t.Tops...)
	seen := map[int]bool{}
	for queue := t.Tops; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		if seen[n] {
			continue
		}
		seen[n] = true
		node := SBOMNode{componentShape(t.Parts[n]), []int{}, some(touched[n])}
		node.Under = append(node.Under, t.Under[n]...)
		out.Nodes = append(out.Nodes, node)
		queue = append(queue, t.Under[n]...)
	}
	return &answer[SBOMTree]{out}, nil
}

// SBOMChange is what is different between two SBOMs.
type SBOMChange struct {
	Added     []SBOMComponent `json:"added"`
	Removed   []SBOMComponent `json:"removed"`
	Upgraded  []SBOMUpgrade   `json:"upgraded" doc:"At another version, newer or older"`
	Unchanged int             `json:"unchanged"`
}

// SBOMUpgrade is one component at two versions.
type SBOMUpgrade struct {
	From SBOMComponent `json:"from"`
	To   SBOMComponent `json:"to"`
}

func (c *call) diffSBOM(in *struct {
	InSBOM
	From string `query:"from" maxLength:"100" doc:"The id of the SBOM that it is compared with, the older one"`
}) (*answer[SBOMChange], error) {
	if _, err := c.Devices.SBOM(c.view, in.SBOM); err != nil {
		return nil, err
	}
	if in.From == "" {
		return nil, fault.InvalidField("from", "Say which SBOM it is compared with.")
	}
	d, err := c.Devices.DiffSBOMs(c.view, in.From, in.SBOM)
	if err != nil {
		return nil, err
	}
	of := func(x sbom.Component) SBOMComponent { return componentShape(devices.Part{Component: x}) }
	out := SBOMChange{Added: []SBOMComponent{}, Removed: []SBOMComponent{}, Upgraded: []SBOMUpgrade{}, Unchanged: d.Unchanged}
	for _, x := range d.Added {
		out.Added = append(out.Added, of(x))
	}
	for _, x := range d.Removed {
		out.Removed = append(out.Removed, of(x))
	}
	for _, x := range d.Upgraded {
		out.Upgraded = append(out.Upgraded, SBOMUpgrade{of(x.Old), of(x.New)})
	}
	return &answer[SBOMChange]{out}, nil
}

// SBOMHolds is a component that some product is made of.
type SBOMHolds struct {
	Product   string        `json:"product"`
	Maker     string        `json:"maker,omitempty" doc:"Missing if the product is not shared with you"`
	Name      string        `json:"name,omitempty"`
	Version   string        `json:"version,omitempty"`
	SBOM      string        `json:"sbom"`
	Component SBOMComponent `json:"component"`
}

func (c *call) contains(in *struct {
	Query string `query:"q" required:"true" minLength:"1" maxLength:"500" doc:"The name of a component, a package URL or a CPE; its version is not looked at"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most"`
}) (*answer[list[SBOMHolds]], error) {
	hs, err := c.Devices.Containing(c.view, in.Query, in.Limit)
	return listed(c.view, hs, err, plain(func(h devices.Holds) SBOMHolds {
		return SBOMHolds{h.Product.ID, h.Product.Maker, h.Product.Name, h.SBOM.Version, h.SBOM.ID, componentShape(h.Part)}
	}))
}
