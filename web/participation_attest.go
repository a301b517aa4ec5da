package web

import (
	"net/http"
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneAttested   = greeting("attested", "ok", "The attestation is on record, under your name and title.")
	doneAttestBack = greeting("attestation-withdrawn", "ok", "Withdrawn, with your reason. It stays in the record.")
	doneTraced     = greeting("traced", "ok", "The trace is recorded.")
	doneIssued     = greeting("certificate", "ok", "The certificate is issued. Its digest is in the ledger.")
)

// participationAgain shows the page of an organization once more, in the period
// that the form was sent from.
func (c *Ctx) participationAgain(org string) func(int, attempt) error {
	return func(status int, a attempt) error {
		p, err := evidence.ParsePeriod(a.t["period"])
		if err != nil {
			p = evidence.QuarterOf(c.DB.Clock().Now())
		}
		return c.showParticipation(status, org, p, a)
	}
}

// participationAttest records what a named person states for its organization.
func (c *Ctx) participationAttest() error {
	return c.caseAct(caseForm{which: "attest", fields: []string{"period", "kind", "from", "to", "text", "file", "title", "confirm"}, show: c.participationAgain(c.Viewer.Org),
		do: func(tx *db.Tx, a attempt) (string, error) {
			var wrong check.Problems
			in := evidence.NewAttestation{Kind: a.t["kind"], Text: a.t["text"], File: strings.TrimSpace(a.t["file"]), Title: a.t["title"], Confirm: a.t["confirm"] != "", Key: a.t["idempotency_key"]}
			in.From, in.To = moment(&wrong, "from", "The first day", a.t["from"], false), moment(&wrong, "to", "The last day", a.t["to"], false)
			if err := wrong.Err(); err != nil {
				return "", err
			}
			_, again, err := c.Evidence.Attest(tx, in)
			return "/participation/" + c.Viewer.Org + "?done=" + doneAttested, once(again, err)
		}})
}

// attestationWithdraw takes an attestation back.
func (c *Ctx) attestationWithdraw() error {
	id := c.R.PathValue("attestation")
	return c.caseAct(caseForm{which: "withdraw-" + id, fields: []string{"reason"}, show: c.participationAgain(c.Viewer.Org),
		do: func(tx *db.Tx, a attempt) (string, error) {
			return "/participation/" + c.Viewer.Org + "?done=" + doneAttestBack, c.Evidence.WithdrawAttestation(tx, id, a.t["reason"])
		}})
}

// traceView is everything on the page that records a trace.
type traceView struct {
	object string
	cases  []cases.Case
	traces []evidence.Trace
	a      attempt
	key    string
}

// traceNew is the form that links something received to what was made of it.
func (c *Ctx) traceNew() error {
	return c.showTrace(200, attempt{t: typed{"object": c.R.URL.Query().Get("object")}})
}

func (c *Ctx) showTrace(status int, a attempt) error {
	x := traceView{object: a.t["object"], a: a, key: a.key("trace", ids.Random(26))}
	ps, err := c.Cases.PartiesOf(c.View, c.Viewer.Org)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	var label policy.Label
	seen := map[string]bool{}
	for _, p := range ps {
		if seen[p.Case] {
			continue
		}
		seen[p.Case] = true
		k, err := c.Cases.Case(c.View, p.Case)
		if fault.Is(err, fault.Missing) || err == nil && g.hides(k.Label) {
			continue
		}
		if err != nil {
			return err
		}
		x.cases = append(x.cases, k)
		if label.TLP == "" || k.Label.TLP.StricterThan(label.TLP) {
			label.TLP = k.Label.TLP
		}
	}
	if x.traces, err = c.Evidence.Traces(c.View, c.Viewer.Org, ""); err != nil {
		return err
	}
	if len(x.traces) > 0 {
		label.TLP = policy.AmberStrict
		if g.hides(label) {
			return c.secondPasskey()
		}
	}
	return c.show(Page{Title: "Trace", Kind: "trace", Status: status, Label: label, Body: traceBody(x, c.View.Now())})
}

