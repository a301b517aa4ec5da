package api

import (
	"bytes"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
)

// VEXStatement is what an organization says of a vulnerability in a product.
type VEXStatement struct {
	ID            string    `json:"id,omitempty" doc:"Missing if it came within the SBOM"`
	At            time.Time `json:"at"`
	Organization  string    `json:"organization"`
	OrgName       string    `json:"organization_name"`
	Product       string    `json:"product"`
	Version       string    `json:"version,omitempty" doc:"Missing for all versions"`
	Component     string    `json:"component,omitempty" doc:"The component, by package URL or folded name, perhaps with its version; missing for the product as a whole"`
	Vulnerability string    `json:"vulnerability"`
	Status        string    `json:"status" enum:"not_affected,affected,fixed,under_investigation"`
	Justification string    `json:"justification,omitempty"`
	Impact        string    `json:"impact,omitempty" doc:"Why it is not affected"`
	Action        string    `json:"action,omitempty" doc:"What to do"`
	Notes         string    `json:"notes,omitempty"`
	Source        string    `json:"source" enum:"typed,openvex,csaf,cyclonedx,sbom"`
	SaidAt        time.Time `json:"said_at"`
	Replaced      bool      `json:"replaced,omitempty" doc:"By a later one of the same organization"`
	Label         Label     `json:"label"`
}

func (c *call) vexShape(v *db.View, s matching.Saying) (VEXStatement, error) {
	l, err := c.label(v, s.Label)
	return VEXStatement{s.ID, utc(s.At), s.Org, s.OrgName, s.Product, s.Version, s.Component, s.Vuln, s.Status, s.Justification, s.Impact, s.Action, s.Notes, s.Source, utc(s.Said), s.Replaced, l}, err
}

func (c *call) readVEX(v *db.View, id string) (VEXStatement, error) {
	s, err := c.Matching.Saying(v, id)
	if err != nil {
		return VEXStatement{}, err
	}
	return c.vexShape(v, s)
}

func (c *call) vexList(in *struct {
	InProduct
	History bool `query:"history" doc:"Also those that were replaced"`
	Limit   int  `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most, the newest"`
}) (*answer[list[VEXStatement]], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	ss, err := c.Matching.Sayings(c.view, in.Product, in.History, in.Limit)
	return listed(c.view, ss, err, c.vexShape)
}

// VEXWords is what is said, without whom it is about.
type VEXWords struct {
	Status        string    `json:"status" enum:"not_affected,affected,fixed,under_investigation"`
	Justification string    `json:"justification,omitempty" enum:"component_not_present,vulnerable_code_not_present,vulnerable_code_not_in_execute_path,vulnerable_code_cannot_be_controlled_by_adversary,inline_mitigations_already_exist" doc:"Of not_affected"`
	Impact        string    `json:"impact,omitempty" doc:"Why it is not affected"`
	Action        string    `json:"action,omitempty" doc:"What to do; needed for affected"`
	Notes         string    `json:"notes,omitempty"`
	Label         *NewLabel `json:"label,omitempty" doc:"AMBER+STRICT to your organization if it is left out"`
}

func (w VEXWords) saying() (n matching.NewSaying, err error) {
	n = matching.NewSaying{Status: w.Status, Justification: w.Justification, Impact: w.Impact, Action: w.Action, Notes: w.Notes}
	n.Label, err = w.Label.parse()
	return n, err
}

func (c *call) sayVEX(in *struct {
	InProduct
	Keyed
	Body struct {
		Vulnerability string `json:"vulnerability"`
		Version       string `json:"version,omitempty" doc:"A version's name; all if it is left out"`
		Component     string `json:"component,omitempty" doc:"A package URL, of one version or without a version of every one; the product as a whole if it is left out"`
		VEXWords
	}
}) (*created[VEXStatement], error) {
	b := in.Body
	n, err := b.saying()
	if err != nil {
		return nil, err
	}
	n.Product, n.Vuln, n.Version, n.Component = in.Product, b.Vulnerability, b.Version, b.Component
	return c.says(in.Keyed, "say-vex "+in.Product, b, func(*db.View) (matching.NewSaying, error) { return n, nil })
}

