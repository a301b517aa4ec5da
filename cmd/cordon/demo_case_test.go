package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web"
)

// The titles of the demo's cases.
const (
	stackTitle = "CorvidNet TCP/IP: memory corruption in option and urgent-pointer handling"
	pumpTitle  = "Unauthenticated configuration of infusion pump A4/A5"
	lateTitle  = "Copy service of Hema 300 listens on every address"
	keptTitle  = "Roost bedside reader: pairing and update can be bypassed"
	ownTitle   = "Alder PACS: the DICOM toolkit writes outside of its folder"
)

// told is one case of the demo as a person sees it: its stage, its clocks
// ("R-010/notice at-risk", "R-068/update over of Kestrel Cardiac Systems") and its
// parties ("vendor joined Pumpworks Medical", with "late").
type told struct {
	Stage           cases.Stage
	Clocks, Parties []string
}

func (w *world) told(person, title string) (k cases.Case, t told) {
	w.t.Helper()
	w.read(w.being(person), func(v *db.View) error {
		ks, _, err := w.house.cases.Cases(v, cases.Filter{}, cases.Cursor{}, 0)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(ks, func(k cases.Case) bool { return k.Title == title })
		if i < 0 {
			w.t.Fatalf("%s does not see the case %q", person, title)
		}
		k, t.Stage = ks[i], ks[i].Stage
		os, err := w.house.cases.Obligations(v, k.ID)
		if err != nil {
			return err
		}
		m, err := w.house.cases.Matrix(v, k.ID)
		if err != nil {
			return err
		}
		names := map[string]string{}
		for _, r := range m.Rows {
			names[r.Party.ID] = r.Party.Name
			line := fmt.Sprintf("%s %s %s", r.Party.Role, r.Party.State, r.Party.Name)
			if r.Late {
				line += ", late"
			}
			t.Parties = append(t.Parties, line)
		}
		for _, o := range os {
			line := fmt.Sprintf("%s/%s %s", o.Rule, o.Clock, o.State)
			if o.Rule == "R-068" {
				line += " of " + names[o.Party]
			}
			t.Clocks = append(t.Clocks, line)
		}
		slices.Sort(t.Clocks)
		slices.Sort(t.Parties)
		return nil
	})
	return k, t
}

