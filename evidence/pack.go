package evidence

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// PackVersion is the newest version of the packs that this program makes and
// checks. A version's page and README are never changed, because a verifier makes
// them again: packs of topics are of version 1, packs of cases of version 2.
const PackVersion = caseVersion

const (
	topicVersion = 1
	caseVersion  = 2
)

// Pack is the member evidence.json of a pack, canonical JSON (RFC 8785). All
// other members but the files follow from it.
type Pack struct {
	Version    int         `json:"pack"`
	ID         string      `json:"id"`              // of the pack: the object of its last entry
	Topic      string      `json:"topic,omitempty"` // id; or
	Case       string      `json:"case,omitempty"`  // id
	About      About       `json:"about"`
	Key        string      `json:"key"`        // the ledger's verifier key (C2SP signed-note)
	Checkpoint string      `json:"checkpoint"` // the signed checkpoint that covers every entry
	Entries    []PackEntry `json:"entries"`    // oldest first; the last one records the taking of this pack
	Texts      []PackText  `json:"texts"`      // what the entries name by digest
	Files      []PackFile  `json:"files"`
}

// About is what the entries do not say in words. Its digest is in the last entry;
// the nonce keeps that digest from telling others whom the taker may name.
type About struct {
	Community string  `json:"community"`
	Title     string  `json:"title"`
	Names     []Named `json:"names"` // the recipients that the taker may name, sorted
	Nonce     string  `json:"nonce"`
}

// subject is the topic or case that the pack is about.
func (p *Pack) subject() string {
	if p.Version == caseVersion {
		return p.Case
	}
	return p.Topic
}

// known reports whether the pack is of a version and kind that this program checks.
func (p *Pack) known() bool {
	return p.Version == topicVersion && p.Topic != "" && p.Case == "" || p.Version == caseVersion && p.Case != "" && p.Topic == ""
}

// Named is a recipient in words.
type Named struct {
	Principal string `json:"principal"`
	Name      string `json:"name"`
}

// PackEntry is an entry of the ledger with its proof. Salt and Event are empty
// where the content was destroyed; the proof holds all the same.
type PackEntry struct {
	Index int64    `json:"index"`
	Leaf  string   `json:"leaf"`  // base64
	Salt  string   `json:"salt"`  // base64
	Event string   `json:"event"` // canonical JSON, as it was committed to
	Proof []string `json:"proof"` // RFC 6962 audit path, base64
}

// PackText is a text and its digest.
type PackText struct {
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}

