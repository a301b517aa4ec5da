package cases_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// report sends a member's report.
func report(h *town.Town, by string, in cases.Intake, uploads ...string) (id string) {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	h.OK(h.Write(by, func(tx *db.Tx) (err error) {
		id, _, err = h.Cases.SubmitMember(tx, in, h.Key(), uploads)
		return err
	}))
	return id
}

func readReport(h *town.Town, who, id string) (cases.Report, error) {
	return town.Read(h, who, func(v *db.View) (cases.Report, error) { return h.Cases.Report(v, id) })
}

// desk does something to a report at the desk.
func desk(h *town.Town, fn func(tx *db.Tx) error) error {
	h.Clock.Add(time.Minute)
	return h.Write(town.Dora, fn)
}

func likely(h *town.Town, who, id string) []cases.Likely {
	h.T.Helper()
	return town.Must(h, who, func(v *db.View) ([]cases.Likely, error) { return h.Cases.Duplicates(v, id) })
}

// A member sees his report, its dialogue and its files; so does the desk; nobody
// else does, not a colleague.
func TestMemberReport(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		up, err := h.Cases.UploadFile(h.Ctx, h.DB, h.As(town.Wanda), file("trace.bin", "\x00\x01"))
		h.OK(err)
		if _, _, err := readFile(h, town.Wanda, up.ID); err != nil {
			t.Errorf("an uploader cannot read his upload: %v", err)
		}
		if _, _, err := readFile(h, town.Wim, up.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("a colleague reads it: %v", err)
		}
		id := report(h, town.Wanda, plain("Open port"), up.ID)
		h.OK(h.Write(town.Wanda, func(tx *db.Tx) error {
			_, _, err := h.Cases.Answer(tx, id, "One more thing.", nil, "k1")
			return err
		}))
		h.OK(desk(h, func(tx *db.Tx) error { _, _, err := h.Cases.Answer(tx, id, "Thank you.", nil, "k2"); return err }))
		at := town.Epoch.Add(time.Minute)
		for _, who := range []string{town.Wanda, town.Dora, town.Dan} {
			r, err := readReport(h, who, id)
			if err != nil || r.Person != town.Wanda || !r.At.Equal(at) || r.State != cases.ReportAcknowledged || r.Acked.IsZero() {
				t.Errorf("%s reads %+v, %v", who, r, err)
			}
			ms := town.Must(h, who, func(v *db.View) ([]cases.Message, error) { return h.Cases.Messages(v, id) })
			if len(ms) != 2 || !ms[0].Inbound || ms[1].Inbound || ms[1].Name != "Dora Desk" {
				t.Errorf("%s reads the dialogue %+v", who, ms)
			}
			if _, body, err := readFile(h, who, up.ID); body != "\x00\x01" {
				t.Errorf("%s reads the file as %q, %v", who, body, err)
			}
		}
		for _, who := range []string{town.Wim, town.Pia, town.Fay, town.Lea, ""} {
			if _, err := readReport(h, who, id); !fault.Is(err, fault.Missing) {
				t.Errorf("%q reads a member's report: %v", who, err)
			}
			if ms := town.Must(h, who, func(v *db.View) ([]cases.Message, error) { return h.Cases.Messages(v, id) }); len(ms) != 0 {
				t.Errorf("%q reads its dialogue: %v", who, ms)
			}
			if _, _, err := readFile(h, who, up.ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%q reads its file: %v", who, err)
			}
			for name, fn := range map[string]func(tx *db.Tx) error{
				"answers":      func(tx *db.Tx) error { _, _, err := h.Cases.Answer(tx, id, "Me too.", nil, ""); return err },
				"rates":        func(tx *db.Tx) error { return h.Cases.SetSeverity(tx, id, 3) },
				"acknowledges": func(tx *db.Tx) error { return h.Cases.AcknowledgeReport(tx, id) },
				"decides": func(tx *db.Tx) error {
					_, err := h.Cases.DecideReport(tx, id, cases.ReportDecision{Kind: cases.Track, Reason: "x"})
					return err
				},
			} {
				if err := h.Write(who, fn); !fault.Is(err, fault.Missing) {
					t.Errorf("%q %s: %v", who, name, err)
				}
			}
		}
		if mine := town.Must(h, town.Wanda, h.Cases.MyReports); len(mine) != 1 || mine[0].ID != id {
			t.Errorf("her reports are %+v", mine)
		}
		for _, who := range []string{town.Wim, town.Dora, ""} {
			if mine := town.Must(h, who, h.Cases.MyReports); len(mine) != 0 {
				t.Errorf("%q has reports: %+v", who, mine)
			}
		}
		// The reporter has no part in triage, though it is her report.
		if _, err := town.Read(h, town.Wanda, func(v *db.View) (cases.Triaged, error) { return h.Cases.Triaged(v, id) }); !fault.Is(err, fault.Missing) {
			t.Errorf("the reporter reads the triage: %v", err)
		}
		town.Wants(t, h.Write(town.Wanda, func(tx *db.Tx) error { return h.Cases.SetSeverity(tx, id, 5) }), fault.Forbidden, "")
		if qs := queue(h, town.Wanda); len(qs) != 0 {
			t.Errorf("the reporter has a queue: %+v", qs)
		}
	})
}

