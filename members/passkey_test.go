package members

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/internal/testkit/softkey"
	"github.com/cordon-isao/cordon/policy"
)

// TestFirstRun founds a community through the first operator's link, as the
// first start of a real server does.
func TestFirstRun(t *testing.T) {
	for engine, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return pgtest.URL(t, pgtest.NoFsync()) },
	} {
		t.Run(engine, func(t *testing.T) {
			h := empty(t, url(t), Options{})
			var first, l Link
			h.system(func(tx *db.Tx) (err error) { first, err = h.m.FirstOperatorLink(tx); return err })
			h.system(func(tx *db.Tx) (err error) { l, err = h.m.FirstOperatorLink(tx); return err })
			d := h.device()
			e := Enrollment{Founding: Founding{Community: "Med ISAO", Org: profile("Med Desk", ""), Person: NewPerson{Name: "Ola Operator"}}}
			if _, err := h.enroll(d, first.Secret, e); err != ErrLink {
				t.Errorf("the link of the start before: %v", err)
			}
			if _, err := h.enroll(d, l.Secret, Enrollment{}); !fault.Is(err, fault.Invalid) || len(fault.FieldsOf(err)) < 4 {
				t.Errorf("an empty form: %v, %v", err, fault.FieldsOf(err))
			}
			in, err := h.enroll(d, l.Secret, e)
			h.must(err)
			if !in.Founded || in.Token == "" {
				t.Errorf("founded as %+v", in)
			}
			who, s, err := h.auth(in.Token)
			h.must(err)
			for _, r := range []policy.Right{policy.MayOperate, policy.MayVet, policy.MayManageOrg} {
				if !who.May(r) {
					t.Errorf("the first operator may not %s", r)
				}
			}
			if !s.StepUpFresh(h.clock.Now()) || s.Idle != staffIdle {
				t.Errorf("the first session is %+v", s)
			}
			h.read(who, func(v *db.View) error {
				c, err := h.m.Settings(v)
				if c.Name != "Med ISAO" || !who.Principals().Has(policy.OfCircle(c.Desk)) || who.Org != c.Org {
					t.Errorf("settings %+v, operator %+v", c, who)
				}
				need, err2 := h.m.NeedsSecondPasskey(v)
				if !need || err2 != nil {
					t.Errorf("one passkey is enough: %v, %v", need, err2)
				}
				return err
			})
			h.refused(policy.System("serve"), fault.Conflict, func(tx *db.Tx) error { _, err := h.m.FirstOperatorLink(tx); return err })
			h.refused(policy.Anonymous(), fault.Forbidden, func(tx *db.Tx) error { _, err := h.m.FirstRun(tx, e.Founding); return err })
			if _, err := h.enroll(h.device(), l.Secret, e); err != ErrLink {
				t.Errorf("the link a second time: %v", err)
			}
		})
	}
}

// invited brings a person of Pumpworks in through a link.
func (h *house) invited(p NewPerson) (string, *softkey.Device) {
	h.t.Helper()
	var l Link
	h.does(h.lin, func(tx *db.Tx) (err error) { l, err = h.m.InvitePerson(tx, p); return err })
	d := h.device()
	in, err := h.enroll(d, l.Secret, Enrollment{Person: NewPerson{Name: p.Name, Roles: []policy.Role{policy.RoleOperator}}, Passkey: "Laptop"})
	h.must(err)
	return in.Person, d
}

