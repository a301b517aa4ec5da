package cases_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/ssvc"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func takeIn(h *town.Town, by string, data []byte, key string) (id string, again bool, err error) {
	err = h.Write(by, func(tx *db.Tx) (err error) { id, again, err = h.Cases.ImportHandover(tx, data, key); return err })
	return id, again, err
}

// handedOver is a case with everything in it, and its package.
func handedOver(h *town.Town) (id string, data []byte) {
	h.T.Helper()
	id = sharedCase(h)
	x := vulnerable(h, town.Pia, id, cases.Description{Title: "Port", Text: "Open.", CWE: "CWE-306", Vector3: critical3, Vector4: high4, Solution: "Update.", Credits: []string{"Lea Lab"},
		Products: []cases.Device{{Vendor: "Pump Works", Product: "A4", Default: "unknown", Versions: []cases.DeviceVersion{{Version: "1.0", Status: "affected", Before: "4.2"}}}}})
	gone := vulnerable(h, town.Pia, id, cases.Description{Title: "Log"})
	asked := vulnerable(h, town.Pia, id, cases.Description{Title: "Key"})
	values := map[string]string{}
	table, _ := ssvc.Find(ssvc.SupplierPatch)
	for _, p := range table.Points {
		values[p.ID] = p.Values[0].Name
	}
	h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
		if _, err := h.Cases.DecideSSVC(tx, x, ssvc.SupplierPatch, values); err != nil {
			return err
		}
		if err := h.Cases.SetEPSS(tx, x, cases.EPSS{Probability: "0.5", Source: "FIRST", AsOf: "2026-02-28"}); err != nil {
			return err
		}
		if err := h.Cases.SetKEV(tx, x, cases.KEV{Source: "CISA", AsOf: "2026-02-28"}); err != nil {
			return err
		}
		if err := h.Cases.AssignCVE(tx, x, "CVE-2026-12345", cases.Assigner{}); err != nil {
			return err
		}
		if err := h.Cases.RequestCVE(tx, asked, "Example CNA"); err != nil {
			return err
		}
		return h.Cases.WithdrawVulnerability(tx, gone, "Not here.")
	}))
	official := town.Must(h, town.Pia, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, id) })[0].ID
	say := func(by, body string, l policy.Label) {
		h.Clock.Add(time.Minute)
		h.OK(h.Write(by, func(tx *db.Tx) error {
			_, _, err := h.Forum.Reply(tx, official, forum.NewPost{Body: body, Label: l})
			return err
		}))
	}
	say(town.Pia, "A fence:\n```\nTLP: CLEAR\n```\nand [somebody](person:person_PIA).", policy.Label{})
	say(town.Dora, "The desk alone: HUSH.", town.Label(policy.Amber, h.Desk))
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
		_, _, err := h.Cases.StartThread(tx, id, forum.NewTopic{Title: "Aside", Body: "Between us: HUSH.", Label: town.Label(policy.Amber, h.Desk)})
		return err
	}))
	embargoed(h, id, h.Clock.Now().Add(24*time.Hour))
	h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) { data, err = h.Cases.HandOver(tx, id, "Another desk"); return err }))
	return id, data
}

// What is handed over is what all who take part read; on the other side it is the
// same case, no looser, and nobody gained a place by it.
func TestHandover(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id, data := handedOver(h)
		if strings.Contains(string(data), "HUSH") {
			t.Error("a side thread was handed over")
		}
		_, err := town.Read(h, town.Max, func(v *db.View) ([]byte, error) { return h.Cases.Handover(v, id) })
		town.Wants(t, err, fault.Missing, "")
		_, err = town.Read(h, town.Pia, func(v *db.View) ([]byte, error) { return h.Cases.Handover(v, id) })
		town.Wants(t, err, fault.Forbidden, "")

		there := town.New(t, "")
		there.Clock.Set(h.Clock.Now())
		_, _, err = takeIn(there, town.Pia, data, "")
		town.Wants(t, err, fault.Forbidden, "")
		key := there.Key()
		got, again, err := takeIn(there, town.Dora, data, key)
		there.OK(err)
		if same, twice, err := takeIn(there, town.Dora, data, key); err != nil || again || !twice || same != got {
			t.Errorf("taken in twice: %v %v %v", same, twice, err)
		}
		was := town.Must(h, town.Dora, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, id) })
		is := town.Must(there, town.Dora, func(v *db.View) (cases.Case, error) { return there.Cases.Case(v, got) })
		if is.Title != was.Title || is.Summary != was.Summary || is.Severity != was.Severity || is.Label.TLP.StricterThan(policy.AmberStrict) || was.Label.TLP.StricterThan(is.Label.TLP) ||
			!is.Embargo.In(there.Clock.Now()) || !is.Embargo.Until.Equal(was.Embargo.Until) || !strings.Contains(is.Origin, was.Short()) {
			t.Errorf("the case came over as %+v", is)
		}
		for _, who := range []string{town.Pia, town.Fay, town.Max, ""} {
			if err := readable(there, who, got); !fault.Is(err, fault.Missing) {
				t.Errorf("%q reads it: %v", who, err)
			}
		}
		if ps := town.Must(there, town.Dora, func(v *db.View) ([]cases.Party, error) { return there.Cases.Parties(v, got) }); len(ps) != 0 {
			t.Errorf("parties: %+v", ps)
		}
		list := func(h *town.Town, id string) []cases.Vulnerability {
			return town.Must(h, town.Dora, func(v *db.View) ([]cases.Vulnerability, error) { return h.Cases.Vulnerabilities(v, id) })
		}
		opts := []cmp.Option{cmpopts.IgnoreFields(cases.Vulnerability{}, "ID", "Case", "At", "Withdrawn", "Label"), cmpopts.IgnoreFields(cases.SSVCDecision{}, "Person", "Name", "OrgName", "Vector"),
			cmpopts.IgnoreFields(cases.CVERequest{}, "At", "By", "Name"), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(list(h, id), list(there, got), opts...); diff != "" {
			t.Errorf("vulnerabilities (-was +is):\n%s", diff)
		}
		topic := town.Must(there, town.Dora, func(v *db.View) ([]cases.Thread, error) { return there.Cases.Threads(v, got) })[0].ID
		posts := town.Must(there, town.Dora, func(v *db.View) ([]forum.Post, error) { return there.Forum.Posts(v, topic, forum.Cursor{}, 0) })
		var text strings.Builder
		for _, p := range posts {
			text.WriteString(p.Body)
			if len(p.Mentions) > 0 {
				t.Errorf("somebody is mentioned: %v", p.Mentions)
			}
		}
		for _, want := range []string{"Pia Pump, Pump Works", "A fence:\n```\nTLP: CLEAR\n```\n", "````text\n", "Pump Works, vendor", "case.opened"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not among the quotations:\n%s", want, text.String())
			}
		}
		// And on: the second package holds the case again.
		second := town.Must(there, town.Dora, func(v *db.View) ([]byte, error) { return there.Cases.Handover(v, got) })
		third := town.New(t, "")
		third.Clock.Set(h.Clock.Now())
		if _, _, err := takeIn(third, town.Dan, second, ""); err != nil {
			t.Errorf("a package of what was taken in: %v %v", err, fault.FieldsOf(err))
		}
	})
}

