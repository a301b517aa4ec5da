package evidence

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/ledger"
)

// Options says what a pack is checked against.
type Options struct {
	// Key is the verifier key that the reader got from the community and kept.
	// Empty trusts the pack's own key, which proves that the pack is of one piece
	// and not who made it; the report says so.
	Key string
}

// Report is what a check found, in plain words.
type Report struct {
	OK    bool   `json:"ok"` // everything holds
	Lines []Line `json:"lines"`
}

// Line is one finding. Part names what it is about: a member of the zip, an
// entry, "zip structure", "key", "limits".
type Line struct {
	OK   bool   `json:"ok"`
	Part string `json:"part"`
	Text string `json:"text"`
}

func (r *Report) say(part, format string, args ...any) {
	r.Lines = append(r.Lines, Line{true, part, fmt.Sprintf(format, args...)})
}

func (r *Report) fail(part, format string, args ...any) {
	r.OK = false
	r.Lines = append(r.Lines, Line{false, part, fmt.Sprintf(format, args...)})
}

// failed turns an error about a part into a line, and hands back any other.
func (r *Report) failed(err error) error {
	var pe *partError
	if errors.As(err, &pe) {
		r.fail(pe.part, "%s: %s.", pe.part, pe.text)
		return nil
	}
	return err
}

const maxEvidence = 192 << 20 // bytes of evidence.json

// Verify checks a pack, or a certificate, without any network and without a
// store. What is wrong with it is in the report; the error is for what could not be read.
func Verify(r io.ReaderAt, size int64, o Options) (Report, error) {
	report := Report{OK: true}
	if certified, b, err := certificateIn(r, size); err != nil {
		return report, err
	} else if certified {
		return VerifyCertificate(b, o)
	}
	members, date, clock, err := readPack(r, size)
	if err != nil {
		return report, report.failed(err)
	}
	digests := map[string]string{}
	byName := map[string]member{}
	for _, m := range members {
		d, err := m.digest()
		if err != nil {
			if err := report.failed(err); err != nil {
				return report, err
			}
		}
		digests[m.name], byName[m.name] = d, m
	}
	if !report.OK {
		return report, nil
	}
	p, err := readEvidence(byName["evidence.json"])
	if err != nil {
		return report, report.failed(err)
	}
	rec, err := p.open(o, &report)
	if err != nil || rec == nil {
		return report, err
	}
	rec.checkTexts(&report)
	rec.checkFiles(&report, digests)
	if err := rec.checkMembers(&report, members, digests); err != nil {
		return report, err
	}
	if d, c := dosTime(rec.taken().Time()); d != date || c != clock {
		report.fail(structure, "The times in the zip are not when the pack was taken.")
	}
	report.conclude(rec, o)
	return report, nil
}

func readEvidence(m member) (*Pack, error) {
	if m.open == nil {
		return nil, &partError{structure, "there is no evidence.json in it: this is no evidence pack"}
	}
	b, err := m.whole(maxEvidence)
	if err != nil {
		return nil, err
	}
	var p Pack
	if err := strictjson.UnmarshalLimits(b, strictjson.Limits{Bytes: maxEvidence, Values: 4_000_000, Depth: 16}, &p); err != nil {
		return nil, &partError{m.name, err.Error()}
	}
	if !p.known() {
		return nil, &partError{m.name, fmt.Sprintf("the pack is of version %d and this program checks versions up to %d, each of its own kind", p.Version, PackVersion)}
	}
	if again, err := strictjson.Canonical(p); err != nil || !bytes.Equal(again, b) {
		return nil, &partError{m.name, "it is not in canonical form"}
	}
	return &p, nil
}

// open checks everything that the ledger vouches for. Without a record there is
// nothing more to check.
func (p *Pack) open(o Options, report *Report) (*record, error) {
	verifier, err := keyOf(p.Key, o, report)
	if err != nil || verifier == nil {
		return nil, err
	}
	rec := &record{pack: p, texts: map[string]string{}}
	if rec.checkpoint, err = tlog.ParseCheckpoint(verifier, []byte(p.Checkpoint)); err != nil {
		report.fail("checkpoint", "The checkpoint does not hold: %v.", err)
		return nil, nil
	}
	last := int64(-1)
	threads := map[string]bool{}
	for i, e := range p.Entries {
		part := fmt.Sprintf("entry %d", e.Index)
		if e.Index <= last {
			report.fail(part, "Entry %d is out of order.", e.Index)
			return nil, nil
		}
		last = e.Index
		ev, err := e.open(rec.checkpoint)
		if err == nil && ev.gone && i == len(p.Entries)-1 {
			err = errors.New("the record of the taking was destroyed")
		}
		if err != nil {
			report.fail(part, "Entry %d does not hold: %v.", e.Index, err)
			continue
		}
		rec.events = append(rec.events, ev)
		if p.opens(ev) {
			threads[ev.Object] = true
		}
	}
	orgs := map[string]bool{}
	if p.Version == caseVersion {
		orgs = owners(rec.events)
	}
	for _, ev := range rec.events {
		if !ev.gone && ev.Object != p.subject() && ev.Parent != p.subject() && !threads[ev.Object] && !threads[ev.Parent] && !(orgs[ev.Object] && standings[ev.Verb] != "") {
			report.fail(fmt.Sprintf("entry %d", ev.index), "Entry %d does not hold: it is about something else.", ev.index)
			return nil, nil
		}
	}
	if len(rec.events) != len(p.Entries) {
		report.fail("evidence.json", "%d of %d entries are not proved by the checkpoint.", len(p.Entries)-len(rec.events), len(p.Entries))
		return nil, nil
	}
	if len(rec.events) == 0 {
		report.fail("evidence.json", "The pack holds no entry.")
		return nil, nil
	}
	about, err := p.About.digest()
	if err != nil {
		return nil, err
	}
	if t := rec.taken(); t.Verb != exportedVerb || t.Object != p.ID || t.text("about_sha256") != about {
		report.fail("evidence.json", "The last entry does not record the taking of this very pack: its title, names or entries were changed.")
		return nil, nil
	}
	if !slices.IsSortedFunc(p.About.Names, func(a, b Named) int { return strings.Compare(a.Principal, b.Principal) }) {
		report.fail("evidence.json", "The names are not sorted.")
	}
	return rec, nil
}

