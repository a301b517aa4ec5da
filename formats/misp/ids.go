package misp

import (
	"crypto/sha1" // RFC 9562 §5.5 builds version 5 uuids with it
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"
)

// namespace is the one in which the MISP–STIX converter derives its ids, so that
// relationships between the same objects have the same id, whoever made them.
var namespace = [16]byte{0x76, 0xbe, 0xed, 0x5f, 0x72, 0x51, 0x45, 0x7e, 0x8c, 0x2a, 0xb4, 0x5f, 0x7b, 0x58, 0x9d, 0x3d}

// derive is a version 5 uuid of the parts, joined as that converter does.
func derive(parts ...string) string {
	h := sha1.New()
	h.Write(namespace[:])
	for i, p := range parts {
		if i > 0 {
			io.WriteString(h, " - ")
		}
		io.WriteString(h, p)
	}
	var u [20]byte
	h.Sum(u[:0])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return formatUUID(u[:16])
}

func formatUUID(u []byte) string {
	var b [36]byte
	hex.Encode(b[0:8], u[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], u[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], u[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], u[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], u[10:16])
	return string(b[:])
}

// cleanUUID returns a uuid in lower case; ok is false when it is none.
func cleanUUID(s string) (id string, ok bool) {
	if len(s) != 36 {
		return "", false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return "", false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return "", false
			}
		}
	}
	return strings.ToLower(s), true
}

// stixUUID says whether a uuid has a version and variant of RFC 9562, which STIX
// demands of ids (§2.9) and MISP does not.
func stixUUID(id string) bool {
	return '1' <= id[14] && id[14] <= '8' && strings.IndexByte("89ab", id[19]) >= 0
}

// idFor is the uuid itself, or one derived from the parts when it is none.
func idFor(uuid string, parts ...string) string {
	if id, ok := cleanUUID(uuid); ok && stixUUID(id) {
		return id
	}
	return derive(append([]string{"made", uuid}, parts...)...)
}

// splitID takes a STIX id apart.
func splitID(id string) (typ, uuid string) {
	typ, uuid, _ = strings.Cut(id, "--")
	return typ, uuid
}

// seconds reads a MISP timestamp: seconds since 1970.
func seconds(s string) (time.Time, bool) {
	if s == "" || s == "0" {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > 253402300799 { // the year 9999
		return time.Time{}, false
	}
	return time.Unix(n, 0).UTC(), true
}

// instant reads the time formats that MISP writes: RFC 3339, the same without a
// zone (UTC), seconds since 1970, and a bare date.
func instant(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			if y := t.UTC().Year(); y < 1 || y > 9999 {
				return time.Time{}, false
			}
			return t.UTC(), true
		}
	}
	return seconds(s)
}

// stamp writes a time as STIX wants it in created and modified.
func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

// moment writes a time as STIX wants it elsewhere, no longer than it must be.
func moment(t time.Time) string { return t.Format("2006-01-02T15:04:05.999999999Z") }
