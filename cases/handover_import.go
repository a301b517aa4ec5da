package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// ImportHandover opens a case from a package that another coordinator handed
// over, for the desk, and returns its id. Its label is the strictest that the
// package names, its audience the desk alone; an embargo that binds goes on to
// bind. People and organizations stay text: nobody becomes a member or a party by
// it. Posts are quoted, as they were written, in the official thread.
//
// A package with anything wrong in it changes nothing.
func (c *Cases) ImportHandover(tx *db.Tx, data []byte, key string) (id string, again bool, err error) {
	if !tx.Viewer().May(policy.MayTriage) {
		return "", false, fault.Forbiddenf("The desk takes cases over.")
	}
	h, err := parseHandover(data, tx.Now())
	if err != nil {
		return "", false, err
	}
	sum := sha256.Sum256(data)
	return tx.Once(key, digest("handover", hex.EncodeToString(sum[:])), func() (string, error) {
		return c.takeIn(tx, h, hex.EncodeToString(sum[:]))
	})
}

func (c *Cases) takeIn(tx *db.Tx, h handover, sum string) (string, error) {
	safety := Safety(h.Case.Safety)
	if safety == SafetyHarm {
		safety = SafetyPossible // harm has a switch of its own; the first post says it
	}
	origin := h.From + ", " + ids.Short(h.Case.ID)
	id, _, err := c.Open(tx, NewCase{Title: h.Case.Title, Summary: h.Case.Summary, Safety: safety, Origin: origin, Label: policy.Label{TLP: h.strictest()}})
	if err != nil {
		return "", err
	}
	k, err := c.Case(tx.View, id)
	if err != nil {
		return "", err
	}
	if err := c.takeEmbargo(tx, &k, h.Case.Embargo); err != nil {
		return "", err
	}
	for _, e := range []struct {
		what vultron.CaseEvent
		at   time.Time
	}{{vultron.PublicAware, h.Case.Public}, {vultron.ExploitPublic, h.Case.Exploit}, {vultron.Attacks, h.Case.Attacks}} {
		if k, err = c.Case(tx.View, id); err != nil {
			return "", err
		}
		known := e.what == vultron.PublicAware && !k.PublicAt.IsZero() || e.what == vultron.ExploitPublic && !k.ExploitAt.IsZero()
		if e.at.IsZero() || known {
			continue
		}
		if err := c.happened(tx, k, e.what, e.at, "Handed over by "+h.From+"."); err != nil {
			return "", err
		}
	}
	for _, x := range h.Vulnerabilities {
		if err := c.takeVulnerability(tx, k, x); err != nil {
			return "", err
		}
	}
	posts, err := c.takeTexts(tx, k, h)
	if err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "case.imported", Object: id, Label: k.Label, Data: map[string]any{"from": h.From, "by": h.By, "made": h.Made.UTC(), "case": h.Case.ID, "sha256": sum,
		"tlp": h.Case.TLP, "parties": len(h.Parties), "vulnerabilities": len(h.Vulnerabilities), "posts": posts}})
	return id, nil
}

// strictest is the label that a package asks for: the strictest of all that is in
// it, for all of it stands in one case. A case is TLP:AMBER or stricter.
func (h handover) strictest() policy.TLP {
	ts := []policy.TLP{policy.Amber, h.Case.TLP}
	for _, x := range h.Parties {
		ts = append(ts, x.TLP)
	}
	for _, x := range h.Vulnerabilities {
		ts = append(ts, x.TLP)
	}
	for _, x := range h.Statuses {
		ts = append(ts, x.TLP)
	}
	for _, t := range h.Threads {
		ts = append(ts, t.TLP)
		for _, x := range t.Posts {
			ts = append(ts, x.TLP)
		}
	}
	for _, x := range h.Timeline {
		ts = append(ts, x.TLP)
	}
	return policy.Strictest(ts...)
}

func (c *Cases) takeEmbargo(tx *db.Tx, k *Case, e *handoverEmbargo) error {
	if e == nil || !e.Until.After(tx.Now()) {
		return nil
	}
	k.Embargo.From, k.Embargo.Until, k.Embargo.Terms = e.From, e.Until, e.Terms
	if err := c.setEmbargo(tx, k, vultron.EmbargoActive); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "embargo.accepted", Object: k.ID, Label: k.Label, Data: map[string]any{"from": e.From.UTC(), "until": e.Until.UTC(), "terms": e.Terms, "state": vultron.EmbargoActive}})
	return c.reckonCase(tx, *k)
}

func (c *Cases) takeVulnerability(tx *db.Tx, k Case, in handoverVulnerability) error {
	// A withdrawn one comes without its CVE id in use: another may have it.
	id, err := c.addVulnerability(tx, k, "", in.described())
	if err != nil {
		return err
	}
	switch {
	case in.Withdrawn != "":
		if in.CVE != "" {
			if err := tx.MustChange(`UPDATE case_vulnerabilities SET cve = $1, cve_state = $2 WHERE id = $3`, in.CVE, string(CVEAssigned), id); err != nil {
				return err
			}
		}
	case in.CVE != "":
		if err := c.AssignCVE(tx, id, in.CVE, Assigner{}); err != nil {
			return err
		}
	case in.CVEAsked != "":
		if err := c.RequestCVE(tx, id, in.CVEAsked); err != nil {
			return err
		}
	}
	if in.KEV != nil {
		if err := c.SetKEV(tx, id, *in.KEV); err != nil {
			return err
		}
	}
	if in.EPSS != nil {
		if err := c.SetEPSS(tx, id, *in.EPSS); err != nil {
			return err
		}
	}
	if len(in.Decisions) > 0 {
		x, err := c.Vulnerability(tx.View, id)
		if err != nil {
			return err
		}
		for _, d := range in.Decisions {
			x.Decisions = append(x.Decisions, SSVCDecision{Table: d.Table, Version: d.Version, Values: d.Values, Outcome: d.Outcome, At: d.At, Name: d.By})
		}
		if err := c.keepDoc(tx, x); err != nil {
			return err
		}
	}
	if in.Withdrawn != "" {
		return c.WithdrawVulnerability(tx, id, in.Withdrawn)
	}
	return nil
}

