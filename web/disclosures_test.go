package web

import (
	"testing"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// A published statement is for everybody, a draft for nobody outside the case, and
// a withdrawn one says why and no more.
func TestDisclosures(t *testing.T) {
	eachIntake(t, func(t *testing.T, h *intakeHouse) {
		p := h.visitor("")
		p.Get("/disclosures").Want(200, "Nothing has been published yet")
		k := h.Case(town.Dora, cases.NewCase{Title: "Quokka in the updater"})
		var id string
		h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
			id, err = h.Cases.DraftPublication(tx, k, cases.NewPublication{Title: "Firmware of Drip 3", Body: "It took *any* firmware. <b>Install</b> 3.2.", Reference: "https://advisory.example/1"})
			return err
		}))
		p.Get("/disclosures/" + id).Want(404)
		p.Get("/disclosures").Want(200).Never("Firmware of Drip 3")
		h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Cases.ApprovePublication(tx, id) }))
		p.Get("/disclosures").Want(200, "Firmware of Drip 3", "It took any firmware").Never("Quokka").Follow("Firmware of Drip 3").Want(200, "It took any firmware", "https://advisory.example/1", "TLP:CLEAR").Never("Quokka", "Dora", "<b>Install")
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.WithdrawPublication(tx, id, "The version was wrong") }))
		p.Get("/disclosures/"+id).Want(200, "withdrawn on", "The version was wrong").Never("took")
		p.Get("/disclosures").Want(200, "Withdrawn")
		h.visitor(town.Wim).Get("/disclosures").Want(200, "Firmware of Drip 3")
	})
}
