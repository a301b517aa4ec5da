package web

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// The parts of an SBOM's page, by the value of "show".
const (
	sbomQuality    = ""
	sbomComponents = "components"
	sbomFindings   = "findings"
	sbomTree       = "tree"
)

// componentsShown is how many components a page lists.
const componentsShown = 100

// comparing is how long after an SBOM was read its findings may still appear.
const comparing = 20 * time.Second

// sbomView is what an SBOM's page is drawn from.
type sbomView struct {
	B       *devices.SBOM
	P       devices.Product // zero: it is not shared with the reader
	Show    string
	Tabs    []ui.Tab
	May     bool
	Fresh   bool // it was read a moment ago
	Parts   []devices.Part
	Filter  string
	After   int
	Pages   ui.Pages
	T       findingTable
	More    bool
	Tree    *treeView
	Others  []*devices.SBOM // of the same product, that it can be compared with
	Words   string
	Now     time.Time
	Percent int
}

// sbomShow is an SBOM: how far it is read, how good it is, what it lists, what touches
// that, and how it hangs together.
func (c *Ctx) sbomShow() error {
	b, p, label, err := c.sbomOf()
	if err != nil {
		return err
	}
	if b == nil {
		return c.secondPasskey()
	}
	q := c.R.URL.Query()
	x := sbomView{B: b, P: p, Show: q.Get("show"), Now: c.View.Now(), After: intParam(q.Get("after")), Filter: strings.TrimSpace(q.Get("q"))}
	if !slices.Contains([]string{sbomComponents, sbomFindings, sbomTree}, x.Show) || b.State != devices.SBOMDone {
		x.Show = sbomQuality
	}
	x.May = p.ID != "" && c.Devices.MayChange(c.View, p)
	x.Fresh = b.State == devices.SBOMDone && x.Now.Sub(b.Ended) < comparing
	if b.Size > 0 {
		x.Percent = int(min(100, 100*b.Consumed/b.Size))
	}
	for _, t := range []ui.Tab{{Label: "Quality", Href: sbomQuality}, {Label: "Components", Href: sbomComponents, Note: ui.Number(b.Components)}, {Label: "Findings", Href: sbomFindings}, {Label: "Tree", Href: sbomTree}} {
		t.Current = t.Href == x.Show
		if t.Href != "" {
			t.Href = "?show=" + t.Href
		}
		t.Href = sbomAt(b.ID) + t.Href
		x.Tabs = append(x.Tabs, t)
	}
	if x.Words, err = c.audienceWords(c.View, b.Label.Audience); err != nil {
		return err
	}
	if err := c.sbomPart(&x, &label); err != nil {
		return err
	}
	if p.ID != "" {
		g, err := c.gate()
		if err != nil {
			return err
		}
		all, err := c.Devices.SBOMs(c.View, p.ID, sbomsShown)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.ID != b.ID && o.State == devices.SBOMDone && !g.hides(o.Label) {
				x.Others, label = append(x.Others, o), together(label, o.Label)
			}
		}
	}
	return c.show(Page{Title: "SBOM " + b.Name, Kind: "sbom", Label: label, Live: []string{b.ID}, Body: sbomBody(x), Right: sbomAside(x)})
}