// The demo holds the cases that the issue asks for, each in its own state, and
// what is there is there for the right people only (R-010, R-011, R-020, R-049,
//
func TestDemoCases(t *testing.T) {
	w, state := furnished(t)
	for _, key := range []string{"lindqvist", "rousselin", "kallionpaa", "salcedo", "tranberg", "kolbeck", "maas", "tembo", "delacourt"} {
		if !slices.ContainsFunc(state.Personas, func(p demoPersona) bool { return p.Key == key }) {
			t.Errorf("nobody is called %s", key)
		}
	}
	for _, c := range []struct {
		name, who, title string
		want             told
	}{
		{"a component of two manufacturers", "maas", stackTitle, told{cases.Remediation, []string{
			"R-010/fix not-applicable", "R-010/notice not-applicable", "R-011/discretion not-applicable", "R-062/embargo running",
			"R-068/answer met of Aldervane Health Technologies", "R-068/answer met of Corvid Embedded", "R-068/answer met of Kestrel Cardiac Systems", "R-068/answer running of Morrow Respiratory",
			"R-068/update over of Kestrel Cardiac Systems", "R-068/update running of Aldervane Health Technologies", "R-068/update running of Corvid Embedded"}, []string{
			"finder joined Threadneedle Research", "vendor invited Morrow Respiratory", "vendor joined Aldervane Health Technologies", "vendor joined Corvid Embedded", "vendor joined Kestrel Cardiac Systems, late"}}},
		{"day 24", "lindqvist", pumpTitle, told{cases.Remediation, []string{
			"R-010/fix running", "R-010/notice at-risk", "R-011/discretion at-risk", "R-062/embargo running", "R-068/answer met of Pumpworks Medical", "R-068/update running of Pumpworks Medical"}, []string{
			"deployer joined Northfen Children's Hospital", "finder joined Harborcrest Health Network", "government joined FDA CDRH (demo)", "vendor joined Pumpworks Medical"}}},
		{"lost", "hallberg", lateTitle, told{cases.Remediation, []string{
			"R-010/fix running", "R-010/notice lost", "R-011/discretion lost", "R-020/806 running"}, []string{"vendor joined Brightlane Diagnostics"}}},
		{"satisfied", "vasquez", keptTitle, told{cases.PostPublished, []string{
			"R-010/fix met", "R-010/notice met", "R-011/discretion met", "R-062/embargo met"}, []string{"coordinator joined Device ISAO", "vendor joined Kestrel Cardiac Systems"}}},
		{"just opened", "hatakeda", ownTitle, told{cases.Triage, []string{
			"R-010/fix running", "R-010/notice running", "R-011/discretion running"}, []string{"vendor joined Aldervane Health Technologies"}}},
	} {
		_, got := w.told(c.who, c.title)
		for i, line := range got.Clocks {
			// Ten work days are more days where holidays are among them, and a week is
			// an hour more or less where clocks are changed.
			if line == "R-020/806 at-risk" || line == "R-062/embargo at-risk" {
				got.Clocks[i] = strings.Replace(line, "at-risk", "running", 1)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	t.Run("notice", func(t *testing.T) { demoNotice(t, w) })
	t.Run("grants", func(t *testing.T) { demoGrants(t, w) })
	t.Run("invited", func(t *testing.T) { demoInvited(t, w) })
	t.Run("reports", func(t *testing.T) { demoReports(t, w) })
	t.Run("walk", func(t *testing.T) { demoWalk(t, w) })
	t.Run("pack", func(t *testing.T) { demoPack(t, w) })
	t.Run("deadlines", func(t *testing.T) { demoDeadlines(t, w) })
	t.Run("intelligence", func(t *testing.T) { demoIntel(t, w) })
	t.Run("devices", func(t *testing.T) { demoDevices(t, w) })
}

// demoNotice: one notice is drafted whole and due in six days, the other one went
// out on day 33, with the ISAO's copy in the same instant.
func demoNotice(t *testing.T, w *world) {
	for _, c := range []struct {
		who, title string
		state      cases.NoticeState
		day        int // on which it is looked at, or was sent
	}{{"arendt", pumpTitle, cases.NoticeDraft, 24}, {"hallberg", lateTitle, cases.NoticeSent, 33}} {
		k, _ := w.told(c.who, c.title)
		w.read(w.being(c.who), func(v *db.View) error {
			ns, err := w.house.cases.Notices(v, k.ID)
			if err != nil {
				return err
			}
			fs, err := w.house.cases.Facts(v, k.ID)
			if err != nil {
				return err
			}
			learned := fs[slices.IndexFunc(fs, func(f cases.Fact) bool { return f.Kind == cases.Learned })].At
			if len(ns) != 1 || ns[0].State != c.state || len(ns[0].Text.Lacks()) != 0 || !ns[0].ISAOAt.Equal(ns[0].SentAt) {
				t.Fatalf("%s: notices %+v", c.title, ns)
			}
			at := ns[0].SentAt
			if at.IsZero() {
				at = v.Now()
			}
			if day := int(at.Sub(learned).Hours()+12) / 24; day < c.day || day > c.day+1 {
				t.Errorf("%s: day %d, want %d", c.title, day, c.day)
			}
			return nil
		})
	}
}

// demoGrants: FDA's person was let in, once, and answered; CISA's was asked for, is
// told of nothing, and reads nothing.
func demoGrants(t *testing.T, w *world) {
	k, _ := w.told("tembo", pumpTitle)
	w.read(w.being("tembo"), func(v *db.View) error {
		gs, err := w.house.cases.Grants(v, k.ID)
		if err != nil {
			return err
		}
		var got []string
		for _, g := range gs {
			got = append(got, fmt.Sprintf("%s %s answered=%t", g.Holder.Name, g.State(v.Now()), g.Answer != ""))
		}
		if diff := cmp.Diff([]string{"Denise Kolbeck requested answered=false", "Yuki Tranberg granted answered=true"}, got); diff != "" {
			t.Errorf("grants (-want +got):\n%s", diff)
		}
		os, err := w.house.cases.Openings(v, k.ID)
		if err != nil || len(os) != 1 || os[0].Name != "Yuki Tranberg" || os[0].Until.Sub(os[0].At) != time.Hour {
			t.Errorf("openings %+v, %v", os, err)
		}
		return nil
	})
	for who, grants := range map[string]int{"tranberg": 1, "kolbeck": 0, "abara": 0} {
		w.read(w.being(who), func(v *db.View) error {
			mine, err := w.house.cases.MyGrants(v)
			if err != nil || len(mine) != grants {
				t.Errorf("%s has %d grants, %v", who, len(mine), err)
			}
			if _, err := w.house.cases.Case(v, k.ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads the case with no opening: %v", who, err)
			}
			return nil
		})
	}
}

// demoInvited: who was asked sees an invitation and nothing of the case; the side
// thread is its parties'; a manufacturer's own case is its own.
func demoInvited(t *testing.T, w *world) {
	k, _ := w.told("maas", stackTitle)
	alone, _ := w.told("rousselin", ownTitle)
	for who, offered := range map[string]bool{"rangihuna": true, "tollefson": true, "pryce": false} {
		w.read(w.being(who), func(v *db.View) error {
			ins, err := w.house.cases.Invitations(v)
			if err != nil || (len(ins) == 1) != offered || offered && ins[0].Offer.Until.IsZero() {
				t.Errorf("%s is asked %+v, %v", who, ins, err)
			}
			if ks, _, err := w.house.cases.Cases(v, cases.Filter{}, cases.Cursor{}, 0); err != nil || len(ks) != 0 {
				t.Errorf("%s sees %d cases, %v", who, len(ks), err)
			}
			return nil
		})
	}
	for who, n := range map[string]int{"viitala": 2, "venkat": 2, "vasquez": 1, "delacourt": 1, "maas": 1} {
		w.read(w.being(who), func(v *db.View) error {
			ts, err := w.house.cases.Threads(v, k.ID)
			if err != nil || len(ts) != n {
				t.Errorf("%s reads %d threads of the stack's case, want %d; %v", who, len(ts), n, err)
			}
			if _, err := w.house.cases.Case(v, alone.ID); who != "rousselin" && !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads Aldervane's own case: %v", who, err)
			}
			return nil
		})
	}
}

// demoReports: one just in without an account, one acknowledged, one that repeats
// others.
func demoReports(t *testing.T, w *world) {
	w.read(w.being("tembo"), func(v *db.View) error {
		qs, _, err := w.house.cases.Queue(v, cases.QueueFilter{Open: true}, cases.QueueCursor{}, 0)
		if err != nil {
			return err
		}
		got := map[string]string{}
		for _, q := range qs {
			got[q.Title] = fmt.Sprintf("%s %s severity=%d duplicates=%d acknowledged=%t", q.Source, q.State, q.Triage.Severity, q.Duplicates, !q.Acked.IsZero())
			if q.Stranger() && !q.At.Equal(q.At.Truncate(24*time.Hour)) {
				t.Errorf("a stranger's report has the time %s", q.At)
			}
		}
		if diff := cmp.Diff(map[string]string{
			"Patch pump: remote bolus can be replayed":                                    "anonymous received severity=0 duplicates=0 acknowledged=false",
			"A5 takes settings from anybody on the pump network":                          "member received severity=0 duplicates=2 acknowledged=false",
			"Lanekeeper middleware: the service account has the same password everywhere": "member examined severity=4 duplicates=0 acknowledged=true",
		}, got); diff != "" {
			t.Errorf("the queue (-want +got):\n%s", diff)
		}
		return nil
	})
}

// demoPack: the statement is public, and the pack of the case that was kept is whole.
func demoPack(t *testing.T, w *world) {
	k, _ := w.told("quintanar", keptTitle)
	w.read(policy.Anonymous(), func(v *db.View) error {
		xs, _, err := w.house.cases.Published(v, cases.Cursor{}, 0)
		if err != nil || len(xs) != 1 || xs[0].Case != k.Short() || xs[0].Body == "" || xs[0].Published.Before(k.Embargo.Until) {
			t.Errorf("published %+v, %v", xs, err)
		}
		return nil
	})
	var pack bytes.Buffer
	if err := w.house.evidence.CasePack(context.Background(), w.house.db, w.being("quintanar"), k.ID, &pack); err != nil {
		t.Fatal(err)
	}
	report, err := evidence.Verify(bytes.NewReader(pack.Bytes()), int64(pack.Len()), evidence.Options{Key: w.house.ledger.Public()})
	if err != nil || !report.OK {
		t.Errorf("the pack: %+v, %v", report, err)
	}
}

// demoWalk is the README's walk through a case: each page says to its person what
// the README promises, without script.
func demoWalk(t *testing.T, w *world) {
	path := func(title string) string {
		return "/cases/" + w.named(`SELECT k.id FROM visible.cases k WHERE k.title = $1`, title)
	}
	pumps := path(pumpTitle)
	desk := w.reader("tembo")
	desk.Get("/triage").Want(200, "Patch pump: remote bolus can be replayed", "2 like it", "Lanekeeper middleware")
	maker := w.reader("lindqvist")
	maker.Get("/cases").Want(200, pumpTitle)
	maker.Get(pumps).Want(200, "30-day notice to customers and users: due in", "Northfen Children's Hospital", "Agencies’ access").Never("Pine Fork")
	maker.Get(pumps+"/risk").Want(200, "uncontrolled")
	maker.Get(pumps+"/clocks").Want(200, "R-010", "The user community has not been told.")
	maker.Get(pumps+"/notices").Want(200, "accept configuration only from the Gateway")
	maker.Get(pumps+"/grants").Want(200, "Yuki Tranberg", "Denise Kolbeck")
	w.reader("tranberg").Get("/need-to-know").Want(200, "Your grants", "Advice on the risk to patients while the update is validated.")
	w.reader("tollefson").Get("/cases").Want(200, "Read the invitation").Never(pumpTitle)
	w.reader("maas").Get(path(stackTitle)).Want(200, "Kestrel Cardiac Systems", "Morrow Respiratory", "late").Never("Backport to 6.7")
	w.reader("viitala").Get(path(stackTitle)+"/threads").Want(200, "Backport to 6.7 for VaneView")
	w.reader("hallberg").Get(path(lateTitle)+"/clocks").Want(200, "Part 806 report", "after the last day")
	w.reader("quintanar").Get(path(keptTitle)+"/evidence").Want(200, "Download the evidence pack")
	nobody := w.reader("")
	nobody.Get("/disclosures").Want(200, "Roost bedside reader: update to firmware 2.8")
	nobody.Get("/report").Want(200)
	nobody.Get("/verify").Want(200, "Check it")
}

// demoDeadlines: after furnishing no obligation waits for a pass, every clock is what
// a second reckoning from the ledger alone comes to, and those who run the machine
// are told.
func demoDeadlines(t *testing.T, w *world) {
	w.read(keeper, func(v *db.View) error {
		d, err := w.house.cases.Deadlines(v)
		if err != nil || d.Waiting != 0 || d.Open < 10 || !d.Next.After(v.Now()) {
			t.Errorf("the deadlines are %+v, %v", d, err)
		}
		ks, _, err := w.house.cases.Cases(v, cases.Filter{}, cases.Cursor{}, 0)
		if err != nil || len(ks) != demoCases {
			t.Errorf("%d cases, %v; want %d", len(ks), err, demoCases)
		}
		for _, k := range ks {
			r, err := w.house.evidence.RecheckCase(v, k.ID)
			if err != nil || r.Checked == 0 || len(r.Disagreements) != 0 {
				t.Errorf("%s: reckoned again, %+v, %v", k.Title, r, err)
			}
		}
		return nil
	})
	if lines := w.house.health(context.Background()); !slices.ContainsFunc(lines, func(l web.HealthLine) bool {
		return l.OK && strings.HasPrefix(l.Text, "Deadlines were last looked at") && strings.HasSuffix(l.Text, "no obligation waits.")
	}) {
		t.Errorf("the health page says %+v", lines)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(w.house.obligationGauge("open", "", func(d cases.Deadlines) int { return d.Open }))
	got := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(got, httptest.NewRequest("GET", "/metrics", nil))
	if body := got.Body.String(); !regexp.MustCompile(`(?m)^cordon_obligations_open [1-9][0-9]$`).MatchString(body) {
		t.Errorf("the metrics say %s", body)
	}
}
