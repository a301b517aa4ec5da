package main

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
)

// ownSaga is a case that a manufacturer opened three days ago for itself. Nobody
// outside of it knows of it, the desk neither, and its risk is not determined.
func ownSaga(g *saga) error {
	ws, err := g.c.Weaknesses("icsma-22-174-01")
	if err != nil {
		return err
	}
	g.on(3, "04:10", "rousselin", g.open(cases.NewCase{Title: "Alder PACS: the DICOM toolkit writes outside of its folder", LearnedAt: g.when(3, "03:50"),
		Summary: "The toolkit with which Alder PACS receives images follows paths out of its folder. Found in the SBOM watch; which releases carry it is being looked up."}, "ICSMA-22-174-01"))
	g.on(3, "04:30", "rousselin", g.describe(ws), func(tx *db.Tx) error { return g.cases.Seat(tx, g.id, []string{g.people["hatakeda"]}) })
	g.on(2, "05:15", "hatakeda", g.say("Alder PACS 9 carries the toolkit, 8 an older one without the function. I look at the gateway next."))
	return nil
}
