package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// A hospital adds a deployment, changes and retires it without script. Nobody else
// finds it: not the desk, the maker, another hospital, or a colleague who is no named
// recipient.
func TestDeploymentWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		wim := h.visitor(town.Wim)
		wim.Get("/deployments").Want(200, "No deployment yet", "Import your inventory", "Only the named recipients of your organization read this")
		wim.Get("/deployments/new").Want(200, "What it is")
		wim.Send("/deployments", one("maker", "St. Jude Medical", "model", "", "count", "12", "zone", "Cardiology")).Want(422, "Say which product or model it is")
		kept(t, wim, "Cardiology")
		wim.Send("/deployments", one("model", "EX1100", "count", "many")).Want(422, "The number of units is a whole number")
		kept(t, wim, "EX1100")
		wim.Send("/deployments", one("count", "12", "version", "8.1.0")).Want(200, "The deployment is kept.", "St. Jude Medical EX1100", "not linked", "8.1.0", "No vulnerability that you can see touches it")
		at, _, _ := strings.Cut(wim.Path, "?")
		wim.Get("/deployments").Want(200, "St. Jude Medical EX1100", "1 deployment is not linked", "12 units")
		wim.Get("/deployments?q=ex1100&zone=Cardiology").Want(200, "St. Jude Medical EX1100")
		wim.Get("/deployments?q=nothing+like+it").Want(200, "No deployment matches")
		wim.Get("/deployments.csv").Want(200, "maker,model,version", `"St. Jude Medical",EX1100,8.1.0`)
		wim.Get("/deployments/template.csv").Want(200, "maker,model,version")

		wim.Get(at+"/edit").Want(200, "Change St. Jude Medical EX1100")
		stale := reader.Fill{"revision": {"0"}}
		wim.Send("/edit", stale).Want(409)
		wim.Get(at+"/edit").Send("/edit", one("version", "8.2.2", "note", "Replaced in May.")).Want(200, "The deployment is changed.", "8.2.2", "Replaced in May.")

		for _, who := range []string{town.Dora, town.Pia, town.Cleo, town.Wanda, town.Fay} {
			v := h.visitor(who)
			v.Get("/deployments").Want(200, "No deployment yet").Never("EX1100", at)
			for _, path := range []string{at, at + "/edit"} {
				v.Get(path).Want(404)
			}
		}
		wim.Get(at).Send("/retire", nil).Want(200, "The deployment is retired.", "It is retired and matched no more.")
		wim.Get("/deployments").Want(200, "No deployment matches")
		wim.Get("/deployments?stage=retired").Want(200, "St. Jude Medical EX1100")
	})
}

// An inventory is sent, its columns are said, its dry run is looked at, it is taken in;
// what it does not name is offered to be retired. The sender alone sees the file.
func TestInventoryWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		old := h.runs(town.Wim, devices.DeploymentForm{Maker: "Gone Makers", Model: "G1", Count: 2})
		wim := h.visitor(town.Wim)
		wim.Get("/deployments/import").Want(200, "Inventory (CSV)", "Twice is once")
		wim.Send("/deployments/import", nil).Want(422, "Choose a file.")
		wim.Get("/deployments/import").Send("/deployments/import", nil, reader.File("upload", "empty.csv", "")).Want(422, "The file is empty.")
		wim.Get("/deployments/import").Send("/deployments/import", nil, reader.File("upload", "bad.csv", "\xff\xfe\x00")).Want(200, "This table cannot be read.", "UTF-8")
		wim.Get("/deployments/import").Send("/deployments/import", nil, reader.File("upload", "inventory.csv",
			"Fabricant,Device,SW,Qty,Network\r\nPump Works,A4,3.1,60,Ward\r\nBD,Alaris 8000 PC unit,9.1,140,Ward\r\nPump Works,A4,3.1,5,Ward\r\n=cmd|calc,Odd,1,1,\r\nMonitor Makers,M2,12,minus one,Ward\r\n")).
			Want(200, "Nothing was taken in yet", "Column 1: Fabricant", "It cannot be taken in yet.", "Say which column holds this: the maker")
		at, _, _ := strings.Cut(wim.Path, "?")
		wim.Send(at, one("do", "take", "column-0", "", "column-1", "model", "column-2", "version", "column-3", "count", "column-4", "zone")).Want(422, "Say which column holds this")
		wim.Get(at).Send(at, one("do", "look", "column-0", "maker", "column-1", "model", "column-2", "version", "column-3", "count", "column-4", "zone")).
			Want(200, "Dry run", "3 added", "1 refused", "1 not in the file", "is no whole number", "Take in 3 deployments")
		if n := len(town.Must(h.Town, town.Wim, func(v *db.View) ([]devices.Deployment, error) {
			ds, _, err := h.Devices.Deployments(v, devices.DeploymentQuery{})
			return ds, err
		})); n != 1 {
			t.Errorf("the dry run left %d deployments", n)
		}
		wim.Send(at, one("do", "take")).Want(200, "The inventory is taken in.", "1 row was refused.", "Not in the file", "Gone Makers G1")
		wim.Get("/deployments").Want(200, "208 units", "4 deployments").Get("/deployments?q=A4").Want(200, "65")
		for _, who := range []string{town.Dora, town.Cleo, town.Wanda} {
			h.visitor(who).Get(at).Want(404)
		}

		// Again: nothing twice, and the columns are remembered.
		wim.Get("/deployments/import").Send("/deployments/import", nil, reader.File("upload", "inventory.csv", "Fabricant,Device,SW,Qty,Network\r\nPump Works,A4,3.1,66,Ward\r\nBD,Alaris 8000 PC unit,9.1,140,Ward\r\n")).
			Want(200, "0 added", "1 changed", "1 the same", "2 not in the file")
		again, _, _ := strings.Cut(wim.Path, "?")
		wim.Send(again+"/retire", nil).Want(422, "Choose 1 to 500 deployments.")
		wim.Send("/retire", reader.Fill{"deployments": {old}}).Want(200, "They are retired.").Never("Gone Makers")
		cleo := h.visitor(town.Cleo).Get("/deployments/import")
		cleo.Send("/deployments/import", nil, reader.File("upload", "x.csv", "maker,model\nA,B\n")).Want(200, "1 added")
		theirs, _, _ := strings.Cut(cleo.Path, "?")
		wim.Get(theirs).Want(404)
		h.visitor(town.Wanda).Get("/deployments/import").Want(404)
	})
}

