package members

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	ceremonyLife     = 5 * time.Minute
	passkeysAPerson  = 10
	passkeyResponses = 64 << 10 // bytes of a browser's answer
)

// The kinds of ceremonies.
const (
	ceremonyEnroll = "enroll" // first passkey, through a link
	ceremonyAdd    = "add"    // one more passkey
	ceremonySignIn = "sign-in"
	ceremonyStepUp = "step-up"
)

// ErrPasskey is the one answer for every passkey that does not fit, so that it
// tells nothing of who there is.
var ErrPasskey = fault.Forbiddenf("This passkey could not be checked. Try again, or use another one.")

// errCeremony is for a ceremony that is over.
var errCeremony = fault.Forbiddenf("This took too long or was done already. Start again.")

// relyingParty sets WebAuthn up: discoverable passkeys with user verification
// REQUIRED, checked at registration and at every use.
func relyingParty(o Options) (*webauthn.WebAuthn, error) {
	if o.Name == "" {
		o.Name = "Cordon"
	}
	yes := true
	return webauthn.New(&webauthn.Config{
		RPID: o.RPID, RPDisplayName: o.Name, RPOrigins: o.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &yes, ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
}

// Passkey is one of a person's passkeys.
type Passkey struct {
	ID      string
	Name    string
	Made    time.Time
	Used    time.Time
	Synced  bool // may be kept in a provider's cloud
	Blocked bool // its counter went back: it may have been copied
}

// account is a person as WebAuthn sees one.
type account struct {
	id, name string
	keys     []storedKey
}

type storedKey struct {
	id      string
	record  webauthn.Credential
	name    string
	made    time.Time
	used    time.Time
	blocked bool
}

func (a account) WebAuthnID() []byte          { return []byte(a.id) }
func (a account) WebAuthnName() string        { return a.name }
func (a account) WebAuthnDisplayName() string { return a.name }
func (a account) WebAuthnCredentials() []webauthn.Credential {
	var cs []webauthn.Credential
	for _, k := range a.keys {
		if !k.blocked {
			cs = append(cs, k.record)
		}
	}
	return cs
}

// loadAccount reads a person's passkeys.
func loadAccount(v *db.View, id string) (account, error) {
	a := account{id: id}
	var err error
	if a.name, err = db.One(all(v), db.Value[string], `SELECT name FROM visible.people WHERE id = $1 AND left_at = 0`, id); err != nil {
		return a, err
	}
	a.keys, err = db.All(v, func(s db.Scanner) (k storedKey, err error) {
		var record string
		var counter, made, used, blocked int64
		if err = s.Scan(&k.id, &k.name, &record, &counter, &made, &used, &blocked); err != nil {
			return k, err
		}
		k.made, k.used, k.blocked = clock.FromMicros(made), clock.FromMicros(used), blocked != 0
		if err = json.Unmarshal([]byte(record), &k.record); err != nil {
			return k, fmt.Errorf("read passkey %s: %w", k.id, err)
		}
		k.record.Authenticator.SignCount = uint32(counter)
		return k, nil
	}, `SELECT id, name, record, counter, made_at, used_at, blocked_at FROM passkeys WHERE person = $1 ORDER BY made_at, id`, id)
	return a, err
}

// Passkeys lists the viewer's own passkeys, oldest first.
func (m *Members) Passkeys(v *db.View) ([]Passkey, error) {
	if v.Viewer().IsToken() {
		return nil, errMayNot
	}
	if !v.Viewer().SignedIn() {
		return nil, errSignIn
	}
	a, err := loadAccount(v, v.Viewer().Person)
	var out []Passkey
	for _, k := range a.keys {
		out = append(out, Passkey{ID: k.id, Name: k.name, Made: k.made, Used: k.used, Synced: k.record.Flags.BackupEligible, Blocked: k.blocked})
	}
	return out, err
}

// PasskeyCount is how many passkeys of a person can be used.
func (m *Members) PasskeyCount(v *db.View, person string) (int, error) {
	return db.One(v, db.Value[int], `SELECT COUNT(*) FROM passkeys WHERE person = $1 AND blocked_at = 0`, person)
}

// NeedsSecondPasskey reports whether the viewer must register a second passkey
// before the first item of TLP:AMBER or stricter opens (security.md A7.1).
func (m *Members) NeedsSecondPasskey(v *db.View) (bool, error) {
	if m.waive || !v.Viewer().SignedIn() {
		return false, nil
	}
	n, err := m.PasskeyCount(v, v.Viewer().Person)
	return n < 2, err
}

// SecondPasskey refuses a person with one passkey only what would open items of
// TLP:AMBER and stricter past the pages: a token, or the API in a browser.
func (m *Members) SecondPasskey(v *db.View) error {
	if v.Viewer().Via == "" {
		return nil // the program itself acts
	}
	needs, err := m.NeedsSecondPasskey(v)
	if err == nil && needs {
		err = fault.Conflictf("Add a second passkey on your account page first: until then nothing of TLP:AMBER or stricter opens, for programs neither.")
	}
	return err
}

// Begun is a ceremony that the browser goes on with.
type Begun struct {
	ID      string          // of the ceremony; the browser brings it back
	Options json.RawMessage // for navigator.credentials.create or .get
}

// Ceremony is a ceremony taken out of the store: it cannot be taken again.
type Ceremony struct {
	kind   string
	person string
	state  ceremonyState
}

// ceremonyState is what is kept between begin and finish.
type ceremonyState struct {
	WebAuthn webauthn.SessionData `json:"webauthn"`
	Via      string               `json:"via,omitempty"`    // session that began it
	Name     string               `json:"name,omitempty"`   // of the new passkey
	Invite   string               `json:"invite,omitempty"` // digest of the link's secret
	Enroll   *Enrollment          `json:"enroll,omitempty"`
}

func (m *Members) keepCeremony(tx *db.Tx, kind, person string, st ceremonyState, options any) (Begun, error) {
	if _, err := tx.Exec(`DELETE FROM ceremonies WHERE expires_at <= $1`, clock.Micros(tx.Now())); err != nil {
		return Begun{}, err
	}
	state, err := json.Marshal(st)
	if err != nil {
		return Begun{}, err
	}
	b := Begun{ID: ids.New("ceremony")}
	if b.Options, err = json.Marshal(options); err != nil {
		return b, err
	}
	_, err = tx.Exec(`INSERT INTO ceremonies (id, kind, person, state, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		b.ID, kind, person, string(state), clock.Micros(tx.Now().Add(ceremonyLife)))
	return b, err
}

// TakeCeremony takes a ceremony out of the store (a scratch write of its own,
// before the write that finishes it): a challenge is used once, whatever comes
// of it.
func (m *Members) TakeCeremony(tx *db.Tx, id string) (Ceremony, error) {
	c, err := db.One(tx.View, func(s db.Scanner) (c Ceremony, err error) {
		var state string
		var expires int64
		if err = s.Scan(&c.kind, &c.person, &state, &expires); err != nil {
			return c, err
		}
		if expires <= clock.Micros(tx.Now()) {
			return c, fault.ErrMissing
		}
		return c, json.Unmarshal([]byte(state), &c.state)
	}, `SELECT kind, person, state, expires_at FROM ceremonies WHERE id = $1`, id)
	if fault.Is(err, fault.Missing) {
		return c, errCeremony
	}
	if err != nil {
		return c, err
	}
	n, err := tx.Exec(`DELETE FROM ceremonies WHERE id = $1`, id)
	if err == nil && n != 1 {
		err = errCeremony
	}
	return c, err
}

// BeginAddPasskey begins the registration of one more passkey of the viewer
// (a scratch write). It needs a fresh passkey if there is one already.
func (m *Members) BeginAddPasskey(tx *db.Tx, name string) (Begun, error) {
	own, err := m.ownSelf(tx.View)
	if err != nil {
		return Begun{}, err
	}
	var c checker
	name = c.line("name", "a name for the passkey", name, 1, 60)
	if err := c.err(); err != nil {
		return Begun{}, err
	}
	a, err := loadAccount(tx.View, own.ID)
	if err != nil {
		return Begun{}, err
	}
	if len(a.keys) >= passkeysAPerson {
		return Begun{}, fault.Conflictf("You have %d passkeys. Remove one first.", len(a.keys))
	}
	if len(a.keys) > 0 {
		if err := m.freshly(tx.View); err != nil {
			return Begun{}, err
		}
	}
	return m.beginCreation(tx, ceremonyAdd, a, ceremonyState{Via: tx.Viewer().Via, Name: name})
}

func (m *Members) beginCreation(tx *db.Tx, kind string, a account, st ceremonyState) (Begun, error) {
	var exclude []protocol.CredentialDescriptor
	for _, k := range a.keys {
		exclude = append(exclude, k.record.Descriptor())
	}
	options, data, err := m.passkeys.BeginRegistration(a, webauthn.WithExclusions(exclude))
	if err != nil {
		return Begun{}, fmt.Errorf("begin a registration: %w", err)
	}
	st.WebAuthn = *data
	return m.keepCeremony(tx, kind, a.id, st, options)
}

// FinishAddPasskey checks the browser's answer and keeps the passkey.
func (m *Members) FinishAddPasskey(tx *db.Tx, c Ceremony, response []byte) (Passkey, error) {
	who := tx.Viewer()
	if c.kind != ceremonyAdd || who.Person == "" || c.person != who.Person || c.state.Via != who.Via {
		return Passkey{}, errCeremony
	}
	a, err := loadAccount(tx.View, who.Person)
	if err != nil {
		return Passkey{}, err
	}
	return m.keepPasskey(tx, a, c, response, c.state.Name)
}

// keepPasskey verifies a registration and stores the passkey.
func (m *Members) keepPasskey(tx *db.Tx, a account, c Ceremony, response []byte, name string) (Passkey, error) {
	if len(response) > passkeyResponses {
		return Passkey{}, ErrPasskey
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Passkey{}, ErrPasskey
	}
	if c.state.WebAuthn.UserVerification != protocol.VerificationRequired {
		return Passkey{}, errors.New("members: a ceremony without required user verification")
	}
	cred, err := m.passkeys.CreateCredential(a, c.state.WebAuthn, parsed)
	if err != nil {
		return Passkey{}, ErrPasskey
	}
	record, err := json.Marshal(cred)
	if err != nil {
		return Passkey{}, err
	}
	p := Passkey{ID: ids.New("passkey"), Name: name, Made: tx.Now(), Synced: cred.Flags.BackupEligible}
	_, err = tx.Exec(`INSERT INTO passkeys (id, person, credential, name, record, counter, made_at, used_at, blocked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)`,
		p.ID, a.id, base64.RawURLEncoding.EncodeToString(cred.ID), name, string(record), int64(cred.Authenticator.SignCount), clock.Micros(p.Made))
	if fault.Is(err, fault.Conflict) {
		return Passkey{}, ErrPasskey
	}
	if err != nil {
		return Passkey{}, err
	}
	tx.Append(db.Entry{Verb: "passkey.added", Object: p.ID, Parent: a.id, Label: toPerson(a.id), Data: map[string]any{"name": name, "synced": p.Synced}})
	return p, nil
}

// RemovePasskey removes one of the viewer's own passkeys, never the last one.
// It needs a fresh passkey.
func (m *Members) RemovePasskey(tx *db.Tx, id string) error {
	own, err := m.ownSelf(tx.View)
	if err != nil {
		return err
	}
	if err := m.freshly(tx.View); err != nil {
		return err
	}
	name, err := db.One(tx.View, db.Value[string], `SELECT name FROM passkeys WHERE id = $1 AND person = $2`, id, own.ID)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`DELETE FROM passkeys WHERE id = $1 AND person = $2`, id, own.ID); err != nil {
		return err
	}
	if n, err := m.PasskeyCount(tx.View, own.ID); err != nil || n == 0 {
		if err == nil {
			err = fault.Conflictf("This is your last passkey. Add another one before you remove it.")
		}
		return err
	}
	tx.Append(db.Entry{Verb: "passkey.removed", Object: id, Parent: own.ID, Label: toPerson(own.ID), Data: map[string]string{"name": name}})
	return nil
}

// BeginSignIn begins a sign-in by anybody (a scratch write): the passkey itself
// says whose it is.
func (m *Members) BeginSignIn(tx *db.Tx) (Begun, error) {
	options, data, err := m.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Begun{}, fmt.Errorf("begin a sign-in: %w", err)
	}
	return m.keepCeremony(tx, ceremonySignIn, "", ceremonyState{WebAuthn: *data}, options)
}

// BeginStepUp begins the confirmation of the viewer's session with one of the
// viewer's passkeys (a scratch write).
func (m *Members) BeginStepUp(tx *db.Tx) (Begun, error) {
	own, err := m.ownSelf(tx.View)
	if err != nil {
		return Begun{}, err
	}
	a, err := loadAccount(tx.View, own.ID)
	if err != nil {
		return Begun{}, err
	}
	if len(a.WebAuthnCredentials()) == 0 {
		return Begun{}, fault.Conflictf("You have no passkey yet. Add one first.")
	}
	options, data, err := m.passkeys.BeginLogin(a, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Begun{}, fmt.Errorf("begin a step-up: %w", err)
	}
	return m.keepCeremony(tx, ceremonyStepUp, own.ID, ceremonyState{WebAuthn: *data, Via: tx.Viewer().Via}, options)
}

// SignedIn is the outcome of a sign-in or step-up that could be checked. With
// Refused set nobody is signed in, and what was found is on record: the caller
// commits, then answers with Refused.
type SignedIn struct {
	Person  string
	Token   string // for the cookie; the token before it is void
	Session Session
	Refused error
}

// assertion verifies a passkey's answer and finds the passkey.
func (m *Members) assertion(tx *db.Tx, c Ceremony, response []byte) (account, storedKey, *webauthn.Credential, error) {
	var a account
	if len(response) > passkeyResponses {
		return a, storedKey{}, nil, ErrPasskey
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return a, storedKey{}, nil, ErrPasskey
	}
	if c.state.WebAuthn.UserVerification != protocol.VerificationRequired {
		return a, storedKey{}, nil, errors.New("members: a ceremony without required user verification")
	}
	var broken error // of the store, not of the passkey
	var cred *webauthn.Credential
	if c.person != "" {
		if a, err = loadAccount(tx.View, c.person); err != nil {
			return a, storedKey{}, nil, err
		}
		cred, err = m.passkeys.ValidateLogin(a, c.state.WebAuthn, parsed)
	} else {
		_, cred, err = m.passkeys.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
			if !ids.Valid("person", string(handle)) {
				return nil, fault.ErrMissing
			}
			found, err := loadAccount(tx.View, string(handle))
			if err != nil && !fault.Is(err, fault.Missing) {
				broken = err
			}
			a = found
			return found, err
		}, c.state.WebAuthn, parsed)
	}
	if broken != nil {
		return a, storedKey{}, nil, broken
	}
	if err != nil {
		return a, storedKey{}, nil, ErrPasskey
	}
	for _, k := range a.keys {
		if bytes.Equal(k.record.ID, cred.ID) && !k.blocked {
			return a, k, cred, nil
		}
	}
	return a, storedKey{}, nil, ErrPasskey
}

// used notes a passkey's use, or blocks it when its counter went back.
func (m *Members) used(tx *db.Tx, person string, k storedKey, cred *webauthn.Credential) (refused error, err error) {
	now := clock.Micros(tx.Now())
	if cred.Authenticator.CloneWarning {
		if err := tx.MustChange(`UPDATE passkeys SET blocked_at = $1 WHERE id = $2`, now, k.id); err != nil {
			return nil, err
		}
		tx.Append(db.Entry{Verb: "passkey.blocked", Object: k.id, Parent: person, Label: toPerson(person), Access: true,
			Data: map[string]any{"name": k.name, "why": "its counter went back: it may have been copied", "kept": k.record.Authenticator.SignCount}})
		return fault.Forbiddenf("This passkey may have been copied and was blocked. Use another passkey and tell the desk."), nil
	}
	record, err := json.Marshal(cred)
	if err != nil {
		return nil, err
	}
	return nil, tx.MustChange(`UPDATE passkeys SET record = $1, counter = $2, used_at = $3 WHERE id = $4`, string(record), int64(cred.Authenticator.SignCount), now, k.id)
}

// FinishSignIn checks the browser's answer and opens a session. replaces is the
// token of the session this browser had before, if any.
func (m *Members) FinishSignIn(tx *db.Tx, c Ceremony, response []byte, agent, replaces string) (SignedIn, error) {
	if c.kind != ceremonySignIn {
		return SignedIn{}, errCeremony
	}
	a, k, cred, err := m.assertion(tx, c, response)
	if err != nil {
		return SignedIn{}, err
	}
	out := SignedIn{Person: a.id}
	if out.Refused, err = m.used(tx, a.id, k, cred); err != nil || out.Refused != nil {
		return out, err
	}
	out.Token, out.Session, err = m.OpenSession(tx, a.id, agent, replaces, true)
	return out, err
}

// FinishStepUp checks the browser's answer and rotates the session's token: the
// token before it is void at once (T-44).
func (m *Members) FinishStepUp(tx *db.Tx, c Ceremony, response []byte) (SignedIn, error) {
	who := tx.Viewer()
	if c.kind != ceremonyStepUp || who.Person == "" || who.IsToken() || c.person != who.Person || c.state.Via != who.Via {
		return SignedIn{}, errCeremony
	}
	a, k, cred, err := m.assertion(tx, c, response)
	if err != nil {
		return SignedIn{}, err
	}
	out := SignedIn{Person: a.id}
	if out.Refused, err = m.used(tx, a.id, k, cred); err != nil || out.Refused != nil {
		return out, err
	}
	out.Token = secret()
	if err := tx.MustChange(`UPDATE sessions SET digest = $1, fresh_at = $2 WHERE id = $3 AND person = $4 AND revoked_at = 0`,
		digest(out.Token), clock.Micros(tx.Now()), who.Via, who.Person); err != nil {
		return SignedIn{}, err
	}
	tx.Append(db.Entry{Verb: "session.confirmed", Object: who.Via, Parent: a.id, Label: toPerson(a.id), Data: map[string]string{"passkey": k.name}})
	out.Session, err = db.One(tx.View, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id WHERE s.id = $1`, who.Via)
	return out, err
}
