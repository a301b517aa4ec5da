package members

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// The life of a session (security.md A7.1). Who runs the house has less.
const (
	sessionIdle     = 30 * time.Minute
	sessionLife     = 12 * time.Hour
	staffIdle       = 15 * time.Minute
	staffLife       = 8 * time.Hour
	stepUpFor       = 5 * time.Minute
	sessionsAPerson = 10
	touchEvery      = time.Minute
)

// Session is one sign-in on one device.
type Session struct {
	ID       string
	Person   string
	Agent    string // coarse family of the browser: "Firefox on Linux"
	Made     time.Time
	LastSeen time.Time // to the minute
	Ends     time.Time // at the latest
	Idle     time.Duration
	Fresh    time.Time // when a passkey was last used in it; zero if never
	Revoked  time.Time
}

// holds reports whether the session can be used now.
func (s Session) holds(now time.Time) bool {
	return s.Revoked.IsZero() && now.Before(s.Ends) && now.Before(s.LastSeen.Add(s.Idle))
}

// StepUpFresh reports whether a passkey was used in this session within the
// last five minutes.
func (s Session) StepUpFresh(now time.Time) bool {
	return !s.Fresh.IsZero() && now.Sub(s.Fresh) <= stepUpFor && !now.Before(s.Fresh)
}

// NeedsTouch reports whether it is time to note that the session is in use.
func (s Session) NeedsTouch(now time.Time) bool { return now.Sub(s.LastSeen) >= touchEvery }

const sessionColumns = `s.id, s.person, s.agent, s.made_at, s.idle_us, s.ends_at, s.fresh_at, s.revoked_at, COALESCE(e.at, s.made_at)`

func scanSession(sc db.Scanner) (s Session, err error) {
	var made, idle, ends, fresh, revoked, seen int64
	err = sc.Scan(&s.ID, &s.Person, &s.Agent, &made, &idle, &ends, &fresh, &revoked, &seen)
	s.Made, s.Ends, s.Fresh, s.Revoked, s.LastSeen = clock.FromMicros(made), clock.FromMicros(ends), clock.FromMicros(fresh), clock.FromMicros(revoked), clock.FromMicros(seen)
	s.Idle = time.Duration(idle) * time.Microsecond
	return s, err
}