// TestLinks: single use, expiry, revocation, and one answer for all that is not
// valid (T-43, no enumeration).
func TestLinks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		make := func() (l Link) {
			h.does(h.lin, func(tx *db.Tx) (err error) {
				l, err = h.m.InvitePerson(tx, NewPerson{Name: "New Hire", Recipient: true})
				return err
			})
			return l
		}
		used, late, revoked := make(), make(), make()
		in, err := h.enroll(h.device(), used.Secret, Enrollment{Person: NewPerson{Name: "Hired Name", Recipient: false, Roles: []policy.Role{policy.RoleOperator}}})
		h.must(err)
		who := h.as(in.Person)
		if who.Name != "Hired Name" || !who.Principals().Has(policy.OfOrg(h.pumps)) || who.HasRole(policy.RoleOperator) {
			t.Errorf("joined as %+v: name is theirs to write, roles and place are not", who)
		}
		h.does(h.lin, func(tx *db.Tx) error { return h.m.RevokeInvitation(tx, revoked.ID) })
		h.refused(h.as(h.nurse), fault.Missing, func(tx *db.Tx) error { return h.m.RevokeInvitation(tx, late.ID) })
		h.clock.Add(linkLife)
		for name, secret := range map[string]string{"used": used.Secret, "late": late.Secret, "revoked": revoked.Secret, "unknown": secret(), "empty": ""} {
			if _, err := h.enroll(h.device(), secret, Enrollment{Person: NewPerson{Name: "Somebody"}}); err != ErrLink {
				t.Errorf("%s link: %v", name, err)
			}
			if err := h.db.Read(t.Context(), policy.Anonymous(), func(v *db.View) error { _, err := h.m.OpenLink(v, secret); return err }); err != ErrLink {
				t.Errorf("%s link opened: %v", name, err)
			}
		}
		h.refused(h.as(h.eng), fault.Forbidden, func(tx *db.Tx) error { _, err := h.m.InvitePerson(tx, NewPerson{Name: "Friend"}); return err })
		h.refused(h.as(h.lin), fault.Invalid, func(tx *db.Tx) error {
			_, err := h.m.InvitePerson(tx, NewPerson{Name: "Friend", Roles: []policy.Role{policy.RoleOperator}})
			return err
		})
		h.read(h.as(h.lin), func(v *db.View) error {
			l, err := h.m.Invitations(v)
			if len(l) != 3 {
				t.Errorf("%d invitations are listed", len(l))
			}
			return err
		})
	})
}

// TestTwoRaceForALink: two who registered through one link at once; one comes in.
func TestTwoRaceForALink(t *testing.T) {
	h := furnished(t, "", Options{})
	var l Link
	h.does(h.lin, func(tx *db.Tx) (err error) { l, err = h.m.InvitePerson(tx, NewPerson{Name: "New Hire"}); return err })
	var begun [2]Begun
	for i := range begun {
		h.must(h.note(policy.Anonymous(), func(tx *db.Tx) (err error) { begun[i], err = h.m.BeginEnroll(tx, l.Secret, Enrollment{}); return err }))
	}
	in := 0
	for _, b := range begun {
		answer, err := h.device().Create(b.Options)
		h.must(err)
		c, err := h.take(b.ID)
		h.must(err)
		err = h.write(policy.Anonymous(), func(tx *db.Tx) error { _, err := h.m.FinishEnroll(tx, c, answer, "", ""); return err })
		if err == nil {
			in++
		} else if err != ErrLink {
			t.Error(err)
		}
	}
	if in != 1 {
		t.Errorf("%d came in through one link", in)
	}
}

func TestPasskeys(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		person, d := h.invited(NewPerson{Name: "New Hire", Recipient: true})
		in, err := h.passkeyIn(d)
		h.must(err)
		who, s, err := h.auth(in.Token)
		h.must(err)
		if who.Person != person || !s.StepUpFresh(h.clock.Now()) {
			t.Fatalf("signed in as %+v", who)
		}

		// A device that does not verify its user gets nobody in (trap 28).
		d.NoUV = true
		if _, err := h.passkeyIn(d); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
			t.Errorf("without user verification: %v", err)
		}
		d.NoUV = false
		d.Origin = "https://isao.example.evil.example"
		if _, err := h.passkeyIn(d); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
			t.Errorf("from another origin: %v", err)
		}
		d.Origin = origin

		// A second passkey, on another device; the step-up must be fresh.
		second := h.device()
		add := func() error {
			var b Begun
			if err := h.note(who, func(tx *db.Tx) (err error) { b, err = h.m.BeginAddPasskey(tx, "Key"); return err }); err != nil {
				return err
			}
			answer, err := second.Create(b.Options)
			h.must(err)
			c, err := h.take(b.ID)
			h.must(err)
			if err := h.write(h.as(h.nurse), func(tx *db.Tx) error { _, err := h.m.FinishAddPasskey(tx, c, answer); return err }); err == nil {
				t.Error("somebody else finished a registration")
			}
			return h.write(who, func(tx *db.Tx) error { _, err := h.m.FinishAddPasskey(tx, c, answer); return err })
		}
		h.clock.Add(stepUpFor + time.Second)
		if err := add(); err != ErrStepUp {
			t.Errorf("a passkey added without step-up: %v", err)
		}
		// The step-up rotates the token; the one before is void at once (T-44).
		var b Begun
		h.must(h.note(who, func(tx *db.Tx) (err error) { b, err = h.m.BeginStepUp(tx); return err }))
		answer, err := d.Get(b.Options)
		h.must(err)
		c, err := h.take(b.ID)
		h.must(err)
		if _, err := h.take(b.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a challenge is taken twice: %v", err)
		}
		var up SignedIn
		h.must(h.write(who, func(tx *db.Tx) (err error) { up, err = h.m.FinishStepUp(tx, c, answer); return err }))
		if _, _, err := h.auth(in.Token); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the token before the step-up lives: %v", err)
		}
		if _, s, err = h.auth(up.Token); err != nil || !s.StepUpFresh(h.clock.Now()) {
			t.Errorf("after the step-up: %v", err)
		}
		h.must(add())
		h.read(who, func(v *db.View) error {
			ps, err := h.m.Passkeys(v)
			if err == nil && (len(ps) != 2 || ps[0].Name != "Laptop") {
				t.Errorf("passkeys are %+v", ps)
			}
			need, err2 := h.m.NeedsSecondPasskey(v)
			if need || err2 != nil {
				t.Errorf("two passkeys are not enough: %v", err2)
			}
			for i, p := range ps {
				err := h.write(who, func(tx *db.Tx) error { return h.m.RemovePasskey(tx, p.ID) })
				if i == 0 && err != nil || i == 1 && !fault.Is(err, fault.Conflict) {
					t.Errorf("removing passkey %d of 2: %v", i+1, err)
				}
			}
			return err
		})
		if _, err := h.passkeyIn(d); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
			t.Errorf("a removed passkey signs in: %v", err)
		}
		_, err = h.passkeyIn(second)
		h.must(err)
	})
}

