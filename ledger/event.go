package ledger

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/policy"
)

// Event is an entry's content as it is committed to, shown in evidence packs and
// read by followers. Its canonical JSON (RFC 8785) is what the leaf stands for.
// It does not name the room: a reader of a topic need not be one of its room.
type Event struct {
	V        int             `json:"v"`
	Seq      int64           `json:"seq"`
	At       string          `json:"at"` // RFC 3339, UTC, microseconds; or the date alone, see Coarse
	Actor    string          `json:"actor"`
	Name     string          `json:"name,omitempty"` // the actor's name then
	Org      string          `json:"org,omitempty"`
	OrgName  string          `json:"org_name,omitempty"`
	Verb     string          `json:"verb"`
	Object   string          `json:"object"`
	Parent   string          `json:"parent,omitempty"`
	TLP      string          `json:"tlp"`
	Audience []string        `json:"audience"`
	Data     json.RawMessage `json:"data"`
}

// Time is when the event happened: the beginning of its day, if it is coarse.
func (e Event) Time() time.Time {
	layout := time.RFC3339Nano
	if e.Coarse() {
		layout = time.DateOnly
	}
	t, _ := time.Parse(layout, e.At)
	return t
}

// Coarse reports whether only the day is on the record, in UTC, as it is of what
// came without an account. Entries stand in the order in which they were made, so
// a coarse one may have an earlier time than the one before it.
func (e Event) Coarse() bool { return len(e.At) == len(time.DateOnly) }

// Label is the event's label.
func (e Event) Label() policy.Label {
	a, _ := policy.ParseAudience(e.Audience)
	return policy.Label{TLP: policy.TLP(e.TLP), Audience: a}
}

// Decode reads the event's data into v.
func (e Event) Decode(v any) error {
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("entry %d %s: %w", e.Seq, e.Verb, err)
	}
	return nil
}

// SaltSize is the length of an entry's salt in bytes.
const SaltSize = 32

// LeafSize is the length of every leaf in bytes.
const LeafSize = 4 + 3*sha256.Size

var leafMagic = []byte("cdn1")

// Leaf is what stands in the public tree for an event: the magic "cdn1" and
// three commitments, each HMAC-SHA-256 keyed with the entry's salt, to the whole
// event, to its actor and to its object. Without the salt they tell nothing, not
// even that two entries are about the same thing; with it, an event's owner can
// open the whole or only who and what.
func Leaf(salt []byte, canonical []byte, actor, object string) []byte {
	leaf := bytes.Clone(leafMagic)
	leaf = commit(leaf, salt, "cordon/event/v1", canonical)
	leaf = commit(leaf, salt, "cordon/actor/v1", []byte(actor))
	return commit(leaf, salt, "cordon/object/v1", []byte(object))
}

func commit(leaf, salt []byte, domain string, content []byte) []byte {
	h := hmac.New(sha256.New, salt)
	h.Write([]byte(domain))
	h.Write([]byte{0})
	h.Write(content)
	return h.Sum(leaf)
}

// CheckLeaf reports whether leaf stands for the canonical event under the salt,
// and returns the event. It is what a verifier runs.
func CheckLeaf(leaf, salt, canonical []byte) (Event, error) {
	var e Event
	if len(salt) != SaltSize {
		return e, fmt.Errorf("the salt is %d bytes long, not %d", len(salt), SaltSize)
	}
	if err := strictjson.Unmarshal(canonical, &e); err != nil {
		return e, fmt.Errorf("the event cannot be read: %w", err)
	}
	if again, err := strictjson.Canonical(e); err != nil || !bytes.Equal(again, canonical) {
		return e, fmt.Errorf("the event is not in canonical form")
	}
	if !hmac.Equal(leaf, Leaf(salt, canonical, e.Actor, e.Object)) {
		return e, fmt.Errorf("the event is not the one that was recorded")
	}
	return e, nil
}
