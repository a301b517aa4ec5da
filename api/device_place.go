package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// Deployment is devices of one kind and version that your organization runs. Nobody
// else reads it.
type Deployment struct {
	ID        string    `json:"id"`
	Revision  int64     `json:"revision" doc:"To be given when you edit"`
	AddedAt   time.Time `json:"added_at"`
	ChangedAt time.Time `json:"changed_at"`
	Product   string    `json:"product,omitempty" doc:"The known product"`
	Maker     string    `json:"maker" doc:"In your words"`
	Model     string    `json:"model"`
	Version   string    `json:"version,omitempty"`
	UDI       string    `json:"udi,omitempty" doc:"Device identifier"`
	Count     int       `json:"count" doc:"Units"`
	Zone      string    `json:"zone,omitempty"`
	Exposure  string    `json:"exposure,omitempty" enum:"internet,network,isolated"`
	Stage     string    `json:"stage" enum:"planned,in use,stored,retired"`
	Owner     string    `json:"owner,omitempty"`
	Note      string    `json:"note,omitempty"`
	EOS       string    `json:"eos,omitempty" doc:"Expected end of support, a day"`
}

func deploymentShape(d devices.Deployment) Deployment {
	return Deployment{d.ID, d.Revision, utc(d.At), utc(d.Changed), d.Product, d.Maker, d.Model, d.Version, d.UDI, d.Count, d.Zone, d.Exposure, d.Stage, d.Owner, d.Note, d.EOS}
}

func (c *call) readDeployment(v *db.View, id string) (Deployment, error) {
	d, err := c.Devices.Deployment(v, id)
	if err != nil {
		return Deployment{}, err
	}
	return deploymentShape(d), nil
}

func (c *call) deploymentList(in *struct {
	PlacePaging
	Query    string `query:"q" maxLength:"200" doc:"Words of maker, model, version, identifier, zone, owner and note"`
	Product  string `query:"product" maxLength:"100" doc:"Of this known product"`
	Unknown  bool   `query:"unknown" doc:"Only those that name no known product"`
	Zone     string `query:"zone" maxLength:"200"`
	Exposure string `query:"exposure" enum:"internet,network,isolated"`
	Stage    string `query:"stage" enum:"planned,in use,stored,retired" doc:"All but retired if it is left out"`
}) (*answer[list[Deployment]], error) {
	ds, next, err := c.Devices.Deployments(c.view, devices.DeploymentQuery{Words: in.Query, Product: in.Product, Unknown: in.Unknown, Zone: in.Zone, Exposure: in.Exposure, Stage: in.Stage, After: in.Cursor, Limit: in.Limit})
	return paged(c.view, ds, next, err, plain(deploymentShape))
}

// InDeployment is an operation on a deployment.
type InDeployment struct {
	Deployment string `path:"deployment" doc:"A deployment's id"`
}

func (c *call) deployment(in *InDeployment) (*answer[Deployment], error) {
	out, err := c.readDeployment(c.view, in.Deployment)
	return &answer[Deployment]{out}, err
}

// DeploymentWords is what is said of a deployment. What is left out stays as it is,
// or empty.
type DeploymentWords struct {
	Product  *string `json:"product,omitempty" doc:"The id of a known product; or say maker and model"`
	Maker    *string `json:"maker,omitempty"`
	Model    *string `json:"model,omitempty"`
	Version  *string `json:"version,omitempty"`
	UDI      *string `json:"udi,omitempty" doc:"Device identifier; production identifiers are refused"`
	Count    *int    `json:"count,omitempty" doc:"Units; 1 if it is left out"`
	Zone     *string `json:"zone,omitempty"`
	Exposure *string `json:"exposure,omitempty" doc:"internet, network, isolated or nothing"`
	Stage    *string `json:"stage,omitempty" doc:"planned, in use, stored or retired"`
	Owner    *string `json:"owner,omitempty"`
	Note     *string `json:"note,omitempty"`
	EOS      *string `json:"eos,omitempty" doc:"A day; as the product says if it is left out"`
}

func (w DeploymentWords) put(f *devices.DeploymentForm) {
	put(&f.Product, w.Product)
	put(&f.Maker, w.Maker)
	put(&f.Model, w.Model)
	put(&f.Version, w.Version)
	put(&f.UDI, w.UDI)
	put(&f.Count, w.Count)
	put(&f.Zone, w.Zone)
	put(&f.Exposure, w.Exposure)
	put(&f.Stage, w.Stage)
	put(&f.Owner, w.Owner)
	put(&f.Note, w.Note)
	put(&f.EOS, w.EOS)
}