// TestClonedPasskey: a counter that goes back blocks the passkey, on record (T-43).
func TestClonedPasskey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		person, d := h.invited(NewPerson{Name: "New Hire"})
		clone := d.Clone()
		for range 2 {
			in, err := h.passkeyIn(d)
			h.must(err)
			h.must(in.Refused)
		}
		in, err := h.passkeyIn(clone)
		h.must(err)
		if in.Token != "" || !fault.Is(in.Refused, fault.Forbidden) {
			t.Errorf("a clone came in: %+v", in)
		}
		if h.verbs(person)["passkey.blocked"] != 1 {
			t.Errorf("the record says %v", h.verbs(person))
		}
		if _, err := h.passkeyIn(d); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
			t.Errorf("a blocked passkey signs in: %v", err)
		}
	})
}

// TestForgedAnswers: an answer that was changed anywhere, or given late or
// twice, gets nobody in and tells nothing of who there is.
func TestForgedAnswers(t *testing.T) {
	h := furnished(t, "", Options{})
	_, d := h.invited(NewPerson{Name: "New Hire"})
	finish := func(c Ceremony, answer []byte) error {
		return h.write(policy.Anonymous(), func(tx *db.Tx) error { _, err := h.m.FinishSignIn(tx, c, answer, "", ""); return err })
	}
	begin := func() (Begun, []byte) {
		var b Begun
		h.must(h.note(policy.Anonymous(), func(tx *db.Tx) (err error) { b, err = h.m.BeginSignIn(tx); return err }))
		answer, err := d.Get(b.Options)
		h.must(err)
		return b, answer
	}
	for _, field := range []string{"clientDataJSON", "authenticatorData", "signature", "userHandle"} {
		b, answer := begin()
		var m map[string]any
		h.must(json.Unmarshal(answer, &m))
		r := m["response"].(map[string]any)
		s := r[field].(string)
		flip := map[bool]string{true: "B", false: "A"}[s[10] == 'A']
		r[field] = s[:10] + flip + s[11:]
		bad, _ := json.Marshal(m)
		c, err := h.take(b.ID)
		h.must(err)
		if err := finish(c, bad); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
			t.Errorf("%s changed: %v", field, err)
		}
	}
	// One answer for another's challenge; none after five minutes.
	_, answer := begin()
	other, _ := begin()
	c, err := h.take(other.ID)
	h.must(err)
	if err := finish(c, answer); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
		t.Errorf("an answer to another challenge: %v", err)
	}
	late, _ := begin()
	h.clock.Add(ceremonyLife)
	if _, err := h.take(late.ID); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a late ceremony: %v", err)
	}
	stranger := softkey.New("isao.example", origin)
	var b Begun
	h.must(h.note(h.as(h.eng), func(tx *db.Tx) (err error) { b, err = h.m.BeginAddPasskey(tx, "x"); return err }))
	_, err = stranger.Create(b.Options) // made, and never registered
	h.must(err)
	if _, err := h.passkeyIn(stranger); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
		t.Errorf("an unknown passkey of a known person: %v", err)
	}
	if strings.Contains(fault.Sentence(ErrPasskey), "unknown") {
		t.Error("the sentence tells what is known")
	}
}

