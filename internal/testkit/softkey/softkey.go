// Package softkey is a passkey device in software, for tests of sign-in that
// need no browser: it answers the options of a registration and of an assertion
// as a browser with an authenticator would (WebAuthn level 3, attestation
// "none", ES256).
package softkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/fxamacker/cbor/v2"
)

// Device holds discoverable passkeys of one relying party.
type Device struct {
	RPID, Origin string
	NoUV         bool   // does not verify its user
	Counter      uint32 // of signatures; grows with each
	keys         map[string]key
}

type key struct {
	private *ecdsa.PrivateKey
	handle  []byte
}

// New makes an empty device.
func New(rpid, origin string) *Device {
	return &Device{RPID: rpid, Origin: origin, keys: map[string]key{}}
}

// Clone copies the device with its keys and its counter.
func (d *Device) Clone() *Device {
	c := *d
	c.keys = maps.Clone(d.keys)
	return &c
}

type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
		AllowCredentials []struct {
			ID string `json:"id"`
		} `json:"allowCredentials"`
	} `json:"publicKey"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (d *Device) clientData(kind, challenge string) []byte {
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.Origin, "crossOrigin": false})
	return b
}

// authData is the authenticator data: RP id hash, flags, counter, and what was
// attested.
func (d *Device) authData(attested []byte) []byte {
	d.Counter++
	sum := sha256.Sum256([]byte(d.RPID))
	flags := byte(0x01) // user present
	if !d.NoUV {
		flags |= 0x04
	}
	if attested != nil {
		flags |= 0x40
	}
	out := append(sum[:], flags)
	out = binary.BigEndian.AppendUint32(out, d.Counter)
	return append(out, attested...)
}

// Create makes a passkey and answers navigator.credentials.create.
func (d *Device) Create(opts []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(opts, &o); err != nil {
		return nil, fmt.Errorf("read the options: %w", err)
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	if err != nil {
		return nil, fmt.Errorf("read the user handle: %w", err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 32)
	rand.Read(id)
	d.keys[b64(id)] = key{private, handle}
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:65]})
	if err != nil {
		return nil, err
	}
	attested := make([]byte, 16) // AAGUID
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(id)))
	attested = append(append(attested, id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.authData(attested)})
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"id": b64(id), "rawId": b64(id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(d.clientData("webauthn.create", o.PublicKey.Challenge)), "attestationObject": b64(object)}})
}

// Get signs with a passkey that the options allow and answers
// navigator.credentials.get.
func (d *Device) Get(opts []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(opts, &o); err != nil {
		return nil, fmt.Errorf("read the options: %w", err)
	}
	id := ""
	for _, c := range o.PublicKey.AllowCredentials {
		if _, ok := d.keys[c.ID]; ok {
			id = c.ID
		}
	}
	if len(o.PublicKey.AllowCredentials) == 0 {
		for k := range d.keys {
			id = k
		}
	}
	k, ok := d.keys[id]
	if !ok {
		return nil, errors.New("the device holds no passkey for this")
	}
	client := d.clientData("webauthn.get", o.PublicKey.Challenge)
	auth := d.authData(nil)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, auth...), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(auth), "signature": b64(sig), "userHandle": b64(k.handle)}})
}
