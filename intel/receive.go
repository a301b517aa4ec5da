package intel

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/scrub"
	"github.com/cordon-isao/cordon/policy"
)

// Tally counts what became of objects.
type Tally struct {
	Added   int // new objects and new versions
	Same    int // known already, and kept as they are known
	Held    int // wait for a person
	Refused int // not STIX, or against its rules
}

// Outcome is what became of one object of a chunk.
type Outcome struct {
	ID      string
	Version string // as written
	Where   string // in the file it came in
	Kind    OutcomeKind
	Reason  string // of what was held or refused
}

// OutcomeKind is one of four.
type OutcomeKind string

// What becomes of an object.
const (
	WasAdded   OutcomeKind = "added"
	WasSame    OutcomeKind = "same"
	WasHeld    OutcomeKind = "held"
	WasRefused OutcomeKind = "refused"
)

// known is a row of the store with the id of an object that comes.
type known struct {
	n, version    int64
	digest        string
	label         policy.Label
	org, source   string // who brought it, and through which outside source
	owner         string // org, if it is named to the readers
	seen, own     bool   // by the newcomer: may read it, brought it
	newest, chunk bool   // chunk: it comes in this very chunk
}

// arrival is an object that was read and looked at, before the store is asked.
type arrival struct {
	stix.Object
	version  int64
	digest   string
	personal string // what looks like personal data in it; "" if nothing does
	where    string // where in its file it stood
	broken   string // why it was refused; then only its id is set, if that is well-formed
}

// arrive looks at an object outside of the transaction: what costs time and needs
// no store.
func arrive(o stix.Object, where string, terms Terms) arrival {
	o.ID = stix.FoldID(o.ID) // one id in two letter cases is one object
	a := arrival{Object: o, version: version(o), digest: digest(o.Raw), where: where}
	if terms.Scrub == ScrubJustified {
		return a
	}
	switch {
	case terms.Attribution != Named && terms.Attribution != "" && (o.CreatedBy != "" || o.Type == "identity"):
		a.personal = "It names who made it, and its sender asked not to be named. Take the name out, or say why it may stay."
	case !o.IsSCO():
		a.personal = personal(o)
	}
	return a
}

// incoming is an object on its way in.
type incoming struct {
	arrival
	label  policy.Label
	share  string
	newest bool
	twin   bool
}