// opens reports whether an event makes a topic a thread of the pack's case.
func (p *Pack) opens(e event) bool {
	return p.Version == caseVersion && !e.gone && e.Verb == "case.thread-opened" && e.Parent == p.Case
}

// keyOf is the key to check with: the one that was pinned, or else the one that
// came along. Without one there is nothing more to check.
func keyOf(own string, o Options, report *Report) (note.Verifier, error) {
	verifier, err := tlog.ParseVerifier(strings.TrimSpace(own))
	if err != nil || strings.TrimSpace(own) != own {
		report.fail("key.txt", "The pack's key cannot be read: %v.", err)
		return nil, nil
	}
	if o.Key == "" || strings.TrimSpace(o.Key) == own {
		return verifier, nil
	}
	if verifier, err = tlog.ParseVerifier(strings.TrimSpace(o.Key)); err != nil {
		return nil, fmt.Errorf("the key to check with: %w", err)
	}
	report.fail("key.txt", "The pack names another key than yours: it was not made by the community whose key you pinned.")
	return verifier, nil
}

// pinned says whose key it was.
func (r *Report) pinned(o Options) {
	if o.Key == "" {
		r.say("key", "NOT PINNED: the key is the pack's own. This shows that the pack is of one piece, not who made it. Get the key from the community and give it with --key.")
	} else if r.OK {
		r.say("key", "The key is the one you pinned.")
	}
}

// open proves an entry under the checkpoint and opens its event.
func (e PackEntry) open(c tlog.Checkpoint) (event, error) {
	leaf, err := decode(e.Leaf)
	if err != nil {
		return event{}, err
	}
	salt, err := decode(e.Salt)
	if err != nil {
		return event{}, err
	}
	if len(e.Proof) > 64 {
		return event{}, errors.New("its proof is too long")
	}
	proof := make(tlog.Proof, len(e.Proof))
	for i, s := range e.Proof {
		h, err := decode(s)
		if err != nil || len(h) != tlog.HashSize {
			return event{}, errors.New("its proof cannot be read")
		}
		proof[i] = tlog.Hash(h)
	}
	if err := tlog.CheckInclusion(proof, c.Size, c.Root, e.Index, leaf); err != nil {
		return event{}, err
	}
	if e.Event == "" && e.Salt == "" {
		return event{index: e.Index, gone: true}, nil
	}
	ev, err := ledger.CheckLeaf(leaf, salt, []byte(e.Event))
	if err != nil {
		return event{}, err
	}
	if ev.Seq != e.Index {
		return event{}, fmt.Errorf("it was recorded as entry %d", ev.Seq)
	}
	return openEvent(e.Index, ev)
}

func decode(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || encode(b) != s {
		return nil, errors.New("it holds text that is not base64")
	}
	return b, nil
}

// checkTexts compares every text with the digest that an entry names.
func (r *record) checkTexts(report *Report) {
	named := map[string]bool{}
	for _, e := range r.events {
		for _, d := range e.digests() {
			named[d] = true
		}
	}
	ok := true
	for _, t := range r.pack.Texts {
		if _, twice := r.texts[t.SHA256]; sum([]byte(t.Text)) != t.SHA256 || !named[t.SHA256] || twice {
			report.fail("evidence.json", "A text is not the one that was recorded (SHA-256 %s).", t.SHA256)
			ok = false
			continue
		}
		r.texts[t.SHA256] = t.Text
	}
	gone := 0
	for _, e := range r.events {
		d := e.text("body_sha256")
		if _, have := r.texts[d]; d == "" || have {
			continue
		}
		if !r.deleted(e.post(), e.index) {
			report.fail("evidence.json", "The text of entry %d is missing, and no entry says that it was deleted.", e.index)
			ok = false
		}
		gone++
	}
	if ok {
		s := fmt.Sprintf("The texts are as they were written: %s of %d match their recorded digests.", grouped(int64(len(r.pack.Texts))), len(r.pack.Texts))
		if gone > 0 {
			s += fmt.Sprintf(" %d more were deleted, which is on the record.", gone)
		}
		report.say("evidence.json", "%s", s)
	}
}

