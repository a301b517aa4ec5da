package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// The kinds of traces: to what an organization carried what it received (FDA
// Postmarket 2016 §IX, fourth criterion), or that it was no matter of its own.
const (
	TraceRisk           = "risk-assessment"
	TraceCountermeasure = "countermeasure"
	TraceMitigation     = "mitigation"
	TraceNotApplicable  = "not-applicable"
)

var traceWords = map[string]string{TraceRisk: "risk assessment", TraceCountermeasure: "countermeasure", TraceMitigation: "mitigation", TraceNotApplicable: "not applicable"}

// TraceKinds lists the kinds of traces.
func TraceKinds() []string {
	return []string{TraceRisk, TraceCountermeasure, TraceMitigation, TraceNotApplicable}
}

// NewTrace is a trace on its way in.
type NewTrace struct {
	Object string // the case or topic that was received
	Kind   string
	Target string // what it was carried to: the id or name of a document or record
	Note   string // of what is not applicable: why
	Key    string // idempotency key, may be empty
}

// Trace is a link from something received to what was made of it.
type Trace struct {
	ID, Org, Object, Kind string
	Target, Note          string
	At                    time.Time
	Person, Name          string
	Entry                 int64
}

// Trace links a case or topic that the viewer can read to what his organization
// made of it.
func (e *Evidence) Trace(tx *db.Tx, in NewTrace) (id string, again bool, err error) {
	who := tx.Viewer()
	if !who.SignedIn() || who.Org == "" || !who.May(policy.MayWorkCase) {
		return "", false, fault.Forbiddenf("You may not record traces. Members in good standing may.")
	}
	return tx.Once(in.Key, sum([]byte(strings.Join([]string{in.Object, in.Kind, in.Target, in.Note}, "\x00"))), func() (string, error) {
		l, err := e.traceLabel(tx.View, in.Object)
		if err != nil {
			return "", err
		}
		var p check.Problems
		p.OneOf("kind", "The kind", in.Kind, TraceKinds()...)
		in.Target = p.Line("target", "What it was carried to", in.Target, 300, in.Kind != TraceNotApplicable)
		in.Note = p.Text("note", "The note", in.Note, 2000, in.Kind == TraceNotApplicable)
		if err := p.Err(); err != nil {
			return "", err
		}
		audience, err := tx.Store(l.Audience)
		if err != nil {
			return "", err
		}
		id := ids.New("trace")
		if _, err := tx.Exec(`INSERT INTO evidence_traces (id, org, object, kind, target, note, at, person, name, entry, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			id, who.Org, in.Object, in.Kind, in.Target, in.Note, clock.Micros(tx.Now()), who.Person, who.Name, tx.NextSeq()+int64(tx.Pending()), string(l.TLP), audience); err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "trace.recorded", Object: id, Parent: in.Object, Label: l,
			Data: map[string]any{"organization": who.Org, "kind": in.Kind, "target": in.Target, "note": in.Note}})
		return id, nil
	})
}

// traceLabel is who may read a trace: those of the organization, and the desk, as
// far as they can read what it is about. To anybody else it would tell that the
// thing exists. What only some of the organization can read by a circle that
// others share, the author alone reads.
func (e *Evidence) traceLabel(v *db.View, object string) (policy.Label, error) {
	who := v.Viewer()
	s, err := e.members.Settings(v)
	if err != nil {
		return policy.Label{}, err
	}
	desk := policy.OfCircle(s.Desk)
	if strings.HasPrefix(object, "case_") {
		k, err := e.cases.Case(v, object)
		if err != nil {
			return policy.Label{}, err
		}
		parties, err := e.cases.Parties(v, object)
		if err != nil {
			return policy.Label{}, err
		}
		for _, p := range parties {
			if p.Org != who.Org || p.Accepted.IsZero() || !who.Principals().Has(policy.OfCircle(p.Circle)) {
				continue
			}
			a := policy.NewAudience(policy.OfCircle(p.Circle))
			if k.Shared {
				a = a.With(desk)
			}
			return policy.Label{TLP: policy.AmberStrict, Audience: a}, nil
		}
		return policy.Label{}, fault.Forbiddenf("Your organization takes no part in this case, or you do not for it.")
	}
	t, err := e.forum.Topic(v, object)
	if err != nil {
		return policy.Label{}, err
	}
	var ps []policy.Principal
	if covers(t.Label.Audience, policy.OfOrg(who.Org), who.Kind) {
		ps = append(ps, policy.OfOrg(who.Org))
	}
	if covers(t.Label.Audience, desk, policy.ISAO) {
		ps = append(ps, desk)
	}
	if !who.Principals().Has(policy.OfOrg(who.Org)) || !slices.Contains(ps, policy.OfOrg(who.Org)) {
		return policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(who.Person))}, nil
	}
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(ps...)}, nil
}

// covers reports whether everybody of a principal, of an organization of that
// kind, is in the audience.
func covers(a policy.Audience, p policy.Principal, k policy.Kind) bool {
	return a.Has(p) || a.Has(policy.Public) || a.Has(policy.Community) || a.Has(policy.OfKind(k)) || k != policy.Agency && a.Has(policy.CommunityPrivate)
}

// Traces lists an organization's traces of a case or topic that the viewer can
// read, oldest first. object "" means all of them.
func (e *Evidence) Traces(v *db.View, org, object string) ([]Trace, error) {
	return db.All(v, func(s db.Scanner) (t Trace, err error) {
		var at int64
		err = s.Scan(&t.ID, &t.Org, &t.Object, &t.Kind, &t.Target, &t.Note, &at, &t.Person, &t.Name, &t.Entry)
		t.At = clock.FromMicros(at)
		return t, err
	}, `SELECT t.id, t.org, t.object, t.kind, t.target, t.note, t.at, t.person, t.name, t.entry FROM visible.evidence_traces t
		WHERE t.org = $1 AND ($2 = '' OR t.object = $2) ORDER BY t.at, t.id`, org, object)
}
