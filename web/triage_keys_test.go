package web

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// U-04: the desk works through the queue with keys alone.
func TestTriageKeys(t *testing.T) {
	h := openIntake(t, "")
	first := h.member(town.Lea, func(in *cases.Intake) { in.Title = "Quokka in the updater" })
	second := h.member(town.Wim, func(in *cases.Intake) { in.Title, in.CWE = "Zebra in the menu", []string{"CWE-798"} })
	rated := func(id string) cases.Triaged {
		return town.Must(h.Town, town.Dora, func(v *db.View) (cases.Triaged, error) { return h.Cases.Triaged(v, id) })
	}
	tab := h.tab(town.Dora)
	tab.SetViewport(1280, 800)
	tab.Go(h.web.URL + "/triage")
	tab.Press("j")
	tab.Press("j")
	tab.Press("4")
	tab.WaitText(".notice", "severity is set", 5*time.Second)
	// The row keeps the focus: the next key is for it, too.
	tab.Press("a")
	tab.WaitText(".notice", "is assigned", 5*time.Second)
	if x := rated(second); x.Severity != 4 || x.Assignee != town.Dora {
		t.Errorf("the second report: %+v", x)
	}
	if x := rated(first); x.Severity != 0 || x.Assignee != "" {
		t.Errorf("the first report: %+v", x)
	}
	tab.Press("k")
	tab.Press("m")
	tab.WaitText("h1", "Quokka", 5*time.Second)
	tab.Go(h.web.URL + "/triage")
	tab.Press("j")
	tab.Press("o")
	tab.WaitText("h1", "Quokka", 5*time.Second)
	tab.Press("5")
	tab.WaitText(".notice", "severity is set", 5*time.Second)
	if x := rated(first); x.Severity != 5 {
		t.Errorf("on its page: %+v", x)
	}
	tab.Press("c")
	tab.WaitText(".notice", "The reporter is told", 5*time.Second)
	tab.CheckQuiet()
}

// Esc Esc leaves the public form and leaves nothing of it on the screen.
func TestEscapeLeaves(t *testing.T) {
	h := openIntake(t, "")
	receipt := h.stranger(reader.Fill{"title": {"Quokka"}})
	tab := h.tab("")
	tab.Go(h.web.URL + "/report/return")
	tab.Type("#report-receipt", receipt)
	tab.Press("Enter")
	tab.WaitText(".subtitle", "Quokka", 10*time.Second)
	if len(tab.Cookies()) > 0 {
		t.Errorf("cookies: %v", tab.Cookies())
	}
	tab.Press("Escape")
	tab.Press("x")
	tab.Press("Escape")
	if tab.URL() != h.web.URL+"/report/return" {
		t.Fatal("one Esc left the page")
	}
	tab.Press("Escape")
	for began := time.Now(); tab.URL() != "about:blank"; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("Esc Esc leads to %s", tab.URL())
		}
	}
	tab.CheckQuiet()
}