// checkFiles compares every file with the digest that an entry names.
func (r *record) checkFiles(report *Report, digests map[string]string) {
	ok := true
	have := map[string]bool{}
	for i, f := range r.pack.Files {
		recorded := slices.ContainsFunc(r.events, func(e event) bool {
			return slices.ContainsFunc(e.files(), func(n PackFile) bool { return n.SHA256 == f.SHA256 && n.Name == f.Name && n.Size == f.Size })
		})
		switch {
		case f.Path != safeName(i+1, f.Name) || have[f.SHA256]:
			report.fail("evidence.json", "The file %q is not where it belongs in the pack.", f.Name)
		case digests[f.Path] == "":
			report.fail(f.Path, "The file %s is missing from the pack.", f.Name)
		case digests[f.Path] != f.SHA256 || !recorded:
			report.fail(f.Path, "The file %s is not the one that was shared.", f.Name)
		default:
			have[f.SHA256] = true
			continue
		}
		ok = false
	}
	gone := map[string]bool{}
	for _, e := range r.events {
		for _, f := range e.files() {
			if have[f.SHA256] || gone[f.SHA256] {
				continue
			}
			gone[f.SHA256] = true
			if !r.deleted(e.post(), e.index) {
				report.fail("evidence.json", "The file %s of entry %d is missing, and no entry says that it was deleted.", f.Name, e.index)
				ok = false
			}
		}
	}
	switch {
	case !ok:
	case len(have)+len(gone) == 0:
		report.say("files", "No files were shared.")
	default:
		s := fmt.Sprintf("The files are as they were shared: %d of %d match their recorded digests and sizes.", len(have), len(r.pack.Files))
		if len(gone) > 0 {
			s += fmt.Sprintf(" %d more were deleted, which is on the record.", len(gone))
		}
		report.say("files", "%s", s)
	}
}

// checkMembers makes the pack again from the record and compares all of it.
func (r *record) checkMembers(report *Report, got []member, digests map[string]string) error {
	want, err := r.members()
	if err != nil {
		return err
	}
	expected := map[string]string{}
	var order []string
	for _, m := range want {
		if expected[m.name], err = m.digest(); err != nil {
			return err
		}
		order = append(order, m.name)
	}
	for _, f := range r.pack.Files {
		expected[f.Path] = f.SHA256
		order = append(order, f.Path)
	}
	list, err := manifest(expected)
	if err != nil {
		return err
	}
	order = append(order, list.name)
	if expected[list.name], err = list.digest(); err != nil {
		return err
	}
	ok := true
	for _, name := range order {
		switch d, there := digests[name]; {
		case !there:
			report.fail(name, "%s is missing from the pack.", name)
		case d != expected[name] && name == "index.html":
			report.fail(name, "The page for people, index.html, does not say what the record says. Do not rely on it.")
		case d != expected[name] && !strings.HasPrefix(name, "files/"):
			report.fail(name, "%s does not say what the record says.", name)
		default:
			continue
		}
		ok = false
	}
	for i, m := range got {
		if _, known := expected[m.name]; !known {
			report.fail(m.name, "%s does not belong in the pack.", m.name)
			ok = false
		} else if ok && (i >= len(order) || order[i] != m.name) {
			report.fail(structure, "The members of the zip are not in order.")
			ok = false
		}
	}
	if ok {
		report.say("index.html", "The page for people says what the record says, and nothing else.")
	}
	return nil
}

// conclude says what a whole pack proves, and what none does.
func (r *Report) conclude(rec *record, o Options) {
	if r.OK {
		head := []Line{{true, "share", rec.sentence()}}
		name, _, _ := strings.Cut(rec.pack.Key, "+")
		n := len(rec.events)
		head = append(head, Line{true, "checkpoint", fmt.Sprintf("The record is whole: %d of %d entries are proved by the checkpoint over %s entries signed by %s.", n, n, grouped(rec.checkpoint.Size), name)})
		r.Lines = append(head, r.Lines...)
		if rec.pack.Version == caseVersion {
			r.concludeCase(rec)
		}
		for _, e := range rec.events {
			if e.Verb == "decision.pinned" || strings.HasPrefix(e.Verb, "relabel.") || strings.HasSuffix(e.Verb, ".relabelled") {
				r.say(fmt.Sprintf("entry %d", e.index), "%s: %s %s.", e.when(), e.actor(), rec.said(e))
			}
		}
		t := rec.taken()
		r.say("taking", "This pack was taken on %s by %s.", when(t.Time()), t.actor())
	}
	r.pinned(o)
	for _, s := range rec.limits() {
		r.say("limits", "%s", s)
	}
}
