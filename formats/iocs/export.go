package iocs

import (
	"crypto/sha1" // RFC 9562 §5.5 names it for UUIDs; nothing is secured by it
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// CSV is the row as cells under [CSVHeader].
func (r Row) CSV() []string {
	confidence := ""
	if r.Confidence >= 0 {
		confidence = strconv.Itoa(r.Confidence)
	}
	tlp := r.TLP
	if tlp != "" {
		tlp = "TLP:" + tlp
	}
	var phases []string
	for _, p := range r.KillChain {
		phases = append(phases, p.Chain+":"+p.Phase)
	}
	return []string{string(r.Type), r.Value, r.Name, r.Description, confidence, tlp, csvTime(r.ValidFrom), csvTime(r.ValidUntil),
		csvTime(r.FirstSeen), csvTime(r.LastSeen), strings.Join(r.Labels, ";"), r.Reference, strings.Join(phases, ";")}
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stixTime(t)
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// STIXOptions say what a file cannot: whose objects these are.
type STIXOptions struct {
	// Source names where the rows come from: a feed's address, an
	// organization. The same value from the same source has the same id.
	Source string
	// CreatedBy is the identity's id, or "".
	CreatedBy string
	// Markings are the ids of marking definitions that every object bears.
	Markings []string
	// Marking gives the id of the marking definition of a row's TLP label, ""
	// if there is none. Without it, rows with a label are refused: a label is
	// never lost.
	Marking func(label string) string
	// Created is when the object came to be, if it is known from before; zero
	// for now.
	Created time.Time
}

type stixObject struct {
	Type               string         `json:"type"`
	SpecVersion        string         `json:"spec_version"`
	ID                 string         `json:"id"`
	CreatedByRef       string         `json:"created_by_ref,omitzero"`
	Created            string         `json:"created"`
	Modified           string         `json:"modified"`
	Name               string         `json:"name,omitzero"`
	Description        string         `json:"description,omitzero"`
	Pattern            string         `json:"pattern,omitzero"`
	PatternType        string         `json:"pattern_type,omitzero"`
	PatternVersion     string         `json:"pattern_version,omitzero"`
	ValidFrom          string         `json:"valid_from,omitzero"`
	ValidUntil         string         `json:"valid_until,omitzero"`
	KillChainPhases    []stixPhase    `json:"kill_chain_phases,omitzero"`
	Labels             []string       `json:"labels,omitzero"`
	Confidence         *int           `json:"confidence,omitzero"`
	ExternalReferences []stixExternal `json:"external_references,omitzero"`
	ObjectMarkingRefs  []string       `json:"object_marking_refs,omitzero"`
}

type stixPhase struct {
	Chain string `json:"kill_chain_name"`
	Phase string `json:"phase_name"`
}

type stixExternal struct {
	SourceName  string `json:"source_name"`
	Description string `json:"description,omitzero"`
	URL         string `json:"url,omitzero"`
	ExternalID  string `json:"external_id,omitzero"`
}

// STIX writes the row as a STIX 2.1 indicator, or a vulnerability for a CVE.
// Its id depends on pattern and source alone, so what is sent again is the same
// object. An indicator is valid from the day the row says, else from when it
// was first seen, else from now.
func (r Row) STIX(now time.Time, o STIXOptions) ([]byte, error) {
	created := o.Created
	if created.IsZero() || created.After(now) {
		created = now
	}
	s := stixObject{
		SpecVersion: "2.1", CreatedByRef: o.CreatedBy, Created: stixTime(created), Modified: stixTime(now),
		Name: r.Name, Description: r.Description, Labels: r.Labels, ObjectMarkingRefs: append([]string(nil), o.Markings...),
	}
	if r.Confidence >= 0 {
		s.Confidence = &r.Confidence
	}
	if r.TLP != "" {
		id := ""
		if o.Marking != nil {
			id = o.Marking(r.TLP)
		}
		if id == "" {
			return nil, fmt.Errorf("line %d: the row is marked TLP:%s, and there is no marking to say so", r.Line, r.TLP)
		}
		s.ObjectMarkingRefs = appendNew(s.ObjectMarkingRefs, id)
	}
	if r.Type == CVE {
		s.Type, s.ID = "vulnerability", "vulnerability--"+sourceUUID(o.Source, r.Value)
		s.Name = r.Value
		if r.Name != "" && s.Description == "" {
			s.Description = r.Name
		}
		s.ExternalReferences = append(s.ExternalReferences, stixExternal{SourceName: "cve", ExternalID: r.Value})
	} else {
		if r.Pattern == "" {
			return nil, errors.New("the row has no pattern")
		}
		s.Type, s.ID = "indicator", "indicator--"+sourceUUID(o.Source, r.Pattern)
		s.Pattern, s.PatternType, s.PatternVersion = r.Pattern, "stix", "2.1"
		from := r.ValidFrom
		if from.IsZero() {
			if from = r.FirstSeen; from.IsZero() {
				from = now
			}
		}
		s.ValidFrom = stixTime(from)
		if !r.ValidUntil.IsZero() {
			if s.ValidUntil = stixTime(r.ValidUntil); s.ValidUntil <= s.ValidFrom {
				return nil, fmt.Errorf("line %d: the indicator was valid until a time before it could be valid from; say from when", r.Line)
			}
		}
		for _, p := range r.KillChain {
			s.KillChainPhases = append(s.KillChainPhases, stixPhase(p))
		}
		if s.Name == "" {
			s.Name = r.Value
		}
	}
	if r.Reference != "" {
		s.ExternalReferences = append(s.ExternalReferences, reference(r.Reference))
	}
	return json.Marshal(s)
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

// reference is a URL, or the bare name of a source.
func reference(s string) stixExternal {
	if u, err := url.Parse(s); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" {
		return stixExternal{SourceName: u.Hostname(), URL: s}
	}
	return stixExternal{SourceName: s, Description: "The file names this as its source."}
}

// namespace is the root of the UUIDs made here: random, fixed for ever.
var namespace = [16]byte{0x5b, 0x1f, 0x0e, 0x3a, 0x94, 0x6d, 0x4c, 0x27, 0xa8, 0x42, 0xd3, 0x71, 0x6e, 0x9f, 0x25, 0xb0}

// sourceUUID is a version 5 UUID (RFC 9562 §5.5) of a name within a source.
func sourceUUID(source, name string) string {
	u := uuid5(uuid5(namespace, source), name)
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func uuid5(space [16]byte, name string) (u [16]byte) {
	h := sha1.New()
	h.Write(space[:])
	h.Write([]byte(name))
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}