// takeTexts quotes what is text now in the official thread: the parties and what
// they said is affected, the posts, and what is on record.
func (c *Cases) takeTexts(tx *db.Tx, k Case, h handover) (posts int, err error) {
	topic, err := c.officialThread(tx.View, k)
	if err != nil {
		return 0, err
	}
	q := quoting{say: func(body string) error {
		_, _, err := c.forum.Reply(tx, topic, forum.NewPost{Body: body})
		return err
	}}
	q.add("Handed over by "+h.From, h.inWords())
	for _, t := range h.Threads {
		kind := "side thread"
		if t.Official {
			kind = "official thread"
		}
		for _, x := range t.Posts {
			by := byLine(x.Author, x.Org)
			if by == "" {
				by = "Somebody"
			}
			text := fmt.Sprintf("%s, %s:\n\n%s", by, minute(x.At), x.Body)
			for _, f := range x.Files {
				text += fmt.Sprintf("\n\n[file, not handed over: %s, %d bytes]", f.Name, f.Size)
			}
			q.add(fmt.Sprintf("From the %s “%s” there", kind, t.Title), text)
			posts++
		}
	}
	var b strings.Builder
	for _, e := range h.Timeline {
		fmt.Fprintf(&b, "%s  %s  %s\n", minute(e.At), e.What, e.Object)
	}
	q.add("The record there", b.String())
	q.flush()
	return posts, q.err
}

func minute(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// inWords is what of a package has no place of its own here.
func (h handover) inWords() string {
	var b strings.Builder
	k := h.Case
	line := func(what, s string) {
		if s != "" {
			fmt.Fprintf(&b, "%s: %s\n", what, s)
		}
	}
	line("Case", k.ID)
	line("Made", minute(h.Made)+", by "+h.By)
	line("TLP", string(k.TLP))
	line("Stage", k.Stage)
	line("Severity", k.Severity)
	line("Patient safety", k.Safety)
	if Safety(k.Safety) == SafetyHarm {
		b.WriteString("There it is recorded that a serious adverse event or death is known. Record it here too.\n")
	}
	line("Opened", minute(k.Opened)+", by "+k.OpenedBy)
	line("Manufacturer", k.Manufacturer)
	line("Coordinator", k.Coordinator)
	line("Handed over to them by", k.Origin)
	if !k.Contacted.IsZero() {
		line("First contact with a vendor", minute(k.Contacted))
	}
	names := map[string]string{}
	b.WriteString("\nParties\n")
	for _, p := range h.Parties {
		names[p.ID] = p.Name
		fmt.Fprintf(&b, "- %s, %s, fix %s, since %s", p.Name, p.Role, p.Fix, minute(p.Accepted))
		if !p.Planned.IsZero() {
			fmt.Fprintf(&b, ", fix planned for %s", minute(p.Planned))
		}
		b.WriteString("\n")
		if p.Statement != "" {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(p.Statement, "\n", "\n  "))
		}
	}
	for i, x := range h.Vulnerabilities {
		names[x.ID] = x.CVE
		if x.CVE == "" {
			names[x.ID] = fmt.Sprintf("Vulnerability %d", i+1)
		}
	}
	b.WriteString("\nWhat is affected\n")
	for _, s := range h.Statuses {
		fmt.Fprintf(&b, "- %s: %s is %s (%s)\n", names[s.Vulnerability], names[s.Party], s.Status, minute(s.At))
		if s.Statement != "" {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(s.Statement, "\n", "\n  "))
		}
	}
	return b.String()
}

// quoting gathers quotations into posts. They stand as code, so that nothing in
// them is markup here: no link, no mention, no label.
type quoting struct {
	say  func(body string) error
	b    strings.Builder
	last string // the heading that stands above
	err  error
}

// The longest quoted piece, in bytes: even one of nothing but backticks fits
// into a post with its fence.
const pieceBytes = 16 << 10

func (q *quoting) add(heading, text string) {
	for _, piece := range pieces(text, pieceBytes) {
		block, head := fence(piece), fence(heading+":")
		if q.b.Len()+len(head)+len(block) > forum.MaxBody {
			q.flush()
		}
		if q.last != heading {
			q.last = heading
			q.b.WriteString(head)
		}
		q.b.WriteString(block)
	}
}

// fence is a text as a block of code.
func fence(text string) string {
	run, longest := 0, 2
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	marks := strings.Repeat("`", longest+1)
	return marks + "text\n" + strings.TrimRight(text, "\n") + "\n" + marks + "\n\n"
}

func (q *quoting) flush() {
	if q.b.Len() > 0 && q.err == nil {
		q.err = q.say(q.b.String())
	}
	q.b.Reset()
	q.last = ""
}

// pieces cuts a text into parts of at most n bytes, at ends of lines if it can.
func pieces(s string, n int) (out []string) {
	for len(s) > n {
		cut := strings.LastIndexByte(s[:n], '\n') + 1
		if cut < n/2 {
			for cut = n; !utf8.RuneStart(s[cut]); cut-- {
			}
		}
		out = append(out, s[:cut])
		s = s[cut:]
	}
	return append(out, s)
}