// receive takes in a chunk of objects of a batch, in the sender's name. All that
// decides is read in this transaction. It appends one entry for each label that
// objects came under, or one for the batch if none did.
func (x *Intel) receive(tx *db.Tx, b *Batch, objs []arrival) ([]Outcome, error) {
	who := tx.Viewer()
	if !who.May(policy.MayPost) {
		return nil, fault.Forbiddenf("You may not share threat intelligence. Nothing was taken in.")
	}
	wait, err := x.waits(tx.View, b)
	if err != nil {
		return nil, err
	}
	defs, err := x.definitions(tx.View, b, objs)
	if err != nil {
		return nil, err
	}
	there, err := x.known(tx.View, b, objs)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, len(objs))
	var in []*incoming
	older := map[string]int64{} // ids of which a later version came than was known
	again := false              // another version came: to somebody an earlier page looks different now
	for i, o := range objs {
		out[i] = Outcome{ID: o.ID, Version: o.VersionText, Where: o.where}
		if o.broken != "" {
			out[i].Kind, out[i].Reason = WasRefused, o.broken
			continue
		}
		c := &incoming{arrival: o}
		if c.version > clock.Micros(tx.Now().Add(tooEarly)) {
			out[i].Kind, out[i].Reason = WasRefused, "It was modified in the future; check the clock of the program that wrote it."
			continue
		}
		ks := there[o.ID]
		verdict, why, detail, owner := x.judge(tx.View, b, c, ks, defs, wait)
		if verdict == WasHeld && (why == WhyForeign || why == WhyOther) && c.label.TLP == policy.Red {
			verdict = WasRefused // whoever would decide may not read it
			detail = strings.TrimSuffix(detail, " Its owner decides.") + " What is TLP:RED cannot be shown to its owner; give it an id of its own."
		}
		switch verdict {
		case WasSame:
			out[i].Kind = WasSame
			if b.returned(c, ks) {
				b.back++
			}
			if err := x.tighten(tx, b, c, ks); err != nil {
				return nil, err
			}
		case WasRefused:
			out[i].Kind, out[i].Reason = WasRefused, detail
		case WasHeld:
			out[i].Kind, out[i].Reason = WasHeld, detail
			if err := x.hold(tx, b, c, why, detail, owner); err != nil {
				return nil, err
			}
		default:
			out[i].Kind = WasAdded
			c.newest = true
			for _, k := range ks {
				again = again || !k.chunk
				c.newest = c.newest && k.version <= c.version
				c.twin = c.twin || k.version == c.version
				if k.newest && k.version < c.version {
					older[o.ID] = max(older[o.ID], c.version)
				}
			}
			there[o.ID] = append(ks, &known{version: c.version, digest: c.digest, label: c.label, org: b.Org, source: b.Source, seen: true, own: true, newest: c.newest, chunk: true})
			in = append(in, c)
		}
	}
	for _, c := range in { // a later version may come in the same chunk
		for _, k := range there[c.ID] {
			c.newest = c.newest && k.version <= c.version
		}
	}
	for id, v := range older {
		if _, err := tx.Exec(`UPDATE intel_objects SET newest = 0 WHERE id = $1 AND version < $2 AND newest = 1`, id, v); err != nil {
			return nil, err
		}
	}
	if again {
		if err := x.changed(tx); err != nil {
			return nil, err
		}
	}
	if err := x.keep(tx, b, in); err != nil {
		return nil, err
	}
	if tx.Pending() == 0 {
		held := 0
		for _, o := range out {
			if o.Kind == WasHeld {
				held++
			}
		}
		tx.Append(db.Entry{Verb: "intel.read", Object: b.ID, Label: b.label, Data: map[string]any{"objects": len(objs), "held": held}})
	}
	return out, nil
}

// version is an object's place among its own versions, in UTC microseconds; 0 for
// what has none.
func version(o stix.Object) int64 {
	switch {
	case !o.Modified.IsZero():
		return clock.Micros(o.Modified)
	case !o.Created.IsZero():
		return clock.Micros(o.Created)
	}
	return 0
}