// The same key takes a report once; patient data is asked about once.
func TestMemberReportOnce(t *testing.T) {
	h := town.New(t, "")
	send := func(in cases.Intake) (id string, again bool, err error) {
		err = h.Write(town.Lea, func(tx *db.Tx) (err error) { id, again, err = h.Cases.SubmitMember(tx, in, "k", nil); return err })
		return id, again, err
	}
	in := with("x", func(in *cases.Intake) { in.Description = "Patient MRN: 00482913 was connected." })
	_, _, err := send(in)
	town.Wants(t, err, fault.Invalid, "confirmed")
	in.Confirmed = cases.FoundNone
	first, again, err := send(in)
	if err != nil || again {
		t.Fatalf("%t, %v", again, err)
	}
	second, again, err := send(in)
	if err != nil || !again || first != second {
		t.Errorf("again: %q and %q, %t, %v", first, second, again, err)
	}
	town.Wants(t, h.Write("", func(tx *db.Tx) error { _, _, err := h.Cases.SubmitMember(tx, plain("x"), "", nil); return err }), fault.Forbidden, "")
}

// The desk's queue: the oldest first, with severity, assignee, the clock of R-068
// and filters; pages neither repeat nor lose.
func TestQueue(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Cases.QuickReceipts()
		var ids []string
		for i := range 5 {
			ids = append(ids, report(h, town.Lea, plain(fmt.Sprint("Report ", i))))
		}
		submit(h, plain("Stranger's report")) // of the day only, hence before the others
		h.OK(desk(h, func(tx *db.Tx) error { return h.Cases.SetSeverity(tx, ids[1], 4) }))
		h.OK(desk(h, func(tx *db.Tx) error { return h.Cases.AssignReport(tx, ids[2], town.Dan) }))
		town.Wants(t, desk(h, func(tx *db.Tx) error { return h.Cases.SetSeverity(tx, ids[1], 6) }), fault.Invalid, "severity")
		town.Wants(t, desk(h, func(tx *db.Tx) error { return h.Cases.AssignReport(tx, ids[2], town.Pia) }), fault.Invalid, "person")
		h.OK(desk(h, func(tx *db.Tx) error { return h.Cases.AcknowledgeReport(tx, ids[0]) }))
		town.Wants(t, desk(h, func(tx *db.Tx) error { return h.Cases.AcknowledgeReport(tx, ids[0]) }), fault.Conflict, "")
		titles := func(f cases.QueueFilter, limit int) (out []string) {
			t.Helper()
			after := cases.QueueCursor{}
			for range 10 {
				h.OK(h.DB.Read(h.Ctx, h.As(town.Dan), func(v *db.View) error {
					qs, next, err := h.Cases.Queue(v, f, after, limit)
					for _, q := range qs {
						out = append(out, q.Title)
					}
					after = next
					return err
				}))
				if after.ID == "" {
					break
				}
			}
			return out
		}
		all := []string{"Stranger's report", "Report 0", "Report 1", "Report 2", "Report 3", "Report 4"}
		for _, limit := range []int{0, 1, 2, 6} {
			if d := cmp.Diff(all, titles(cases.QueueFilter{Open: true}, limit)); d != "" {
				t.Errorf("pages of %d:\n%s", limit, d)
			}
		}
		for want, f := range map[string]cases.QueueFilter{"Report 1": {Severity: 3}, "Report 2": {Assignee: town.Dan}, "Report 3": {Words: "PORT 3"}} {
			if got := titles(f, 0); !slices.Equal(got, []string{want}) {
				t.Errorf("%+v: %v", f, got)
			}
		}
		q := queue(h, town.Dora)[1]
		if due := town.Epoch.Add(time.Minute + 48*time.Hour); !q.AckDue.At.Equal(due) || q.AckOver || q.Age < 5*time.Minute {
			t.Errorf("the clock of a report: %v, over %t, age %v; want %v", q.AckDue.At, q.AckOver, q.Age, due)
		}
		// A stranger's report has 48 hours from the end of its day.
		for _, c := range []struct {
			after    time.Duration
			stranger bool
		}{{49 * time.Hour, false}, {12 * time.Hour, true}} {
			h.Clock.Add(c.after)
			over := map[string]bool{}
			for _, q := range queue(h, town.Dora) {
				over[q.Title] = q.AckOver
			}
			if over["Report 0"] || !over["Report 3"] || over["Stranger's report"] != c.stranger {
				t.Errorf("overdue after %v more: %v", c.after, over)
			}
		}
		if qs := queue(h, town.Pia); len(qs) != 0 {
			t.Errorf("a member has a queue: %+v", qs)
		}
	})
}

