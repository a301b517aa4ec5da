package stix

import (
	"crypto/rand"
	"crypto/sha1" // RFC 4122 version 5 is defined with SHA-1; nothing is protected by it
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func lower(c byte) bool { return 'a' <= c && c <= 'z' }
func digit(c byte) bool { return '0' <= c && c <= '9' }
func hexDigit(c byte) bool {
	return digit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// ID splits a well-formed identifier "type--uuid" (STIX 2.1 §2.9). The UUID is
// one of RFC 4122 or RFC 9562, of any version; its letters may be upper case, as
// they are in OASIS's own examples: compare ids by FoldID.
func ID(s string) (typ string, ok bool) {
	n := len(s) - 36
	if n < 3+2 || s[n-2:n] != "--" || !validType(s[:n-2]) || !validUUID(s[n:]) {
		return "", false
	}
	return s[:n-2], true
}

// FoldID gives the one form of an id under which all ways of writing it are
// equal: UUIDs are read without regard to letter case (RFC 4122 §3).
func FoldID(id string) string { return strings.ToLower(id) }

func validUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !hexDigit(s[i]) {
				return false
			}
		}
	}
	return '1' <= s[14] && s[14] <= '8' && strings.IndexByte("89abAB", s[19]) >= 0
}

// validType says whether s can be the name of a type: 3 to 250 of a–z, 0–9 and
// single hyphens within (STIX 2.1 §2.18, §11.2).
func validType(s string) bool {
	if len(s) < 3 || len(s) > 250 || !lower(s[0]) || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case lower(c), digit(c):
		case c == '-' && s[i-1] != '-':
		default:
			return false
		}
	}
	return true
}

// NewID makes a random identifier (UUID version 4) of the type.
func NewID(typ string) string {
	var u [16]byte
	rand.Read(u[:])
	return formatID(typ, u, 4)
}

func formatID(typ string, u [16]byte, version byte) string {
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u[:])
	return typ + "--" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// scoNamespace is 00abedb4-aa42-466c-9c01-fed23315a9b7 (STIX 2.1 §2.9).
var scoNamespace = [16]byte{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}

// DeterministicID makes the identifier that everybody makes of the same
// contributing properties: a UUID of version 5 over their canonical JSON (RFC
// 8785) in the name space of STIX (STIX 2.1 §2.9). It fails when contributing
// has no JSON.
func DeterministicID(typ string, contributing any) (string, error) {
	text, err := json.Marshal(contributing)
	if err != nil {
		return "", fmt.Errorf("the properties have no JSON: %w", err)
	}
	v := jsontext.Value(text)
	if err := v.Canonicalize(); err != nil {
		return "", fmt.Errorf("the properties have no canonical JSON: %w", err)
	}
	return nameID(typ, scoNamespace, v), nil
}

// nameID is RFC 4122 §4.3 with SHA-1.
func nameID(typ string, namespace [16]byte, name []byte) string {
	h := sha1.New()
	h.Write(namespace[:])
	h.Write(name)
	return formatID(typ, [16]byte(h.Sum(nil)[:16]), 5)
}

// contributing lists each observable's ID Contributing Properties (STIX 2.1 §6).
var contributing = map[string][]string{
	"artifact":             {"hashes", "payload_bin"},
	"autonomous-system":    {"number"},
	"directory":            {"path"},
	"domain-name":          {"value"},
	"email-addr":           {"value"},
	"email-message":        {"from_ref", "subject", "body"},
	"file":                 {"hashes", "name", "parent_directory_ref", "extensions"},
	"ipv4-addr":            {"value"},
	"ipv6-addr":            {"value"},
	"mac-addr":             {"value"},
	"mutex":                {"name"},
	"network-traffic":      {"start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"},
	"software":             {"name", "cpe", "swid", "vendor", "version"},
	"url":                  {"value"},
	"user-account":         {"account_type", "user_id", "account_login"},
	"windows-registry-key": {"key", "values"},
	"x509-certificate":     {"hashes", "serial_number"},
}

// SCOID makes the identifier of an observable from its properties: of those that
// contribute to the id of its type, hashes reduced to one (MD5, else SHA-1,
// SHA-256, SHA-512, else the first by name). Without any that contribute, as for
// every process, the identifier is random, as the standard says.
func SCOID(typ string, props map[string]any) string {
	chosen := map[string]any{}
	for _, name := range contributing[typ] {
		v, ok := props[name]
		if !ok || v == nil {
			continue
		}
		if name == "hashes" {
			if v = oneHash(v); v == nil {
				continue
			}
		}
		chosen[name] = v
	}
	if len(chosen) == 0 {
		return NewID(typ)
	}
	id, err := DeterministicID(typ, chosen)
	if err != nil {
		return NewID(typ)
	}
	return id
}

func oneHash(v any) any {
	switch hashes := v.(type) {
	case map[string]string:
		return pick(hashes)
	case map[string]any:
		return pick(hashes)
	}
	return v
}

func pick[V any](hashes map[string]V) any {
	for _, name := range []string{"MD5", "SHA-1", "SHA-256", "SHA-512"} {
		if h, ok := hashes[name]; ok {
			return map[string]V{name: h}
		}
	}
	if len(hashes) == 0 {
		return nil
	}
	first := slices.Min(slices.Collect(maps.Keys(hashes)))
	return map[string]V{first: hashes[first]}
}