// sbomPart reads what the chosen part of the page shows.
func (c *Ctx) sbomPart(x *sbomView, label *policy.Label) (err error) {
	id := x.B.ID
	switch x.Show {
	case sbomComponents:
		if x.Parts, err = c.Devices.Components(c.View, id, x.Filter, x.After, componentsShown+1); err != nil {
			return err
		}
		with := func(after int) string {
			return sbomAt(id) + "?show=components&q=" + queryEscape(x.Filter) + "&after=" + strconv.Itoa(after)
		}
		if len(x.Parts) > componentsShown {
			x.Parts = x.Parts[:componentsShown]
			x.Pages.OlderHref = with(x.Parts[len(x.Parts)-1].Number)
		}
		if x.After > 0 {
			x.Pages.NewerHref, x.Pages.Note = with(0), "Newer leads back to the beginning."
		}
	case sbomFindings, sbomTree:
		query := matching.Query{After: x.After, Limit: findingsShown + 1}
		if x.Show == sbomTree {
			query = matching.Query{Limit: 300}
		}
		found, err := c.Matching.OfSBOM(c.View, id, query)
		if err != nil {
			return err
		}
		if x.Show == sbomFindings {
			if len(found) > findingsShown {
				found = found[:findingsShown]
				x.Pages.OlderHref = sbomAt(id) + "?show=findings&after=" + strconv.Itoa(x.After+findingsShown)
			}
			if x.After > 0 {
				x.Pages.NewerHref = sbomAt(id) + "?show=findings&after=" + strconv.Itoa(max(0, x.After-findingsShown))
			}
		}
		if x.T, err = c.findingTable(found, label); err != nil {
			return err
		}
		if x.Show == sbomTree {
			x.Tree, err = c.tree(x.B, x.T.Rows, c.R.URL.Query().Get("all") == "1")
		}
		return err
	}
	return nil
}

// sbomOf is the SBOM that the address names, its product if the reader may see that,
// and the label of both; no SBOM if it stays closed.
func (c *Ctx) sbomOf() (b *devices.SBOM, p devices.Product, label policy.Label, err error) {
	if b, err = c.Devices.SBOM(c.View, c.R.PathValue("sbom")); err != nil {
		return nil, p, label, err
	}
	g, err := c.gate()
	if err != nil {
		return nil, p, label, err
	}
	if g.hides(b.Label) {
		return nil, p, label, nil
	}
	if p, err = c.productOf(b.Product); err != nil {
		return nil, p, label, err
	}
	if g.hides(p.Label) {
		p = devices.Product{}
	}
	return b, p, together(b.Label, p.Label), nil
}

// sbomDiff compares an SBOM with another of the same product.
func (c *Ctx) sbomDiff() error {
	b, p, label, err := c.sbomOf()
	if err != nil {
		return err
	}
	if b == nil {
		return c.secondPasskey()
	}
	with, err := c.Devices.SBOM(c.View, c.R.URL.Query().Get("with"))
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(with.Label) {
		return c.secondPasskey()
	}
	from, to := with, b
	if from.At.After(to.At) {
		from, to = to, from
	}
	change, err := c.Devices.DiffSBOMs(c.View, from.ID, to.ID)
	if err != nil {
		return err
	}
	x := sbomDiffView{P: p, From: from, To: to, Change: change, Now: c.View.Now()}
	return c.show(Page{Title: "What changed between two SBOMs", Kind: "sbom", Label: together(label, with.Label), Body: sbomDiffBody(x)})
}

// sbomFile hands out the file of an SBOM as it was sent, inert.
func (c *Ctx) sbomFile() error {
	var b *devices.SBOM
	return c.deviceFile(func(v *db.View) (r io.ReadSeekCloser, name string, l policy.Label, err error) {
		b, r, err = c.Devices.OpenSBOM(c.R.Context(), v, c.R.PathValue("sbom"))
		if err != nil {
			return r, "", l, err
		}
		return r, b.Name, b.Label, nil
	})
}

// deviceFile hands out a file that a browser saves and never shows.
func (c *Ctx) deviceFile(open func(*db.View) (io.ReadSeekCloser, string, policy.Label, error)) error {
	if !wanted(c.R, []string{"document", "empty"}) {
		return fault.ErrMissing
	}
	var r io.ReadSeekCloser
	var name string
	var hidden bool
	err := c.read(func(v *db.View) error {
		var l policy.Label
		var err error
		if r, name, l, err = open(v); err != nil {
			return err
		}
		shut, err := c.Members.NeedsSecondPasskey(v)
		hidden = gate{shut}.hides(l)
		return err
	})
	if r != nil {
		defer r.Close()
	}
	if err != nil {
		return err
	}
	if hidden {
		return c.again(nil, func(int) error { return c.secondPasskey() })
	}
	size, err := r.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	inert(c.W.Header(), name)
	c.W.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	c.W.WriteHeader(http.StatusOK)
	if _, err := io.Copy(c.W, r); err != nil && c.R.Context().Err() == nil {
		c.Log.Error("a file broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}