// traceRecord records it.
func (c *Ctx) traceRecord() error {
	return c.caseAct(caseForm{which: "trace", fields: []string{"object", "topic", "kind", "target", "note"}, show: c.showTrace,
		do: func(tx *db.Tx, a attempt) (string, error) {
			in := evidence.NewTrace{Object: a.t["object"], Kind: a.t["kind"], Target: a.t["target"], Note: a.t["note"], Key: a.t["idempotency_key"]}
			if topic := lastPart(a.t["topic"]); in.Object == "" {
				in.Object = topic
			}
			if in.Object == "" {
				return "", fault.InvalidField("object", "Choose a case, or name a topic.")
			}
			_, again, err := c.Evidence.Trace(tx, in)
			if fault.Is(err, fault.Missing) {
				err = fault.InvalidField("topic", "There is no such case or topic that you can read.")
			}
			return "/participation/trace?done=" + doneTraced, once(again, err)
		}})
}

// lastPart is the id at the end of an address, or the id itself.
func lastPart(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "#")
	s, _, _ = strings.Cut(s, "?")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// certificateIssue certifies how an organization took part in a period.
func (c *Ctx) certificateIssue() error {
	org := c.R.PathValue("org")
	return c.caseAct(caseForm{which: "issue", fields: []string{"period", "public"}, show: c.participationAgain(org),
		do: func(tx *db.Tx, a attempt) (string, error) {
			p, err := evidence.ParsePeriod(a.t["period"])
			if err != nil {
				return "", err
			}
			id, again, err := c.Evidence.IssueCertificate(tx, evidence.NewCertificate{Org: org, Period: p, Public: a.t["public"] != "", VerifyAt: c.Origin + "/verify", Key: a.t["idempotency_key"]})
			return "/certificates/" + id + "?done=" + doneIssued, once(again, err)
		}})
}

// certificateShow is a certificate.
func (c *Ctx) certificateShow() error {
	k, err := c.Evidence.Certificate(c.View, c.R.PathValue("certificate"))
	if err != nil {
		return err
	}
	label, err := c.between(k.Organization)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(label) {
		return c.secondPasskey()
	}
	return c.show(Page{Title: "Certificate " + ids.Short(k.ID), Kind: "certificate", Label: label, Body: certificateBody(k, c.View.Now())})
}

// certificateFile hands out a certificate with its proof: as a page that prints
// well, or as JSON. Both can be checked offline. A checkpoint may have to be
// published first, so it is a form's answer and never a link's.
func (c *Ctx) certificateFile() error {
	t, err := c.typed("as")
	if err != nil {
		return err
	}
	var shut bool
	if err := c.read(func(v *db.View) (err error) { shut, err = c.Members.NeedsSecondPasskey(v); return err }); err != nil {
		return err
	}
	if shut {
		return c.again(nil, func(int) error { return c.secondPasskey() })
	}
	id := c.R.PathValue("certificate")
	file, page, err := c.Evidence.CertificateFile(c.R.Context(), c.DB, c.Viewer, id)
	if err != nil {
		return err
	}
	if t["as"] == "page" {
		return c.sendFile(ids.Short(id)+".html", "application/octet-stream", page)
	}
	return c.sendFile(ids.Short(id)+".json", "application/json", file)
}

// caseEvidence hands out the evidence pack of a case. Taking it is recorded, so
// it is a form's answer and never a link's.
func (c *Ctx) caseEvidence() error {
	id := c.R.PathValue("case")
	var hidden bool
	err := c.read(func(v *db.View) error {
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
	w := &download{ctx: c, name: shortID(id) + "-evidence.zip"}
	err = c.Evidence.CasePack(c.R.Context(), c.DB, c.Viewer, id, w)
	if err != nil && w.begun {
		// Too late for a page: the reader must see that the file is not whole.
		c.Log.Error("an evidence pack broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// kindsOfTraces are the kinds for a form.
func kindsOfTraces() []ui.Option {
	return []ui.Option{
		{Value: evidence.TraceRisk, Text: "A risk assessment", Hint: "Where its risk was assessed."},
		{Value: evidence.TraceCountermeasure, Text: "A countermeasure", Hint: "A control or change that answers it."},
		{Value: evidence.TraceMitigation, Text: "A mitigation", Hint: "What reached the devices in the field."},
		{Value: evidence.TraceNotApplicable, Text: "Not applicable", Hint: "It is no matter of ours: say why."},
	}
}