// R-070, computed in the viewer's own eyes: who cannot see a report is not told
// that his own may repeat it, nor does his case count for others.
func TestDuplicates(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		cve := func(id string) cases.Intake { return with(id, func(in *cases.Intake) { in.CVEs = []string{id} }) }
		weak := func(model, cwe, component string) cases.Intake {
			return with(model, func(in *cases.Intake) {
				in.Products[0].Model, in.CWE, in.Component = model, []string{cwe}, component
				in.Products[0].Name = ""
			})
		}
		a := report(h, town.Lea, cve("CVE-2026-1000"))
		b := report(h, town.Wim, cve("CVE-2026-1000"))
		c := report(h, town.Lea, weak("A4", "CWE-79", "libweb 1"))
		d := report(h, town.Wim, weak(" a4", "CWE-79", "LibWeb  1"))
		other := []string{report(h, town.Wim, weak("A4", "CWE-80", "libweb 1")), report(h, town.Wim, weak("A5", "CWE-79", "libweb 1")), report(h, town.Wim, weak("A4", "CWE-79", "libjs"))}
		ids := func(ls []cases.Likely) (out []string) {
			for _, l := range ls {
				out = append(out, l.Report+l.Case)
			}
			return out
		}
		if got := ids(likely(h, town.Dora, b)); !slices.Equal(got, []string{a}) {
			t.Errorf("the same CVE: %v", got)
		}
		if got := ids(likely(h, town.Dora, d)); !slices.Equal(got, []string{c}) {
			t.Errorf("the same flaw: %v", got)
		}
		for _, o := range other {
			if got := likely(h, town.Dora, o); len(got) != 0 {
				t.Errorf("another flaw is held for a duplicate: %+v", got)
			}
		}
		for who, id := range map[string]string{town.Lea: a, town.Wim: b} {
			if got := likely(h, who, id); len(got) != 0 {
				t.Errorf("%s is told of another's report: %+v", who, got)
			}
		}
		// Beyond 180 days only the CVE tells.
		h.Clock.Add(181 * 24 * time.Hour)
		if got := likely(h, town.Dora, report(h, town.Cleo, weak("A4", "CWE-79", "libweb 1"))); len(got) != 0 {
			t.Errorf("after 181 days: %+v", got)
		}
		late := report(h, town.Cleo, cve("CVE-2026-1000"))
		if got := ids(likely(h, town.Dora, late)); !slices.Equal(got, []string{a, b}) {
			t.Errorf("the same CVE after 181 days: %v", got)
		}
		for _, q := range queue(h, town.Dora) {
			if want := map[string]int{a: 2, b: 2, late: 2, c: 1, d: 1}[q.ID]; q.Duplicates != want {
				t.Errorf("%s counts %d duplicates, want %d", q.Title, q.Duplicates, want)
			}
		}
	})
}