// Suggestions are accepted one by one, or all of a kind; the reason stands beside each.
func TestReconcileWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		var pump string
		h.do(town.Pia, func(tx *db.Tx) (err error) {
			pump, _, err = h.Devices.AddProduct(tx, devices.ProductForm{Name: "A4", Models: []string{"A4-100"}, Label: town.Label(policy.Green, policy.Community)})
			return err
		})
		for i := range 3 {
			h.runs(town.Wim, devices.DeploymentForm{Maker: "Pump Works Inc.", Model: "A4", Version: fmt.Sprint(i), Count: 1})
		}
		single := h.runs(town.Wim, devices.DeploymentForm{Maker: "Pump Works", Model: "A4-100", Count: 1})
		wim := h.visitor(town.Wim)
		wim.Get("/deployments/reconcile").Want(200, "4 deployments are not linked.", "Pump Works A4", "Accept all: same maker and name (3 here)", "has that model")
		wim.Get("/deployments/"+single).Want(200, "It may be Pump Works A4.").Send("/deployments/reconcile", nil).Want(200, "It is linked to the known product", "Pump Works A4")
		wim.Get("/deployments/reconcile").Send("/reconcile/all", nil).Want(200, "They are linked to known products", "Every deployment is linked")
		if ds := town.Must(h.Town, town.Wim, func(v *db.View) ([]devices.Deployment, error) {
			ds, _, err := h.Devices.Deployments(v, devices.DeploymentQuery{Product: pump})
			return ds, err
		}); len(ds) != 4 {
			t.Errorf("%d are linked", len(ds))
		}
		h.visitor(town.Cleo).Get("/deployments/reconcile").Want(200, "Every deployment is linked")
		h.visitor(town.Wanda).Get("/deployments/reconcile").Want(404)
	})
}

// An inventory is taken in once at a time, and only some at once: each is held whole.
func TestInventoriesAtOnce(t *testing.T) {
	var runs placeRuns
	first, err := runs.begin("a", town.Epoch)
	if err != nil || first == nil {
		t.Fatal(first, err)
	}
	if again, err := runs.begin("a", town.Epoch); again != nil || err != nil {
		t.Error("it runs twice", err)
	}
	for _, id := range []string{"b", "c", "d"} {
		if x, err := runs.begin(id, town.Epoch); x == nil || err != nil {
			t.Fatal(id, err)
		}
	}
	if _, err := runs.begin("e", town.Epoch); !fault.Is(err, fault.Busy) {
		t.Errorf("a fifth one: %v", err)
	}
	first.end(devices.DeploymentPlan{Plan: devices.Plan{Added: 3, Rows: make([]devices.PlanRow, 3)}}, nil)
	if s := runs.get("a").state(); !s.over || s.plan.Added != 3 || s.plan.Rows != nil {
		t.Errorf("it ended as %+v", s)
	}
	if x, err := runs.begin("a", town.Epoch); x == nil || err != nil {
		t.Error("it cannot be taken in again", err)
	}
}