func (c *call) deploy(in *struct {
	Keyed
	Body DeploymentWords
}) (*created[Deployment], error) {
	f := devices.DeploymentForm{Count: 1, Key: in.Key}
	in.Body.put(&f)
	return makes(c, in.Keyed, "/api/v1/deployments/", func(tx *db.Tx) (string, bool, error) { return c.Devices.Deploy(tx, f) }, c.readDeployment)
}

func (c *call) editDeployment(in *struct {
	InDeployment
	Body struct {
		Revision int64 `json:"revision" doc:"The deployment's, as you read it"`
		DeploymentWords
	}
}) (*answer[Deployment], error) {
	return changes(c, in.Deployment, func(tx *db.Tx) error {
		d, err := c.Devices.Deployment(tx.View, in.Deployment)
		if err != nil {
			return err
		}
		f := d.Form()
		in.Body.put(&f)
		return c.Devices.ChangeDeployment(tx, in.Deployment, in.Body.Revision, f)
	}, c.readDeployment)
}

func (c *call) retireDeployment(in *InDeployment) (*answer[Deployment], error) {
	return changes(c, in.Deployment, func(tx *db.Tx) error { return c.Devices.RetireDeployment(tx, in.Deployment) }, c.readDeployment)
}

func (c *call) deploymentGaps(in *InDeployment) (*answer[list[DeviceGap]], error) {
	gs, err := c.Devices.DeploymentGaps(c.view, in.Deployment)
	return listed(c.view, gs, err, plain(gapShape))
}

// DeploymentNumbers is what your organization runs, in numbers.
type DeploymentNumbers struct {
	Deployments int               `json:"deployments"`
	Units       int               `json:"units"`
	Unknown     int               `json:"unknown" doc:"Deployments that name no known product"`
	Stages      []DeploymentTally `json:"stages" doc:"The only ones in which what is retired counts"`
	Zones       []DeploymentTally `json:"zones" doc:"The largest first, at most 100"`
	Exposures   []DeploymentTally `json:"exposures"`
}

// DeploymentTally is how many deployments have something in common.
type DeploymentTally struct {
	Name        string `json:"name"`
	Deployments int    `json:"deployments"`
	Units       int    `json:"units"`
}

func (c *call) deploymentNumbers(*nothing) (*answer[DeploymentNumbers], error) {
	n, err := c.Devices.DeploymentCounts(c.view)
	tallies := func(ts []devices.Tally) []DeploymentTally {
		out := []DeploymentTally{}
		for _, t := range ts {
			out = append(out, DeploymentTally(t))
		}
		return out
	}
	return &answer[DeploymentNumbers]{DeploymentNumbers{n.Deployments, n.Units, n.Unknown, tallies(n.Stages), tallies(n.Zones), tallies(n.Exposures)}}, err
}

// DeploymentSuggestion is a known product that a deployment may be of.
type DeploymentSuggestion struct {
	Deployment Deployment   `json:"deployment"`
	Product    DeviceRecord `json:"product"`
	How        string       `json:"how" enum:"udi,name,model,alias,close"`
	Share      float64      `json:"share" doc:"Of the words that both names have, if they are only close"`
	Why        string       `json:"why"`
}

func (c *call) suggestionShape(v *db.View, s devices.Suggestion) (DeploymentSuggestion, error) {
	p, err := c.deviceShape(v, s.Product)
	return DeploymentSuggestion{deploymentShape(s.Deployment), p, s.How, s.Share, s.Why}, err
}

func (c *call) suggestions(in *PlacePaging) (*answer[list[DeploymentSuggestion]], error) {
	ss, next, err := c.Devices.Suggestions(c.view, in.Cursor, in.Limit)
	return paged(c.view, ss, next, err, c.suggestionShape)
}

func (c *call) deploymentSuggestions(in *InDeployment) (*answer[list[DeploymentSuggestion]], error) {
	ss, err := c.Devices.SuggestionsFor(c.view, in.Deployment)
	return listed(c.view, ss, err, c.suggestionShape)
}

