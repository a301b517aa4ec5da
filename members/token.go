package members

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

const (
	tokenPrefix     = "cordon_pat_"
	tokenLongest    = 90 * 24 * time.Hour
	tokensAPerson   = 20
	tokenSecretSize = 52 // characters of 5 random bits: 260 bits
)

// APIToken is a key for a person's programs. Its secret is shown once.
type APIToken struct {
	ID       string
	Person   string
	Name     string
	Scopes   []policy.Scope
	Made     time.Time
	Expires  time.Time
	LastUsed time.Time // to the day; zero if never
}

// NewToken is what a person asks for. A zero Days means 90.
type NewToken struct {
	Name   string
	Scopes []policy.Scope
	Days   int
}

// MakeToken makes a token of the viewer's own and returns its text, shown once.
// It needs a session with a fresh passkey.
func (m *Members) MakeToken(tx *db.Tx, n NewToken) (text string, t APIToken, err error) {
	who := tx.Viewer()
	if !who.SignedIn() || who.IsToken() || !who.InGoodStanding() {
		return "", t, errMayNot
	}
	if err := m.freshly(tx.View); err != nil {
		return "", t, err
	}
	if err := m.SecondPasskey(tx.View); err != nil {
		return "", t, err
	}
	return m.makeToken(tx, who.Person, n)
}