// A merged report is known to the desk both ways; its reporter reads nothing of
// the other.
func TestMergeReport(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Cases.QuickReceipts()
		sent := submit(h, plain("Stranger's"))
		stranger := queue(h, town.Dora)[0].ID
		a, b, c := report(h, town.Wim, plain("First")), report(h, town.Lea, plain("Second")), report(h, town.Cleo, plain("Third"))
		merge := func(x, into string) error {
			return desk(h, func(tx *db.Tx) error { return h.Cases.MergeReport(tx, x, into, "The same.") })
		}
		h.OK(merge(c, b))
		h.OK(merge(b, a)) // c goes along
		h.OK(merge(stranger, a))
		town.Wants(t, merge(a, a), fault.Invalid, "into")
		town.Wants(t, merge(a, b), fault.Invalid, "into")
		town.Wants(t, merge(b, a), fault.Conflict, "")
		town.Wants(t, merge(a, "report_NONE"), fault.Missing, "")
		triaged := func(id string) cases.Triaged {
			return town.Must(h, town.Dan, func(v *db.View) (cases.Triaged, error) { return h.Cases.Triaged(v, id) })
		}
		got := map[string]bool{}
		for _, id := range triaged(a).Merged {
			got[id] = true
		}
		if d := cmp.Diff(map[string]bool{b: true, c: true, stranger: true}, got); d != "" || triaged(c).Into != a || triaged(b).Into != a {
			t.Errorf("merged into the first: %s; third into %s", d, triaged(c).Into)
		}
		r, err := readReport(h, town.Lea, b)
		if err != nil || r.State != cases.ReportDuplicate || r.State.Words() != "Joined with an earlier report." || r.Acked.IsZero() {
			t.Errorf("the reporter reads %+v, %v", r, err)
		}
		if back, err := fetch(h, sent.Receipt.String()); err != nil || back.Words != "Joined with an earlier report." || back.Answer != "" {
			t.Errorf("the stranger reads %+v, %v", back, err)
		}
		// Twin worlds: what Lea can read of the record names neither the other
		// report nor its title.
		h.OK(h.DB.Read(h.Ctx, h.As(town.Lea), func(v *db.View) error {
			es, err := h.Ledger.Range(v, 0, 10_000)
			if err != nil {
				return err
			}
			for _, e := range es {
				x, err := h.Ledger.Open(v, e)
				if err != nil {
					return err
				}
				if s := string(x.Canonical); contains(s, a) || contains(s, "First") {
					t.Errorf("the reporter's record holds %s", s)
				}
			}
			return nil
		}))
		if _, err := readReport(h, town.Lea, a); !fault.Is(err, fault.Missing) {
			t.Errorf("the reporter reads the other report: %v", err)
		}
		// And back.
		h.OK(desk(h, func(tx *db.Tx) error { return h.Cases.ReopenReport(tx, b, "Another flaw after all.") }))
		if r, _ := readReport(h, town.Dora, b); r.State != cases.ReportExamined || triaged(b).Into != "" {
			t.Errorf("reopened: %+v, %+v", r.State, triaged(b))
		}
	})
}

