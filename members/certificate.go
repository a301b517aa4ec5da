package members

import (
	"regexp"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// A client certificate stands for an API token: a program that proves by TLS that
// it holds the certificate's key needs to send no secret. It reaches as far as the
// token, and ends with it. Who signed the certificate plays no part, and neither
// do its names: the key is known, by the SHA-256 of its SubjectPublicKeyInfo.

const certificateStep = `
CREATE TABLE token_certificates (
	spki    TEXT NOT NULL PRIMARY KEY,
	token   TEXT NOT NULL REFERENCES tokens (id),
	made_at BIGINT NOT NULL
);
CREATE INDEX token_certificates_token ON token_certificates (token);
`

const certificatesAToken = 5

var spkiForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

var errCertificate = fault.Forbiddenf("This certificate does not stand for a token. Bind it to one first, with the token.")

// BindCertificate makes a client certificate stand for the token that the viewer
// acts through. spki is the SHA-256 of its key in hexadecimal; the caller has seen
// in a TLS handshake that whoever asks holds that key, so that nobody can bind
// another's. A certificate that stood for another token stands for this one now.
func (m *Members) BindCertificate(tx *db.Tx, spki string) error {
	who := tx.Viewer()
	if !who.IsToken() || who.Via == "" || !who.InGoodStanding() {
		return fault.Forbiddenf("A certificate is bound to a token: send the token with the request.")
	}
	if !spkiForm.MatchString(spki) {
		return fault.Invalidf("This is not the SHA-256 of a key in hexadecimal.")
	}
	have, err := db.All(tx.View, db.Value[string], `SELECT spki FROM token_certificates WHERE token = $1 AND spki <> $2`, who.Via, spki)
	if err != nil {
		return err
	}
	if len(have) >= certificatesAToken {
		return fault.Conflictf("%d certificates stand for this token. Remove one, or make another token.", len(have))
	}
	_, err = tx.Exec(`INSERT INTO token_certificates (spki, token, made_at) VALUES ($1, $2, $3)
		ON CONFLICT (spki) DO UPDATE SET token = excluded.token, made_at = excluded.made_at`, spki, who.Via, clock.Micros(tx.Now()))
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "token.certified", Object: who.Via, Parent: who.Person, Label: toPerson(who.Person), Access: true, Data: map[string]string{"spki": spki}})
	return nil
}

// UnbindCertificate ends that a certificate stands for a token of the viewer's.
func (m *Members) UnbindCertificate(tx *db.Tx, spki string) error {
	who := tx.Viewer()
	token, err := db.One(tx.View, db.Value[string], `SELECT c.token FROM token_certificates c JOIN tokens t ON t.id = c.token WHERE c.spki = $1 AND t.person = $2`, spki, who.Person)
	if err != nil {
		return err
	}
	if who.IsToken() && who.Via != token {
		return errMayNot
	}
	if err := tx.MustChange(`DELETE FROM token_certificates WHERE spki = $1`, spki); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "token.uncertified", Object: token, Parent: who.Person, Label: toPerson(who.Person), Access: true, Data: map[string]string{"spki": spki}})
	return nil
}

// Certificates lists the certificates that stand for a token of the viewer's own,
// oldest first, as SHA-256 of their keys in hexadecimal.
func (m *Members) Certificates(v *db.View, token string) ([]string, error) {
	return db.All(v, db.Value[string], `SELECT c.spki FROM token_certificates c JOIN tokens t ON t.id = c.token
		WHERE c.token = $1 AND t.person = $2 ORDER BY c.made_at, c.spki`, token, v.Viewer().Person)
}

// AuthenticateCertificate finds the viewer of a client certificate whose key the
// caller has seen to be held. One that is not known, and one whose token does not
// hold any more, are one answer.
func (m *Members) AuthenticateCertificate(v *db.View, spki string) (policy.Viewer, APIToken, error) {
	t, err := db.One(v, scanToken, `SELECT `+tokenColumns+` FROM token_certificates c JOIN tokens t ON t.id = c.token LEFT JOIN token_days u ON u.id = t.id
		WHERE c.spki = $1 AND t.revoked_at = 0 AND t.expires_at > $2`, spki, clock.Micros(v.Now()))
	if fault.Is(err, fault.Missing) {
		return policy.Viewer{}, APIToken{}, errCertificate
	}
	if err != nil {
		return policy.Viewer{}, APIToken{}, err
	}
	who, err := m.ViewerOf(v, t.Person, t.ID, t.Scopes)
	if fault.Is(err, fault.Missing) || err == nil && !who.InGoodStanding() {
		return policy.Viewer{}, APIToken{}, errCertificate
	}
	return who, t, err
}