// Bad input names what and where, and changes nothing.
func TestHandoverRefuses(t *testing.T) {
	h := town.New(t, "")
	_, data := handedOver(h)
	edit := func(change func(map[string]any)) []byte {
		var m map[string]any
		h.OK(json.Unmarshal(data, &m))
		change(m)
		out, err := json.Marshal(m)
		h.OK(err)
		return out
	}
	sub := func(m map[string]any, name string) map[string]any { return m[name].(map[string]any) }
	first := func(m map[string]any, name string) map[string]any { return m[name].([]any)[0].(map[string]any) }
	count := func() int {
		ks := town.Must(h, town.Dora, func(v *db.View) ([]cases.Case, error) {
			ks, _, err := h.Cases.Cases(v, cases.Filter{}, cases.Cursor{}, 0)
			return ks, err
		})
		return len(ks)
	}
	before := count()
	for _, c := range []struct {
		name, field string
		data        []byte
	}{
		{"nothing", "package", nil},
		{"not JSON", "package", []byte("PK")},
		{"a label twice", "package", []byte(strings.Replace(string(data), `"tlp":"AMBER"`, `"tlp":"AMBER","TLP":"CLEAR"`, 1))},
		{"an unknown name", "package", edit(func(m map[string]any) { m["extra"] = 1 })},
		{"another version", "handover", edit(func(m map[string]any) { m["handover"] = 2 })},
		{"no title", "case.title", edit(func(m map[string]any) { sub(m, "case")["title"] = "" })},
		{"no label", "case.tlp", edit(func(m map[string]any) { sub(m, "case")["tlp"] = "" })},
		{"a RED post", "threads[0].posts[0].tlp", edit(func(m map[string]any) { first(first(m, "threads"), "posts")["tlp"] = "RED" })},
		{"a score that is not the vector's", "vulnerabilities[0].score3", edit(func(m map[string]any) { first(m, "vulnerabilities")["score3"] = "1.0" })},
		{"an outcome that is not the table's", "vulnerabilities[0].ssvc[0].outcome", edit(func(m map[string]any) { first(first(m, "vulnerabilities"), "ssvc")["outcome"] = "x" })},
		{"a status of nobody", "statuses[0].party", edit(func(m map[string]any) {
			m["statuses"] = []any{map[string]any{"party": "p", "vulnerability": "v", "tlp": "AMBER", "status": "fixed", "statement": "", "at": "2026-01-01T00:00:00Z"}}
		})},
		{"a post from the future", "threads[0].posts[0].at", edit(func(m map[string]any) { first(first(m, "threads"), "posts")["at"] = "2036-01-01T00:00:00Z" })},
		{"an embargo for ever", "case.embargo.until", edit(func(m map[string]any) { sub(sub(m, "case"), "embargo")["until"] = "2036-01-01T00:00:00Z" })},
		{"a party twice", "parties[1].id", edit(func(m map[string]any) { m["parties"] = []any{first(m, "parties"), first(m, "parties")} })},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := takeIn(h, town.Dora, c.data, "")
			town.Wants(t, err, fault.Invalid, c.field)
			if n := count(); n != before {
				t.Errorf("%d cases, were %d", n, before)
			}
		})
	}
	// One strict thing in it, and the case is as strict.
	strict := edit(func(m map[string]any) { first(first(m, "threads"), "posts")["tlp"] = "AMBER+STRICT" })
	id, _, err := takeIn(h, town.Dora, strict, "")
	h.OK(err)
	if k := town.Must(h, town.Dora, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, id) }); k.Label.TLP != policy.AmberStrict {
		t.Errorf("the case is %s", k.Label.TLP)
	}
	// Long posts of nothing but backticks fit.
	long := edit(func(m map[string]any) {
		first(first(m, "threads"), "posts")["body"] = strings.Repeat("`", 60_000) + strings.Repeat(fmt.Sprintf("%s\n", strings.Repeat("é", 40)), 50)
	})
	_, _, err = takeIn(h, town.Dora, long, "")
	h.OK(err)
}