// points are answers to SSVC's coordinator triage.
func points(change map[string]string) map[string]string {
	out := map[string]string{}
	for _, t := range coordinatorPoints() {
		out[t.ID] = t.Values[0].Name
	}
	maps.Copy(out, change)
	return out
}

// A person decides; the table suggests; what differs needs a reason.
func TestDecideReport(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := report(h, town.Lea, plain("x"))
		decide := func(d cases.ReportDecision) (opened string, err error) {
			err = desk(h, func(tx *db.Tx) (err error) { opened, err = h.Cases.DecideReport(tx, id, d); return err })
			return opened, err
		}
		suggested, err := cases.SuggestTriage(points(nil))
		h.OK(err)
		others := map[cases.DecisionKind]cases.DecisionKind{cases.Decline: cases.Track, cases.Track: cases.Decline, cases.Coordinate: cases.Track}
		for _, c := range []struct {
			name, field string
			d           cases.ReportDecision
		}{
			{"nothing", "decision", cases.ReportDecision{}},
			{"no reason", "reason", cases.ReportDecision{Kind: cases.Track}},
			{"declined without an answer", "answer", cases.ReportDecision{Kind: cases.Decline, Reason: "x"}},
			{"a point missing", "points." + coordinatorPoints()[0].ID, cases.ReportDecision{Kind: cases.Track, Reason: "x", Points: map[string]string{coordinatorPoints()[1].ID: coordinatorPoints()[1].Values[0].Name}}},
			{"no such answer", "points." + coordinatorPoints()[0].ID, cases.ReportDecision{Kind: cases.Track, Reason: "x", Points: points(map[string]string{coordinatorPoints()[0].ID: "perhaps"})}},
			{"against the table without a reason", "deviation", cases.ReportDecision{Kind: others[suggested], Reason: "x", Answer: "x", Points: points(nil)}},
			{"into a case that is not there", "into", cases.ReportDecision{Kind: cases.Coordinate, Reason: "x", Into: "case_NONE"}},
		} {
			_, err := decide(c.d)
			if !fault.Is(err, fault.Invalid) || !slices.Contains(fieldsOf(err), c.field) {
				t.Errorf("%s: %v %v, want %s", c.name, err, fieldsOf(err), c.field)
			}
		}
		if r, _ := readReport(h, town.Dora, id); r.State != cases.ReportReceived {
			t.Errorf("refused decisions left %s", r.State)
		}
		_, err = decide(cases.ReportDecision{Kind: cases.Decline, Reason: "Known since 2020.", Answer: "This is public as CVE-2020-1.", Points: points(nil), Deviation: "It is old."})
		h.OK(err)
		r, err := readReport(h, town.Lea, id)
		if err != nil || r.State != cases.ReportDeclined || r.Answer != "This is public as CVE-2020-1." {
			t.Errorf("the reporter reads %+v, %v", r, err)
		}
		x := town.Must(h, town.Dan, func(v *db.View) (cases.Triaged, error) { return h.Cases.Triaged(v, id) })
		if x.Suggested != suggested || x.Deviation != "It is old." || x.By != "Dora Desk" || x.Vector == "" || x.Reason != "Known since 2020." {
			t.Errorf("kept of the decision: %+v", x)
		}
		_, err = decide(cases.ReportDecision{Kind: cases.Track, Reason: "x"})
		town.Wants(t, err, fault.Conflict, "")
		h.OK(desk(h, func(tx *db.Tx) error { return h.Cases.ReopenReport(tx, id, "New facts.") }))
		_, err = decide(cases.ReportDecision{Kind: cases.Track, Reason: "Wait for the patch."})
		h.OK(err)
	})
}