// secret is 256 random bits for a cookie or a link.
func secret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is what is kept of a secret: a secret of 256 random bits needs no salt.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// OpenSession signs a person in and returns the session's token, shown nowhere
// else. agent is the browser's User-Agent, of which only the family is kept.
// replaces is the token of the session this browser had before, if any: it ends.
// fresh says that a passkey was used just now. The oldest of more than ten
// sessions ends.
func (m *Members) OpenSession(tx *db.Tx, person, agent, replaces string, fresh bool) (token string, s Session, err error) {
	r, err := load(tx.View, person)
	if err != nil {
		return "", s, err
	}
	if r.left {
		return "", s, fault.ErrMissing
	}
	if replaces != "" {
		old, err := db.All(tx.View, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id WHERE s.digest = $1 AND s.revoked_at = 0`, digest(replaces))
		if err != nil {
			return "", s, err
		}
		for _, o := range old {
			if err := m.endSession(tx, o, "replaced by a new sign-in"); err != nil {
				return "", s, err
			}
		}
	}
	live, err := m.liveSessions(tx.View, person)
	if err != nil {
		return "", s, err
	}
	for len(live) >= sessionsAPerson {
		if err := m.endSession(tx, live[0], "more than ten sessions"); err != nil {
			return "", s, err
		}
		live = live[1:]
	}
	idle, life := sessionIdle, sessionLife
	if slices.Contains(r.roles, policy.RoleDesk) || slices.Contains(r.roles, policy.RoleOperator) {
		idle, life = staffIdle, staffLife
	}
	token = secret()
	now := tx.Now()
	s = Session{ID: ids.New("sess"), Person: person, Agent: agentFamily(agent), Made: now, LastSeen: now, Ends: now.Add(life), Idle: idle}
	if fresh {
		s.Fresh = now
	}
	if _, err := tx.Exec(`INSERT INTO sessions (id, person, digest, agent, made_at, idle_us, ends_at, fresh_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
		s.ID, person, digest(token), s.Agent, clock.Micros(now), idle.Microseconds(), clock.Micros(s.Ends), micros(s.Fresh)); err != nil {
		return "", s, err
	}
	tx.Append(db.Entry{Verb: "session.opened", Object: s.ID, Parent: person, Label: toPerson(person), Data: map[string]string{"agent": s.Agent}})
	return token, s, nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

// Authenticate finds the viewer of a session's token. Unknown, ended and revoked
// are one answer, a fault.Forbidden.
func (m *Members) Authenticate(v *db.View, token string) (policy.Viewer, Session, error) {
	if len(token) != 43 {
		return policy.Viewer{}, Session{}, errEnded
	}
	s, err := db.One(v, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id WHERE s.digest = $1`, digest(token))
	if fault.Is(err, fault.Missing) || err == nil && !s.holds(v.Now()) {
		return policy.Viewer{}, Session{}, errEnded
	}
	if err != nil {
		return policy.Viewer{}, Session{}, err
	}
	who, err := m.ViewerOf(v, s.Person, s.ID, nil)
	if fault.Is(err, fault.Missing) {
		return policy.Viewer{}, Session{}, errEnded
	}
	return who, s, err
}

// Touch notes that a session is in use (a scratch write; see NeedsTouch).
func (m *Members) Touch(tx *db.Tx, session string) error {
	_, err := tx.Exec(`INSERT INTO session_seen (id, at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, session, clock.Micros(tx.Now()))
	return err
}

// Sessions lists the viewer's own live sessions, newest first.
func (m *Members) Sessions(v *db.View) ([]Session, error) {
	live, err := m.liveSessions(v, v.Viewer().Person)
	slices.Reverse(live)
	return live, err
}

// liveSessions lists a person's sessions that hold, oldest first.
func (m *Members) liveSessions(v *db.View, person string) ([]Session, error) {
	all, err := db.All(v, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id
		WHERE s.person = $1 AND s.revoked_at = 0 AND s.ends_at > $2 ORDER BY s.made_at, s.id`, person, clock.Micros(v.Now()))
	return slices.DeleteFunc(all, func(s Session) bool { return !s.holds(v.Now()) }), err
}

// RevokeSession ends one of the viewer's own sessions, from any device.
func (m *Members) RevokeSession(tx *db.Tx, id string) error {
	s, err := db.One(tx.View, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id
		WHERE s.id = $1 AND s.person = $2 AND s.revoked_at = 0`, id, tx.Viewer().Person)
	if err != nil {
		return err
	}
	if tx.Viewer().IsToken() {
		return errMayNot
	}
	return m.endSession(tx, s, "ended by its owner")
}

// RevokeOthers ends all of the viewer's sessions but the one in use. With none
// to end it is a conflict.
func (m *Members) RevokeOthers(tx *db.Tx) error {
	who := tx.Viewer()
	if !who.SignedIn() || who.IsToken() {
		return errMayNot
	}
	live, err := m.liveSessions(tx.View, who.Person)
	if err != nil {
		return err
	}
	live = slices.DeleteFunc(live, func(s Session) bool { return s.ID == who.Via })
	if len(live) == 0 {
		return fault.Conflictf("There is no other session.")
	}
	for _, s := range live {
		if err := m.endSession(tx, s, "ended by its owner"); err != nil {
			return err
		}
	}
	return nil
}

// endSession ends a session; streams that hang on it are cut at once (T-05).
func (m *Members) endSession(tx *db.Tx, s Session, why string) error {
	n, err := tx.Exec(`UPDATE sessions SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0`, clock.Micros(tx.Now()), s.ID)
	if err != nil || n == 0 {
		return err
	}
	tx.Append(db.Entry{Verb: "session.revoked", Object: s.ID, Parent: s.Person, Label: toPerson(s.Person), Access: true, Data: map[string]string{"why": why}})
	return nil
}

// RevokeAll ends every session and token of a person: an operator for anybody,
// an officer for the own people, everybody for themselves.
func (m *Members) RevokeAll(tx *db.Tx, person, why string) error {
	if tx.Viewer().IsToken() || tx.Viewer().Person != person {
		if _, err := m.managed(tx.View, person); err != nil {
			return err
		}
	}
	before := tx.Pending()
	if err := m.revokeAll(tx, person, why); err != nil {
		return err
	}
	if tx.Pending() == before {
		return fault.Conflictf("There is no session and no token to end.")
	}
	return nil
}

func (m *Members) revokeAll(tx *db.Tx, person, why string) error {
	live, err := db.All(tx.View, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id
		WHERE s.person = $1 AND s.revoked_at = 0 AND s.ends_at > $2 ORDER BY s.made_at, s.id`, person, clock.Micros(tx.Now()))
	if err != nil {
		return err
	}
	for _, s := range live {
		if err := m.endSession(tx, s, why); err != nil {
			return err
		}
	}
	tokens, err := m.tokensOf(tx.View, person)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if err := m.endToken(tx, t, why); err != nil {
			return err
		}
	}
	return nil
}

// freshly demands that a passkey was used in this session within five minutes.
// A viewer without a session is the program acting in a person's name, which no
// door makes.
func (m *Members) freshly(v *db.View) error {
	who := v.Viewer()
	if m.waive || who.IsSystem() || who.Via == "" && who.SignedIn() {
		return nil
	}
	s, err := db.One(v, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id WHERE s.id = $1 AND s.person = $2`, who.Via, who.Person)
	if fault.Is(err, fault.Missing) || err == nil && !s.StepUpFresh(v.Now()) {
		return ErrStepUp
	}
	return err
}

// ErrStepUp asks for the passkey once more before an act that matters.
var ErrStepUp = fault.Forbiddenf("Confirm with your passkey first; then do this again.")

// StepUp demands a passkey used within five minutes, else it is ErrStepUp. Other
// duties call it before loosening, exporting or signing.
func (m *Members) StepUp(v *db.View) error { return m.freshly(v) }

// agentFamily keeps of a User-Agent only which browser on which system it is.
func agentFamily(ua string) string {
	first := func(pairs [][2]string, other string) string {
		for _, p := range pairs {
			if strings.Contains(ua, p[0]) {
				return p[1]
			}
		}
		return other
	}
	browser := first([][2]string{{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chrome"}, {"Safari/", "Safari"}}, "A program")
	system := first([][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}, "an unknown system")
	return browser + " on " + system
}