// sayOfFinding says it of what a finding is about.
func (c *call) sayOfFinding(in *struct {
	InFinding
	Keyed
	Body struct {
		VEXWords
		EveryVersion bool `json:"every_version,omitempty" doc:"Of every version, not only of this one"`
	}
}) (*created[VEXStatement], error) {
	n, err := in.Body.saying()
	if err != nil {
		return nil, err
	}
	return c.says(in.Keyed, "say-vex "+in.Find, in.Body, func(v *db.View) (matching.NewSaying, error) {
		f, err := c.Matching.Finding(v, in.Find)
		if err != nil {
			return n, err
		}
		if f.Product == "" {
			return n, fault.Conflictf("This deployment names no known product, so there is nothing that a statement could be about. Accept a suggestion for it first.")
		}
		n.Product, n.Version, n.Vuln, n.Component = f.Product, f.Version, f.Vuln, f.Component()
		if in.Body.EveryVersion {
			n.Version = ""
			if n.Component != "" {
				n.Component = matching.ComponentKey(f.Part)
			}
		}
		return n, nil
	})
}

func (c *call) says(k Keyed, what string, in any, of func(*db.View) (matching.NewSaying, error)) (*created[VEXStatement], error) {
	out, err := makes(c, k, "/api/v1/vex/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, k, what, in, func() (string, error) {
			n, err := of(tx.View)
			if err != nil {
				return "", err
			}
			return c.Matching.Say(tx, n)
		})
	}, c.readVEX)
	return out, renamed(err, "vuln", "vulnerability")
}

func (c *call) vex(in *struct {
	VEX string `path:"vex" doc:"A statement's id"`
}) (*answer[VEXStatement], error) {
	out, err := c.readVEX(c.view, in.VEX)
	return &answer[VEXStatement]{out}, err
}

// VEXTaken is what became of a document's statements.
type VEXTaken struct {
	Format string   `json:"format" enum:"openvex,csaf,cyclonedx"`
	Kept   []string `json:"kept" doc:"Ids of the statements that were kept"`
	Left   []string `json:"left" doc:"Why others were not, at most 100"`
}

func vexInDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of an OpenVEX, CSAF or CycloneDX document, or a form with one part, file. At most 15 MiB. Statements about other things are left, and told."
	takesFile(op, "application/json", "application/octet-stream")
	queries(op, append([]string{"name", "The file's name"}, labelQueries...)...)
	op.Responses["200"] = &huma.Response{Description: "What became of it", Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(VEXTaken{})}}}
}

func (c *call) importVEX(w http.ResponseWriter) {
	var t matching.Taken
	err := func() error {
		q, _, body, _, err := c.incoming(w, matching.MaxVEX, uploadTime, "tlp", "audience")
		if err != nil {
			return err
		}
		l, err := labelIn(q)
		if err != nil {
			return err
		}
		data, err := whole(body, matching.MaxVEX)
		if err != nil {
			return err
		}
		err = c.write(func(tx *db.Tx) error { t, err = c.Matching.TakeVEX(tx, c.r.PathValue("product"), data, l); return err })
		return renamed(err, "label", "tlp")
	}()
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	sendJSON(w, http.StatusOK, VEXTaken{string(t.Format), some(t.Kept), some(t.Left)})
}

func vexOutDoc(_ *table, op *huma.Operation) {
	op.Description = "What the keeper of a product says of vulnerabilities in it, as far as you may read it, in one document. It carries the strictest label of its parts, also in " + labelHeader + "."
	queries(op, "format", "openvex, csaf or cyclonedx", "version", "Of this version; of all if it is left out")
	document(op, "application/json", "The document")
}

func (c *call) exportVEX(w http.ResponseWriter) {
	var b bytes.Buffer
	var l policy.Label
	q, product := c.r.URL.Query(), c.r.PathValue("product")
	err := c.look(func() (err error) {
		if err := onlyTerms(q, "format", "version"); err != nil {
			return err
		}
		l, err = c.Matching.WriteVEX(c.view, &b, product, q.Get("version"), matching.VEXFormat(q.Get("format")), c.Origin)
		return err
	})
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	inert(w.Header(), "application/json", product+"-"+q.Get("format")+".json")
	w.Header().Set(labelHeader, l.TLP.String())
	w.Write(b.Bytes())
}