// PackFile is an attached file.
type PackFile struct {
	Path   string `json:"path"` // member of the zip
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// The verb and data of the entry that records the taking of a pack.
const exportedVerb = "evidence.exported"

type exported struct {
	About string `json:"about_sha256"`
}

// digest is the SHA-256 of About in canonical JSON.
func (a About) digest() (string, error) {
	b, err := strictjson.Canonical(a)
	return sum(b), err
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// safeName is a file's name as it may stand in a zip: nothing that any system
// reads as a path, an option, a device or a hidden file.
func safeName(n int, name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	s := b.String()
	if len(s) > 90 {
		ext := path.Ext(s)
		if len(ext) > 12 {
			ext = ""
		}
		s = s[:90-len(ext)] + ext
	}
	return fmt.Sprintf("files/%d-%s", n, s)
}

// record is a pack's entries, opened.
type record struct {
	pack       *Pack
	checkpoint tlog.Checkpoint
	events     []event
	texts      map[string]string // digest → text
	told       *caseStory        // see story
}

// event is an entry with its data. Gone says that its content was destroyed.
type event struct {
	ledger.Event
	index int64
	data  map[string]any
	gone  bool
}

func openEvent(index int64, e ledger.Event) (event, error) {
	out := event{Event: e, index: index, data: map[string]any{}}
	if len(e.Data) > 0 && string(e.Data) != "null" {
		if err := json.Unmarshal(e.Data, &out.data); err != nil {
			return out, errors.New("its data is not an object")
		}
	}
	return out, nil
}

func (e event) text(name string) string { s, _ := e.data[name].(string); return s }

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// digests lists the digests of texts that an event names: members of its data
// whose names end in _sha256.
func (e event) digests() (ds []string) {
	if e.Verb == exportedVerb {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(e.data)) {
		if d := e.text(name); strings.HasSuffix(name, "_sha256") && hexDigest.MatchString(d) {
			ds = append(ds, d)
		}
	}
	return ds
}

// files lists the files that an event names: itself, if it attaches one, and
// those in its list.
func (e event) files() (fs []PackFile) {
	add := func(m map[string]any) {
		name, _ := m["name"].(string)
		digest, _ := m["sha256"].(string)
		size, ok := m["size"].(float64)
		if ok && hexDigest.MatchString(digest) {
			fs = append(fs, PackFile{Name: name, Size: int64(size), SHA256: digest})
		}
	}
	if m, ok := e.data["file"].(map[string]any); ok {
		add(m)
	}
	list, _ := e.data["files"].([]any)
	for _, f := range list {
		if m, ok := f.(map[string]any); ok {
			add(m)
		}
	}
	return fs
}

// post is the post that an event is about, or "".
func (e event) post() string {
	if strings.HasPrefix(e.Object, "post_") {
		return e.Object
	}
	return e.text("post")
}

func (e event) label() string { return policy.TLP(e.TLP).String() }

// actor is who did it, as it was recorded.
func (e event) actor() string {
	switch {
	case e.Name != "" && e.OrgName != "":
		return e.Name + ", " + e.OrgName
	case e.Name != "":
		return e.Name
	case strings.HasPrefix(e.Actor, "system:"):
		return "the community's server"
	default:
		return e.Actor
	}
}

// when writes a time for people: "14 Nov 2026 15:02:07 UTC".
func when(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04:05 UTC") }

// when writes an entry's time for people: to the second, or the day alone if that
// is all that was recorded.
func (e event) when() string {
	if e.Coarse() {
		return e.Time().Format("2 Jan 2006") + " (the day only)"
	}
	return when(e.Time())
}

// started is the entry that shared the topic, if the taker can read it.
func (r *record) started() (event, bool) {
	i := slices.IndexFunc(r.events, func(e event) bool { return e.Verb == "topic.started" && e.Object == r.pack.Topic })
	if i < 0 {
		return event{}, false
	}
	return r.events[i], true
}

// taken is the entry that records the taking of the pack.
func (r *record) taken() event { return r.events[len(r.events)-1] }

// marking is the strictest marking of all entries: the pack's own.
func (r *record) marking() policy.TLP {
	if r.pack.Version == caseVersion {
		return r.caseMarking()
	}
	var ts []policy.TLP
	for _, e := range r.events {
		if !e.gone {
			ts = append(ts, policy.TLP(e.TLP))
		}
	}
	return policy.Strictest(ts...)
}

// deleted reports whether the record says that an object's content was destroyed
// after that entry.
func (r *record) deleted(object string, after int64) bool {
	return slices.ContainsFunc(r.events, func(e event) bool {
		return e.index > after && e.Object == object && (e.Verb == "post.deleted" || e.Verb == "ledger.shredded")
	})
}

// name is a recipient in words.
func (r *record) name(principal string) string {
	i, ok := slices.BinarySearchFunc(r.pack.About.Names, principal, func(n Named, p string) int { return strings.Compare(n.Principal, p) })
	if ok {
		return r.pack.About.Names[i].Name
	}
	return "a recipient whom the taker of this pack may not name (" + principal + ")"
}

// reach is who could read what an entry shared, at that moment.
func (e event) reach() (forum.SharedReach, bool) {
	var s forum.Shared
	if e.Decode(&s) != nil || s.Reach == nil {
		return forum.SharedReach{}, false
	}
	return *s.Reach, true
}

// people says the reach in words.
func (e event) people() string {
	r, ok := e.reach()
	switch {
	case !ok:
		return ""
	case r.Everyone:
		return "everyone, on the public web"
	}
	return count(int64(r.People), "person", "people") + " in " + count(int64(r.Organizations), "organization", "organizations")
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %s", grouped(n), many)
}

// grouped writes 12345 as 12,345.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// sentence is the whole pack in one sentence.
func (r *record) sentence() string {
	if r.pack.Version == caseVersion {
		return r.story().sentence()
	}
	e, ok := r.started()
	if !ok {
		return "The beginning of this topic is not in the pack."
	}
	s := "Shared on " + e.when() + " by " + e.actor() + ", as " + e.label()
	if with := e.people(); with != "" {
		s += " with " + with
	}
	return s + ": " + r.pack.About.Title
}

// members renders everything in the pack but the attached files, in the order of
// the zip; the manifest goes last and is made by manifest.
func (r *record) members() ([]member, error) {
	evidence, err := strictjson.Canonical(r.pack)
	if err != nil {
		return nil, err
	}
	page, err := r.page()
	if err != nil {
		return nil, err
	}
	return []member{
		text("README.txt", []byte(r.readme())),
		text("index.html", page),
		text("evidence.json", evidence),
		text("checkpoint", []byte(r.pack.Checkpoint)),
		text("key.txt", []byte(r.keyText())),
	}, nil
}

// manifest lists the digests of all other members, as canonical JSON.
func manifest(digests map[string]string) (member, error) {
	b, err := strictjson.Canonical(digests)
	return text("manifest.json", b), err
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func (r *record) keyText() string {
	name, _, _ := strings.Cut(r.pack.Key, "+")
	return r.pack.Key + "\n\n" +
		"This is the key of the ledger \"" + name + "\", in the form of C2SP signed-note.\n" +
		"A key that comes with what it vouches for proves little. Get it once from the\n" +
		"community itself (its page \"Evidence\", or by telephone), keep it, and give it\n" +
		"to every check:\n\n    cordon verify pack.zip --key '" + r.pack.Key + "'\n"
}

func (r *record) readme() string {
	return r.marking().String() + "\n\n" +
		"Evidence pack " + r.pack.ID + "\n" + r.pack.About.Community + "\n\n" + r.sentence() + "\n\n" + `What this is
------------
index.html      what happened, for people; open it in any browser, print it
evidence.json   the same for programs: entries, proofs, texts (RFC 8785 JSON)
checkpoint      the ledger's signed statement of its size and root hash
key.txt         the key that signed it, and how to pin it
files/          the attached files, as they were shared
manifest.json   the SHA-256 of all of these

How to check it
---------------
With Cordon, offline, on any machine:

    cordon verify pack.zip --key KEY

With any RFC 6962 and C2SP tools, for every element of "entries":
1. The checkpoint is a C2SP signed note; verify its signature with your key.
   Its second line is the tree's size, its third the root hash.
2. base64-decode "leaf". SHA-256(0x00 || leaf) is the RFC 6962 leaf hash; with
   "index" and "proof" it must lead to the root hash.
3. The leaf is the 4 bytes "cdn1" and three HMAC-SHA-256 values, keyed with the
   base64-decoded "salt", over: "cordon/event/v1", a zero byte and the bytes of
   "event"; "cordon/actor/v1", a zero byte and the event's "actor";
   "cordon/object/v1", a zero byte and the event's "object".
4. An event names texts and files by SHA-256. Compare them with "texts" and files/.

What it does not prove
----------------------
` + strings.Join(r.limits(), "\n") + "\n"
}

// limits is what this pack does not prove.
func (r *record) limits() []string {
	if r.pack.Version == caseVersion {
		return caseLimits()
	}
	return limits()
}

// limits is what a pack of a topic does not prove. It is said wherever one is shown.
func limits() []string {
	return []string{
		"It does not prove that anybody read what was shared, only who could.",
		"It does not prove that this is all: a pack holds what its taker could read.",
		"It does not prove that what was written is true.",
		"Times and names are those that the community's server recorded; the checkpoint proves that they have not changed since it was signed.",
	}
}