func (m *Members) makeToken(tx *db.Tx, person string, n NewToken) (text string, t APIToken, err error) {
	var c checker
	n.Name = c.line("name", "what the token is for", n.Name, 1, 80)
	slices.Sort(n.Scopes)
	n.Scopes = slices.Compact(n.Scopes)
	if len(n.Scopes) == 0 {
		c.add("scopes", "Choose what the token may do.")
	}
	for _, s := range n.Scopes {
		if !slices.Contains(policy.Scopes(), s) {
			c.add("scopes", "There is no scope %q; choose read or write.", string(s))
		}
	}
	if n.Days == 0 {
		n.Days = 90
	}
	if n.Days < 1 || n.Days > 90 {
		c.add("days", "A token lasts from 1 to 90 days.")
	}
	if err := c.err(); err != nil {
		return "", t, err
	}
	have, err := m.tokensOf(tx.View, person)
	if err != nil {
		return "", t, err
	}
	if len(have) >= tokensAPerson {
		return "", t, fault.Conflictf("You have %d tokens. Revoke one that is not used any more.", len(have))
	}
	scopes, err := json.Marshal(n.Scopes)
	if err != nil {
		return "", t, err
	}
	t = APIToken{ID: ids.New("token"), Person: person, Name: n.Name, Scopes: n.Scopes, Made: tx.Now(), Expires: tx.Now().Add(time.Duration(n.Days) * 24 * time.Hour)}
	body := strings.TrimPrefix(t.ID, "token_") + "_" + ids.Random(tokenSecretSize)
	text = tokenPrefix + body + "_" + tokenSum(body)
	if _, err := tx.Exec(`INSERT INTO tokens (id, person, name, scopes, digest, made_at, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		t.ID, person, t.Name, string(scopes), digest(text), clock.Micros(t.Made), clock.Micros(t.Expires)); err != nil {
		return "", t, err
	}
	tx.Append(db.Entry{Verb: "token.made", Object: t.ID, Parent: person, Label: toPerson(person), Data: map[string]any{"name": t.Name, "scopes": t.Scopes, "expires": t.Expires}})
	return text, t, nil
}

// tokenSum lets a scanner for leaked secrets, and this program, tell a token
// from a typing error without asking the store.
func tokenSum(body string) string { return fmt.Sprintf("%08X", crc32.ChecksumIEEE([]byte(body))) }

// wellFormed reports whether text can be a token at all.
func wellFormed(text string) bool {
	parts := strings.Split(strings.TrimPrefix(text, tokenPrefix), "_")
	return strings.HasPrefix(text, tokenPrefix) && len(parts) == 3 && len(parts[1]) == tokenSecretSize &&
		ids.Valid("token", "token_"+parts[0]) && parts[2] == tokenSum(parts[0]+"_"+parts[1])
}

// AuthenticateToken finds the viewer of an API token. Unknown, expired, revoked,
// and one whose owner is out of good standing, are one answer.
func (m *Members) AuthenticateToken(v *db.View, text string) (policy.Viewer, APIToken, error) {
	if !wellFormed(text) {
		return policy.Viewer{}, APIToken{}, errToken
	}
	t, err := db.One(v, scanToken, `SELECT `+tokenColumns+` FROM tokens t LEFT JOIN token_days u ON u.id = t.id
		WHERE t.digest = $1 AND t.revoked_at = 0 AND t.expires_at > $2`, digest(text), clock.Micros(v.Now()))
	if fault.Is(err, fault.Missing) {
		return policy.Viewer{}, APIToken{}, errToken
	}
	if err != nil {
		return policy.Viewer{}, APIToken{}, err
	}
	who, err := m.ViewerOf(v, t.Person, t.ID, t.Scopes)
	if fault.Is(err, fault.Missing) || err == nil && !who.InGoodStanding() {
		return policy.Viewer{}, APIToken{}, errToken
	}
	return who, t, err
}

// NeedsTouch reports whether the day of the token's last use is to be noted.
func (t APIToken) NeedsTouch(now time.Time) bool {
	return !t.LastUsed.Equal(now.UTC().Truncate(24 * time.Hour))
}

// TouchToken notes the day on which a token was used (a scratch write).
func (m *Members) TouchToken(tx *db.Tx, id string) error {
	_, err := tx.Exec(`INSERT INTO token_days (id, at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET at = excluded.at`,
		id, clock.Micros(tx.Now().Truncate(24*time.Hour)))
	return err
}

const tokenColumns = `t.id, t.person, t.name, t.scopes, t.made_at, t.expires_at, COALESCE(u.at, 0)`

func scanToken(s db.Scanner) (t APIToken, err error) {
	var scopes string
	var made, expires, used int64
	if err = s.Scan(&t.ID, &t.Person, &t.Name, &scopes, &made, &expires, &used); err != nil {
		return t, err
	}
	t.Made, t.Expires, t.LastUsed = clock.FromMicros(made), clock.FromMicros(expires), clock.FromMicros(used)
	t.Scopes, err = parseScopes(scopes)
	return t, err
}

// Tokens lists the viewer's own tokens that still work, newest first.
func (m *Members) Tokens(v *db.View) ([]APIToken, error) {
	ts, err := m.tokensOf(v, v.Viewer().Person)
	slices.Reverse(ts)
	return ts, err
}

func (m *Members) tokensOf(v *db.View, person string) ([]APIToken, error) {
	return db.All(v, scanToken, `SELECT `+tokenColumns+` FROM tokens t LEFT JOIN token_days u ON u.id = t.id
		WHERE t.person = $1 AND t.revoked_at = 0 AND t.expires_at > $2 ORDER BY t.made_at, t.id`, person, clock.Micros(v.Now()))
}

// RevokeToken ends one of the viewer's own tokens.
func (m *Members) RevokeToken(tx *db.Tx, id string) error {
	who := tx.Viewer()
	if who.IsToken() && who.Via != id { // a token may end itself
		return errMayNot
	}
	t, err := db.One(tx.View, scanToken, `SELECT `+tokenColumns+` FROM tokens t LEFT JOIN token_days u ON u.id = t.id
		WHERE t.id = $1 AND t.person = $2 AND t.revoked_at = 0`, id, who.Person)
	if err != nil {
		return err
	}
	return m.endToken(tx, t, "ended by its owner")
}

func (m *Members) endToken(tx *db.Tx, t APIToken, why string) error {
	n, err := tx.Exec(`UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0`, clock.Micros(tx.Now()), t.ID)
	if err != nil || n == 0 {
		return err
	}
	tx.Append(db.Entry{Verb: "token.revoked", Object: t.ID, Parent: t.Person, Label: toPerson(t.Person), Access: true, Data: map[string]string{"name": t.Name, "why": why}})
	return nil
}
