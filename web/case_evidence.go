package web

import (
	"io"
	"net/http"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseEvidenceView is what the tab of evidence is drawn from.
type caseEvidenceView struct {
	caseHead
	a      attempt
	Story  ui.Story
	Ledger []ui.KV
	Export bool
	Key    string // with which checkpoints are signed
}

// caseEvidenceTab is what can be proved of a case: its record, its pack, and the
// package for another coordinator.
func (c *Ctx) caseEvidenceTab() error { return c.showCaseEvidence(200, attempt{}) }

func (c *Ctx) showCaseEvidence(status int, a attempt) error {
	return c.onCase(tabEvidence, func(h caseHead) error {
		x := caseEvidenceView{caseHead: h, a: a, Export: c.Viewer.May(policy.MayExport), Key: c.Ledger.Public()}
		var err error
		if x.Story, err = c.caseStory(h, h.At(tabEvidence)); err != nil {
			return err
		}
		if x.Ledger, err = c.caseRecorded(h.K.ID); err != nil {
			return err
		}
		page := c.casePage(h, "evidence", status)
		page.Body = caseEvidenceBody(x)
		return c.show(page)
	})
}

// caseHandover hands out the package of a case for another coordinator. That it
// goes to somebody is recorded, so it is a form's answer and never a link's.
func (c *Ctx) caseHandover() error {
	id := c.R.PathValue("case")
	a := attempt{which: "handover"}
	var err error
	if a.t, err = c.typed("to"); err != nil {
		return err
	}
	var hidden bool
	err = c.read(func(v *db.View) error {
		k, err := c.Cases.Case(v, id)
		if err != nil {
			return err
		}
		shut, err := c.Members.NeedsSecondPasskey(v)
		hidden = gate{shut}.hides(k.Label)
		return err
	})
	if err != nil {
		return err
	}
	if hidden {
		return c.again(nil, func(int) error { return c.secondPasskey() })
	}
	var data []byte
	err = c.write(func(tx *db.Tx) (err error) { data, err = c.Cases.HandOver(tx, id, a.t["to"]); return err })
	if err != nil {
		a.errs = formErrors(err, "handover", "to")
		return c.again(err, func(status int) error { return c.showCaseEvidence(status, a) })
	}
	w := &download{ctx: c, name: shortID(id) + "-handover.json"}
	_, err = w.Write(data)
	return err
}

// caseImport is the form with which the desk takes a case over from another
// coordinator's package.
func (c *Ctx) caseImport() error { return c.showCaseImport(200, attempt{}) }

func (c *Ctx) showCaseImport(status int, a attempt) error {
	return c.show(Page{Title: "Take a case over", Kind: "compose", Status: status, Label: policy.Label{TLP: policy.Green}, Body: caseImportBody(a, a.key("import", ids.Random(26)))})
}

var doneImported = greeting("imported", "ok", "The case is taken over. Nobody of the other side became a party by it: invite those who belong here.")

// caseTake opens a case from a package.
func (c *Ctx) caseTake() error {
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, cases.MaxHandover+maxForm)
	a := attempt{which: "import", t: typed{}}
	var data []byte
	parts, err := c.R.MultipartReader()
	if err != nil {
		return fault.Invalidf("The form could not be read. Load the page again.")
	}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil || n > 10 {
			return c.truncated(err)
		}
		b, err := io.ReadAll(io.LimitReader(part, cases.MaxHandover+1))
		if err != nil {
			return c.truncated(err)
		}
		switch part.FormName() {
		case "package":
			data = b
		case "idempotency_key":
			a.t["idempotency_key"] = string(b[:min(len(b), 100)])
		}
	}
	var id string
	err = c.write(func(tx *db.Tx) error {
		if len(data) == 0 {
			return fault.InvalidField("package", "Choose the package.")
		}
		made, again, err := c.Cases.ImportHandover(tx, data, a.t["idempotency_key"])
		id = made
		return once(again, err)
	})
	if err != nil && err != errAgain {
		a.errs = formErrors(err, "import", "package")
		return c.again(err, func(status int) error { return c.showCaseImport(status, a) })
	}
	return c.redirect("/cases/" + id + "?done=" + doneImported)
}