func (c *call) acceptSuggestion(in *struct {
	InDeployment
	Body struct {
		Product string `json:"product" doc:"The product that it is of"`
	}
}) (*answer[Deployment], error) {
	return changes(c, in.Deployment, func(tx *db.Tx) error { return c.Devices.AcceptSuggestion(tx, in.Deployment, in.Body.Product) }, c.readDeployment)
}

// SuggestionsTaken is how many suggestions were accepted at once.
type SuggestionsTaken struct {
	Accepted int    `json:"accepted"`
	Next     string `json:"next,omitempty" doc:"The cursor to go on with, if there may be more"`
}

func (c *call) acceptAll(in *struct {
	Body struct {
		How    string `json:"how" enum:"udi,name,model,alias" doc:"Only those that were found in this way, where it is the only one of the surest way"`
		Cursor string `json:"cursor,omitempty"`
	}
}) (*answer[SuggestionsTaken], error) {
	var out SuggestionsTaken
	err := c.write(func(tx *db.Tx) (err error) {
		out.Accepted, out.Next, err = c.Devices.AcceptAll(tx, in.Body.How, in.Body.Cursor)
		return err
	})
	return &answer[SuggestionsTaken]{out}, renamed(err, "after", "cursor")
}

// DeploymentImportPlan is what the import of an inventory does, or did.
type DeploymentImportPlan struct {
	ImportPlan
	Header       []string     `json:"header"`
	Columns      []string     `json:"columns" doc:"What each column was taken for"`
	Missing      []Deployment `json:"missing" doc:"Deployments that the inventory does not name, at most 500; they stay as they are"`
	MissingTotal int          `json:"missing_total"`
}

func deploymentImportDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of a table (CSV), or a form with one part, file. Importing the same table again changes nothing; what it does not name stays."
	takesFile(op, "text/csv", "application/octet-stream")
	queries(op, "name", "The file's name", "dry", "true to be told only what would be done", "columns", "What each column holds, with commas between; as your organization said before, or guessed, if it is left out")
	op.Responses["200"] = &huma.Response{Description: "What was done, or would be", Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(DeploymentImportPlan{})}}}
}

func (c *call) importDeployments(w http.ResponseWriter) {
	out, err := func() (out DeploymentImportPlan, err error) {
		q, _, body, _, err := c.incoming(w, devices.MaxSheet, uploadTime, "dry", "columns")
		if err != nil {
			return out, err
		}
		in := devices.DeploymentImport{Columns: columnsIn(q)}
		dry, err := truth(q, "dry")
		if err != nil {
			return out, err
		}
		if in.Body, err = whole(body, devices.MaxSheet); err != nil {
			return out, err
		}
		var p devices.DeploymentPlan
		if dry {
			err = c.look(func() error { p, err = c.Devices.PlanDeployments(c.view, in); return err })
		} else {
			p, err = c.Devices.ImportDeployments(c.r.Context(), c.DB, c.who, in, nil)
		}
		out = DeploymentImportPlan{planShape(p.Plan, dry), some(p.Header), some(p.Columns), []Deployment{}, p.MissingTotal}
		for _, d := range p.Missing {
			out.Missing = append(out.Missing, deploymentShape(d))
		}
		return out, err
	}()
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	sendJSON(w, http.StatusOK, out)
}

func deploymentExportDoc(_ *table, op *huma.Operation) {
	op.Description = "What your organization runs, as a table that can be imported again."
	document(op, "text/csv", "The table")
}

// exportDeployments writes the table as it is read, once it is known who asks.
func (c *call) exportDeployments(w http.ResponseWriter) {
	out := &exported{w: w, media: "text/csv; charset=utf-8", name: "deployments.csv"}
	err := c.look(func() error {
		_ = http.NewResponseController(w).SetWriteDeadline(clock.System().Now().Add(exportTime)) // not every connection has one
		return c.Devices.ExportDeployments(c.view, out)
	})
	switch {
	case err == nil:
		c.touch()
	case !out.begun:
		c.fail(w, err)
	default: // bytes were sent: a fault can only be told by breaking off
		c.Log.Warn("an export of deployments broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// exported sets the headers of an export when its first bytes come.
type exported struct {
	w           http.ResponseWriter
	media, name string
	begun       bool
}

// Write is io.Writer.
func (e *exported) Write(b []byte) (int, error) {
	if !e.begun {
		e.begun = true
		inert(e.w.Header(), e.media, e.name)
		e.w.Header().Set(labelHeader, "TLP:AMBER+STRICT")
	}
	return e.w.Write(b)
}