// Coordinating opens a case that the desk leads, with the reporter as its finder
// as far as he allowed; the dialogue stays with the report.
func TestCoordinateReport(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Cases.QuickReceipts()
		sent := submit(h, plain("Stranger's"))
		anonymous := queue(h, town.Dora)[0].ID
		named := report(h, town.Lea, with("Named", func(in *cases.Intake) { in.MayShare, in.Contact.Name = true, "Lea Lab" }))
		hidden := report(h, town.Wim, plain("Hidden"))
		coordinate := func(id string, d cases.ReportDecision) (opened string) {
			t.Helper()
			d.Kind, d.Reason = cases.Coordinate, "Credible and new."
			h.OK(desk(h, func(tx *db.Tx) (err error) { opened, err = h.Cases.DecideReport(tx, id, d); return err }))
			return opened
		}
		finder := func(k string) cases.Party {
			t.Helper()
			for _, p := range town.Must(h, town.Dora, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, k) }) {
				if p.Role == cases.Finder {
					return p
				}
			}
			t.Fatalf("case %s has no finder", k)
			return cases.Party{}
		}
		k1 := coordinate(anonymous, cases.ReportDecision{Case: cases.NewCase{Maker: town.Pump.ID()}})
		if p := finder(k1); p.Org != "" || p.Name != "Reporter (no account)" {
			t.Errorf("the stranger's place: %+v", p)
		}
		if back, err := fetch(h, sent.Receipt.String()); err != nil || back.State != cases.ReportAccepted {
			t.Errorf("the stranger reads %+v, %v", back, err)
		}
		k2 := coordinate(named, cases.ReportDecision{Case: cases.NewCase{Title: "A flaw", Maker: town.Pump.ID()}})
		if p := finder(k2); p.Org != town.Lab.ID() || p.State != cases.Joined {
			t.Errorf("the member's place: %+v", p)
		}
		if err := readable(h, town.Lea, k2); err != nil {
			t.Errorf("the finder cannot read the case: %v", err)
		}
		if r, err := readReport(h, town.Lea, named); err != nil || r.Case != k2 {
			t.Errorf("and is not led to it: %+v, %v", r.Case, err)
		}
		k3 := coordinate(hidden, cases.ReportDecision{Into: k2})
		if k3 != k2 {
			t.Errorf("joined %s, not %s", k3, k2)
		}
		if err := readable(h, town.Wim, k2); !fault.Is(err, fault.Missing) {
			t.Errorf("who did not share his contact is on the case: %v", err)
		}
		if r, err := readReport(h, town.Wim, hidden); err != nil || r.Case != "" || r.State != cases.ReportAccepted {
			t.Errorf("and reads %+v, %v", r, err)
		}
		// No party learns who the hidden reporter is.
		for _, p := range town.Must(h, town.Lea, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, k2) }) {
			if p.Org == town.Ward.ID() || contains(p.Name, "Ward") {
				t.Errorf("the finder sees %+v", p)
			}
		}
		for _, who := range []string{town.Pia, town.Max, town.Fay} {
			if err := readable(h, who, k2); !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads the case: %v", who, err)
			}
			if _, err := readReport(h, who, named); !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads its report: %v", who, err)
			}
		}
		town.Wants(t, desk(h, func(tx *db.Tx) error { return h.Cases.ReopenReport(tx, named, "x") }), fault.Conflict, "")
		// Once the case is public, its reporters read that it is.
		for _, s := range []cases.Stage{cases.Notified, cases.Analysis, cases.PreDisclosure, cases.Published} {
			h.OK(desk(h, func(tx *db.Tx) error { return h.Cases.Move(tx, k1, s, "") }))
		}
		if back, err := fetch(h, sent.Receipt.String()); err != nil || back.State != cases.ReportPublished || back.Words != "Published." {
			t.Errorf("after the publication the stranger reads %+v, %v", back, err)
		}
		if v := h.As(town.Lea); !v.Principals().Has(policy.OfPerson(town.Lea)) {
			t.Error("the town is not what this test takes it for")
		}
	})
}