// known finds everything in the store that has the ids that come, whoever may
// read it; what the sender may not read must not change what he is told.
func (x *Intel) known(v *db.View, b *Batch, objs []arrival) (map[string][]*known, error) {
	wanted := make([]string, 0, len(objs))
	for _, o := range objs {
		if o.ID != "" {
			wanted = append(wanted, o.ID)
		}
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	out := make(map[string][]*known, len(wanted))
	who := v.Viewer()
	sys := v.As(system)
	err := sys.Each(`SELECT o.id, o.n, o.version, o.digest, o.newest, o.tlp, o.audience, b.org, b.source, s.org
		FROM visible.intel_objects o JOIN visible.intel_shares s ON s.id = o.share JOIN visible.intel_batches b ON b.id = s.batch
		WHERE o.id IN (SELECT value FROM json_each($1))`, []any{db.List(wanted)}, func(s db.Scanner) error {
		var id, tlp, audience string
		var newest int64
		k := &known{}
		if err := s.Scan(&id, &k.n, &k.version, &k.digest, &newest, &tlp, &audience, &k.org, &k.source, &k.owner); err != nil {
			return err
		}
		var err error
		if k.label, err = sys.Label(tlp, audience); err != nil {
			return err
		}
		k.newest, k.seen = newest == 1, who.CanRead(k.label.Audience)
		k.own = k.seen && k.org == b.Org && k.source == b.Source
		out[id] = append(out[id], k)
		return nil
	})
	return out, err
}

// definitions finds the traffic lights among the marking definitions of the chunk
// and of the store, in the sender's view: "" for those that are none.
func (x *Intel) definitions(v *db.View, b *Batch, objs []arrival) (map[string]string, error) {
	defs := map[string]string{}
	maps.Copy(defs, b.defs)
	var missing []string
	for _, o := range objs {
		if o.Type == "marking-definition" && o.broken == "" {
			defs[o.ID] = o.TLP
		}
	}
	for _, o := range objs {
		for _, ref := range o.Markings {
			missing = want(missing, defs, stix.FoldID(ref))
		}
		for _, g := range o.Granular {
			missing = want(missing, defs, stix.FoldID(g.Ref))
		}
	}
	if len(missing) == 0 {
		return defs, nil
	}
	err := v.Each(`SELECT o.id, o.raw FROM visible.intel_objects o WHERE o.id IN (SELECT value FROM json_each($1))`, []any{db.List(missing)}, func(s db.Scanner) error {
		var id string
		var raw []byte
		if err := s.Scan(&id, &raw); err != nil {
			return err
		}
		o, err := stix.Parse(raw)
		defs[id] = o.TLP
		return err
	})
	return defs, err
}

func want(missing []string, defs map[string]string, ref string) []string {
	if _, ok := stix.TLPOf(ref); ok || ref == "" || slices.Contains(missing, ref) {
		return missing
	}
	if _, ok := defs[ref]; ok {
		return missing
	}
	return append(missing, ref)
}

// judge decides what becomes of an object that comes, and sets its label. What the
// sender may not read plays no part.
func (x *Intel) judge(v *db.View, b *Batch, c *incoming, ks []*known, defs map[string]string, wait string) (verdict OutcomeKind, why Why, detail, owner string) {
	facts := x.members.Facts(v)
	tlp, unknown := marked(c.Object, defs)
	if tlp == "" {
		tlp = b.Terms.Unmarked
	}
	c.label = b.Terms.Label(tlp)
	if _, ok := stix.TLPOf(c.ID); ok {
		return WasSame, "", "", "" // the traffic lights themselves are the same for everybody
	}
	var last *known // the newest that the sender may read
	var own []*known
	for _, k := range ks {
		if !k.seen {
			continue
		}
		if k.version == c.version && (k.digest == c.digest || c.IsSCO() && c.version == 0) {
			if k.own && !k.chunk && !policy.NotLooser(k.label, c.label, facts) && policy.NotLooser(c.label, k.label, facts) {
				return WasHeld, WhyWider, "It is known under " + k.label.TLP.String() + ", and this would show it to more readers. A second person of your organization has to agree.", b.Org
			}
			return WasSame, "", "", ""
		}
		if k.version == c.version {
			return WasHeld, WhyOther, "There is another text of the same version of this id.", k.owner
		}
		if last == nil || k.version > last.version {
			last = k
		}
		if k.own {
			own = append(own, k)
		}
	}
	switch {
	case unknown != "":
		c.label = policy.Default(b.Org)
		return WasHeld, WhyMarking, unknown, b.Org
	case last != nil && own == nil:
		return WasHeld, WhyForeign, "The id belongs to another's object. Its owner decides.", last.owner
	}
	for _, k := range own { // never looser than any version that is known (T-07)
		switch {
		case policy.NotLooser(k.label, c.label, facts):
		case k.label.TLP.StricterThan(c.label.TLP) || policy.NotLooser(c.label, k.label, facts):
			c.label = k.label
		default:
			return WasHeld, WhyWider, "Other versions are known under " + k.label.TLP.String() + ", and this would show it to other readers. A second person of your organization has to agree.", b.Org
		}
	}
	if within(c.label.Audience, b.Org, b.Person) {
		return WasAdded, "", "", ""
	}
	if c.personal != "" {
		return WasHeld, WhyPersonal, c.personal, b.Org
	}
	if wait != "" && c.label.TLP != policy.Red { // which the desk may not read
		return WasHeld, WhyReview, wait, ""
	}
	return WasAdded, "", "", ""
}

// personal says what looks like personal data in an object's texts. The values of
// observables are left out: an address that attacks is what is shared.
func personal(o stix.Object) string {
	for _, text := range o.Texts {
		if text == o.Pattern {
			continue
		}
		for _, f := range scrub.Find(text) {
			if f.Kind != scrub.Address { // addresses are what indicators are about
				return f.Kind.Sentence() + " Take it out, or say why it is directly related to the threat."
			}
		}
	}
	if o.TextsCut {
		return "It holds more text than could be looked at for personal data. Say why it may be shared all the same."
	}
	return ""
}

// returned reports whether an object is one that the sender's organization shared by
// another way than this batch's, and that came back to it.
func (b *Batch) returned(c *incoming, ks []*known) bool {
	return slices.ContainsFunc(ks, func(k *known) bool { return k.seen && k.org == b.Org && k.source != b.Source && k.version == c.version })
}

// tighten gives the sender's own copy the label it comes with now, if that only
// takes readers away.
func (x *Intel) tighten(tx *db.Tx, b *Batch, c *incoming, ks []*known) error {
	facts := x.members.Facts(tx.View)
	for _, k := range ks {
		if !k.own || k.chunk || k.version != c.version || k.digest != c.digest || k.label.TLP == c.label.TLP && k.label.Audience.Equal(c.label.Audience) ||
			!policy.Tightens(k.label, c.label, facts) {
			continue
		}
		if err := x.relabel(tx, k.n, c.ID, k.label, c.label); err != nil {
			return err
		}
	}
	return nil
}

// relabel puts a stricter label on one copy.
func (x *Intel) relabel(tx *db.Tx, n int64, id string, from, to policy.Label) error {
	audience, err := tx.Store(to.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE intel_objects SET tlp = $1, audience = $2 WHERE n = $3`, string(to.TLP), audience, n); err != nil {
		return err
	}
	if err := x.count(tx, from.Audience.ID(), -1); err != nil {
		return err
	}
	if err := x.count(tx, audience, 1); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "intel.tightened", Object: id, Label: to, Access: true, Data: map[string]any{"from": string(from.TLP), "to": string(to.TLP)}})
	if err := x.reindex(tx, n); err != nil {
		return err
	}
	return x.changed(tx)
}

const objectsAStatement = 13 // of 15 columns each: a statement has at most 200 arguments

// keep writes the objects that were let in.
func (x *Intel) keep(tx *db.Tx, b *Batch, in []*incoming) error {
	if len(in) == 0 {
		return nil
	}
	next, last, err := x.place(tx.View)
	if err != nil {
		return err
	}
	// date_added counts on by a microsecond among the objects of one audience, so
	// that a program that polls by time loses nothing within its page, and so that
	// what came for others moves nothing (T-01).
	base := max(clock.Micros(tx.Now()), last+1)
	rank := map[string]int64{}
	groups := map[string][]*incoming{}
	audiences := map[*incoming]string{}
	for _, c := range in {
		a, err := tx.Store(c.label.Audience)
		if err != nil {
			return err
		}
		audiences[c] = a
		groups[string(c.label.TLP)+" "+a] = append(groups[string(c.label.TLP)+" "+a], c)
	}
	added := map[*incoming]int64{}
	for _, c := range in {
		a := audiences[c]
		added[c] = base + rank[a]
		rank[a]++
		last = max(last, added[c])
	}
	slices.SortStableFunc(in, func(p, q *incoming) int {
		if added[p] != added[q] {
			return int(added[p] - added[q])
		}
		return strings.Compare(audiences[p], audiences[q])
	})
	for _, key := range sorted(groups) {
		g := groups[key]
		if err := x.share(tx, b, g, audiences[g[0]]); err != nil {
			return err
		}
		if err := x.count(tx, audiences[g[0]], len(g)); err != nil {
			return err
		}
	}
	largest := int64(0)
	for at := 0; at < len(in); at += objectsAStatement {
		part := in[at:min(at+objectsAStatement, len(in))]
		args := make([]any, 0, len(part)*15)
		for i, c := range part {
			until := int64(0)
			if !c.ValidUntil.IsZero() {
				until = clock.Micros(c.ValidUntil)
			}
			largest = max(largest, int64(len(c.Raw)))
			args = append(args, next+int64(at+i), c.ID, c.version, c.Type, added[c], c.share, bit(c.newest), bit(c.twin), bit(c.Revoked), until,
				c.digest, len(c.Raw), string(c.label.TLP), audiences[c], string(c.Raw))
		}
		if _, err := tx.Exec(insertObjects(len(part)), args...); err != nil {
			return err
		}
	}
	if err := keepRefs(tx, next, in); err != nil {
		return err
	}
	if err := x.set(tx, "next", next+int64(len(in))); err != nil {
		return err
	}
	if err := x.set(tx, "added", last); err != nil {
		return err
	}
	return x.raise(tx, "largest", largest)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

var insertText [objectsAStatement + 1]string

func init() {
	for n := range insertText {
		insertText[n] = `INSERT INTO intel_objects (n, id, version, type, added, share, newest, twin, revoked, until, digest, size, tlp, audience, raw) VALUES ` + places(n, 15)
	}
}

func insertObjects(n int) string { return insertText[n] }

// places is the placeholders of n rows.
func places(rows, columns int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for c := range columns {
			if c > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", r*columns+c+1)
		}
		b.WriteByte(')')
	}
	return b.String()
}

const refsAStatement = 100 // of 2 columns each

// keepRefs remembers what refers to what, for looking backwards. Who made an
// object is left out: everything by one author would stand there.
func keepRefs(tx *db.Tx, next int64, in []*incoming) error {
	type ref struct {
		target string
		n      int64
	}
	var refs []ref
	for i, c := range in {
		for _, r := range c.Refs {
			if r.Property != "created_by_ref" {
				refs = append(refs, ref{stix.FoldID(r.Target), next + int64(i)})
			}
		}
	}
	slices.SortFunc(refs, func(a, b ref) int { return cmp.Or(strings.Compare(a.target, b.target), cmp.Compare(a.n, b.n)) })
	for part := range slices.Chunk(slices.Compact(refs), refsAStatement) {
		args := make([]any, 0, 2*len(part))
		for _, r := range part {
			args = append(args, r.target, r.n)
		}
		if _, err := tx.Exec(`INSERT INTO intel_refs (target, n) VALUES `+places(len(part), 2), args...); err != nil {
			return err
		}
	}
	return nil
}

// share tells the readers of a group of objects from whom they have them, and the
// ledger that they were told.
func (x *Intel) share(tx *db.Tx, b *Batch, group []*incoming, audience string) error {
	l := group[0].label
	id, err := db.One(tx.View.As(system), db.Value[string], `SELECT s.id FROM visible.intel_shares s WHERE s.batch = $1 AND s.audience = $2 AND s.tlp = $3`, b.ID, audience, string(l.TLP))
	if fault.Is(err, fault.Missing) {
		id = ids.New("share")
		org, name := "", ""
		if b.Terms.Attribution == Named {
			org, name = b.Org, b.OrgName
		}
		_, err = tx.Exec(`INSERT INTO intel_shares (id, batch, at, org, org_name, attribution, pap, ais, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, b.ID, clock.Micros(tx.Now()), org, name, string(b.Terms.Attribution), b.Terms.PAP, b.Terms.AIS, string(l.TLP), audience)
	}
	if err != nil {
		return err
	}
	h := sha256.New()
	for _, c := range group {
		c.share = id
		h.Write([]byte(c.digest))
	}
	e := db.Entry{Verb: "intel.shared", Object: id, Label: l, Data: map[string]any{"objects": len(group), "digest": hex.EncodeToString(h.Sum(nil)), "attribution": string(b.Terms.Attribution)}}
	if b.Terms.Attribution != Named {
		e.Label = b.label // an entry names its actor
	}
	tx.Append(e)
	return nil
}

func sorted[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