func TestWaivedPasskeys(t *testing.T) {
	h := furnished(t, "", Options{WaivePasskeys: true})
	h.read(h.as(h.eng), func(v *db.View) error {
		need, err := h.m.NeedsSecondPasskey(v)
		if need {
			t.Error("the demo asks for passkeys")
		}
		return err
	})
}

// TestRecovery: two people, a day, one link; all old credentials go (T-43).
func TestRecovery(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		person, lost := h.invited(NewPerson{Name: "New Hire"})
		in, err := h.passkeyIn(lost)
		h.must(err)
		const why = "met in person, badge checked"
		ask := func(tx *db.Tx) error { _, err := h.m.RequestRecovery(tx, person, why); return err }
		h.refused(h.as(h.eng), fault.Forbidden, ask)
		h.refused(h.as(h.nurse), fault.Missing, ask)
		h.refused(h.as(person), fault.Forbidden, ask)
		var id string
		h.does(h.lin, func(tx *db.Tx) (err error) { id, err = h.m.RequestRecovery(tx, person, why); return err })
		link := func(tx *db.Tx) error { _, err := h.m.RecoveryLink(tx, id); return err }
		h.refused(h.as(h.lin), fault.Forbidden, func(tx *db.Tx) error { return h.m.ApproveRecovery(tx, id) })
		h.refused(h.as(h.nurse), fault.Missing, func(tx *db.Tx) error { return h.m.ApproveRecovery(tx, id) })
		h.refused(h.as(h.lin), fault.Conflict, link)
		h.does(h.bo, func(tx *db.Tx) error { return h.m.ApproveRecovery(tx, id) })
		h.clock.Add(recoveryDelay - time.Second)
		h.refused(h.as(h.lin), fault.Conflict, link)
		h.clock.Add(time.Second)
		var l Link
		h.does(h.lin, func(tx *db.Tx) (err error) { l, err = h.m.RecoveryLink(tx, id); return err })
		fresh := h.device()
		out, err := h.enroll(fresh, l.Secret, Enrollment{})
		h.must(err)
		if out.Person != person {
			t.Errorf("recovered %s, want %s", out.Person, person)
		}
		if _, err := h.passkeyIn(lost); fault.Sentence(err) != fault.Sentence(ErrPasskey) {
			t.Errorf("the lost passkey signs in: %v", err)
		}
		if _, _, err := h.auth(in.Token); err == nil {
			t.Error("a session from before the recovery lives")
		}
		_, err = h.passkeyIn(fresh)
		h.must(err)

		// The owner objects to a recovery that somebody else wants.
		h.does(h.lin, func(tx *db.Tx) (err error) { id, err = h.m.RequestRecovery(tx, person, why); return err })
		h.does(h.bo, func(tx *db.Tx) error { return h.m.ApproveRecovery(tx, id) })
		h.read(h.as(person), func(v *db.View) error {
			rs, err := h.m.Recoveries(v)
			if len(rs) != 1 {
				t.Errorf("the owner sees %d recoveries", len(rs))
			}
			return err
		})
		h.does(person, func(tx *db.Tx) error { return h.m.CancelRecovery(tx, id) })
		h.clock.Add(recoveryDelay)
		h.refused(h.as(h.lin), fault.Missing, link)

		// A lost operator: two of the desk, named on the machine itself.
		admin := policy.System("admin")
		h.refused(admin, fault.Invalid, func(tx *db.Tx) error { _, err := h.m.AdminRecovery(tx, h.ana, h.bo, h.bo, why); return err })
		h.refused(admin, fault.Invalid, func(tx *db.Tx) error { _, err := h.m.AdminRecovery(tx, h.ana, h.bo, h.lin, why); return err })
		h.refused(h.as(h.bo), fault.Forbidden, func(tx *db.Tx) error { _, err := h.m.AdminRecovery(tx, h.ana, h.bo, h.lin, why); return err })
		h.system(func(tx *db.Tx) error {
			cy := h.person(tx, h.s.Org, NewPerson{Name: "Cy Desk", Roles: []policy.Role{policy.RoleDesk}})
			id, err = h.m.AdminRecovery(tx, h.ana, h.bo, cy, why)
			return err
		})
		h.refused(admin, fault.Conflict, link)
		h.clock.Add(recoveryDelay)
		h.must(h.write(admin, link))
	})
}
