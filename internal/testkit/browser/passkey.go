package browser

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
)

// AuthenticatorOptions says what kind of device holds the passkeys. The zero
// value is the common one: built into the machine, keeps discoverable
// credentials, verifies its user, answers at once.
type AuthenticatorOptions struct {
	USB                bool // a security key instead of a built-in device
	NoResidentKey      bool // cannot keep discoverable credentials
	NoUserVerification bool // cannot verify its user
	VerificationFails  bool // verifies, and finds a stranger
	Absent             bool // nobody touches it: requests wait
	PRF                bool // offers the prf extension
}

// Authenticator is a virtual passkey device plugged into one tab.
type Authenticator struct {
	t  *Tab
	id webauthn.AuthenticatorID
}

// Credential is one passkey, its private key included, so that a test can move
// or clone it. The library's own type always names extensions that a plain
// device refuses, hence this one.
type Credential struct {
	ID         []byte  `json:"credentialId"`
	Resident   bool    `json:"isResidentCredential"`
	RPID       string  `json:"rpId"`
	PrivateKey []byte  `json:"privateKey"` // ECDSA P-256, PKCS#8
	UserHandle []byte  `json:"userHandle,omitempty"`
	SignCount  float64 `json:"signCount"`
}

type addCredential struct {
	AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
	Credential      Credential               `json:"credential"`
}

// VirtualAuthenticator plugs a device into the tab. Pages must be opened by
// name (see Localhost): passkeys refuse bare addresses.
func (t *Tab) VirtualAuthenticator(o AuthenticatorOptions) *Authenticator {
	t.t.Helper()
	call(t, webauthn.Enable, webauthn.EnableParams{})
	transport := webauthn.AuthenticatorTransportInternal
	if o.USB {
		transport = webauthn.AuthenticatorTransportUsb
	}
	r := call(t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Ctap2version:                webauthn.Ctap2versionCtap21,
			Transport:                   transport,
			HasResidentKey:              !o.NoResidentKey,
			HasUserVerification:         !o.NoUserVerification,
			IsUserVerified:              !o.NoUserVerification && !o.VerificationFails,
			AutomaticPresenceSimulation: !o.Absent,
			HasPrf:                      o.PRF,
		},
	})
	return &Authenticator{t: t, id: r.AuthenticatorID}
}

// Credentials returns the passkeys on the device.
func (a *Authenticator) Credentials() []Credential {
	a.t.t.Helper()
	var out []Credential
	for _, c := range call(a.t, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id}).Credentials {
		out = append(out, Credential{
			ID: c.CredentialID, Resident: c.IsResidentCredential, RPID: c.RpID,
			PrivateKey: c.PrivateKey, UserHandle: c.UserHandle, SignCount: c.SignCount,
		})
	}
	return out
}

// AddCredential puts a passkey on the device, for example one copied from
// another device.
func (a *Authenticator) AddCredential(c Credential) {
	a.t.t.Helper()
	cmd := cdp.Command[addCredential, cdp.Empty]{Method: webauthn.CommandAddCredential}
	call(a.t, cmd, addCredential{AuthenticatorID: a.id, Credential: c})
}

// RemoveCredential takes one passkey off the device.
func (a *Authenticator) RemoveCredential(id []byte) {
	a.t.t.Helper()
	call(a.t, webauthn.RemoveCredential, webauthn.RemoveCredentialParams{AuthenticatorID: a.id, CredentialID: id})
}

// Clear takes all passkeys off the device.
func (a *Authenticator) Clear() {
	a.t.t.Helper()
	call(a.t, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: a.id})
}

// SetUserVerified makes the device recognize its user, or not.
func (a *Authenticator) SetUserVerified(ok bool) {
	a.t.t.Helper()
	call(a.t, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: ok})
}

// SetPresent makes somebody touch the device at each request, or nobody.
func (a *Authenticator) SetPresent(ok bool) {
	a.t.t.Helper()
	call(a.t, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: a.id, Enabled: ok})
}

// Remove unplugs the device; its passkeys are lost.
func (a *Authenticator) Remove() {
	a.t.t.Helper()
	call(a.t, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: a.id})
}

// DisableAuthenticators unplugs every virtual device of the tab.
func (t *Tab) DisableAuthenticators() {
	t.t.Helper()
	call(t, webauthn.Disable, cdp.Empty{})
}
