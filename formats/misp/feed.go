package misp

import (
	"bytes"
	"crypto/md5" // what the feed format defines; nothing is trusted for it
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Manifest is a feed's manifest.json: what each event is, by uuid.
type Manifest map[string]ManifestEntry

// ManifestEntry describes one event of a feed.
type ManifestEntry struct {
	Info        string         `json:"info"`
	Orgc        *Org           `json:"Orgc,omitzero"`
	Analysis    string         `json:"analysis,omitzero"`
	Date        string         `json:"date,omitzero"`
	Timestamp   string         `json:"timestamp,omitzero"`
	ThreatLevel string         `json:"threat_level_id,omitzero"`
	Tags        []Tag          `json:"Tag,omitzero"`
	Extra       jsontext.Value `json:",embed"`
}

// NewManifest lists the events. Those without a uuid have no place in a feed and
// are left out; of two with the same uuid the later one counts.
func NewManifest(events []Event) Manifest {
	m := Manifest{}
	for i := range events {
		e := &events[i]
		if e.UUID == "" {
			continue
		}
		entry := ManifestEntry{Info: e.Info, Analysis: e.Analysis, Date: e.Date, Timestamp: e.Timestamp, ThreatLevel: e.ThreatLevel}
		if e.Orgc != nil {
			entry.Orgc = &Org{UUID: e.Orgc.UUID, Name: e.Orgc.Name}
		}
		for _, t := range e.Tags {
			entry.Tags = append(entry.Tags, Tag{Name: t.Name, Colour: t.Colour})
		}
		m[e.UUID] = entry
	}
	return m
}

// JSON returns manifest.json, sorted by uuid.
func (m Manifest) JSON() []byte {
	b, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		b, _ = json.Marshal(m, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	}
	return b
}

// ParseManifest reads manifest.json.
func ParseManifest(r io.Reader) (Manifest, error) {
	data, err := readAll(r, Limits{Bytes: 64 << 20}.filled())
	if err != nil {
		return nil, err
	}
	m := Manifest{}
	if err := decode(data, &m, ""); err != nil {
		return nil, err
	}
	clean := make(Manifest, len(m))
	for uuid, entry := range m {
		id, ok := cleanUUID(uuid)
		if !ok {
			// It becomes part of an address: ../ and the like must not.
			return nil, &Error{Reason: "the manifest names an event by something that is not a uuid"}
		}
		if _, twice := clean[id]; twice {
			return nil, &Error{Reason: "the manifest names an event twice"}
		}
		clean[id] = entry
	}
	return clean, nil
}

// Hash is a line of hashes.csv: the MD5 of an attribute's value, or of a part of
// one that has two, and its event.
type Hash struct {
	MD5   string // lower-case hexadecimal
	Event string // uuid
}

// HashesCSV returns hashes.csv: for each attribute that is not deleted the MD5
// of its value, and of each of its parts for types with two such as domain|ip,
// a comma and the event's uuid. A line stands once for each event.
func HashesCSV(events []Event) []byte {
	var b []byte
	for i := range events {
		e := &events[i]
		if e.UUID == "" {
			continue
		}
		seen := map[[md5.Size]byte]bool{}
		add := func(value string) {
			if value == "" {
				return
			}
			sum := md5.Sum([]byte(value))
			if seen[sum] {
				return
			}
			seen[sum] = true
			b = hex.AppendEncode(b, sum[:])
			b = append(b, ',')
			b = append(b, e.UUID...)
			b = append(b, '\n')
		}
		each := func(attributes []Attribute) {
			for j := range attributes {
				a := &attributes[j]
				if a.Deleted {
					continue
				}
				if first, second, two := cutValue(a.Type, a.Value); two {
					add(first)
					add(second)
					continue
				}
				add(a.Value)
			}
		}
		each(e.Attributes)
		for j := range e.Objects {
			if !e.Objects[j].Deleted {
				each(e.Objects[j].Attributes)
			}
		}
	}
	return b
}

// ParseHashes reads hashes.csv, at most 10,000,000 lines. Empty lines are
// skipped; any other that is not a hash, a comma and a uuid is refused.
func ParseHashes(r io.Reader) ([]Hash, error) {
	const most = 10_000_000
	data, err := io.ReadAll(io.LimitReader(r, most*70+1))
	if err != nil {
		return nil, fmt.Errorf("reading hashes: %w", err)
	}
	if len(data) > most*70 {
		return nil, &Error{Reason: "the list of hashes is too long"}
	}
	var out []Hash
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			continue
		}
		hash, event, _ := strings.Cut(text, ",")
		id, ok := cleanUUID(event)
		sum, err := hex.DecodeString(hash)
		if !ok || err != nil || len(sum) != md5.Size {
			return nil, &Error{Reason: fmt.Sprintf("line %d is not an MD5, a comma and a uuid", n)}
		}
		out = append(out, Hash{MD5: strings.ToLower(hash), Event: id})
	}
	return out, nil
}

// cutValue takes the value of a type with two parts apart.
func cutValue(typ, value string) (first, second string, two bool) {
	if !strings.Contains(typ, "|") && typ != "malware-sample" {
		return "", "", false
	}
	return strings.Cut(value, "|")
}
