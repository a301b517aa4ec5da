package intel

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// An export goes through the objects as often as it needs.
type eachObject func(fn func(o Object, extra bool) error) error

// errStopped ends a walk through objects that nobody reads any further.
var errStopped = errors.New("whoever asked for the objects wants no more")

// uuidOf is a UUID that follows from a text (RFC 9562 §5.8).
func uuidOf(kind, text string) string {
	u := sha256.Sum256([]byte("cordon " + kind + "\x00" + text))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

// handling are the lines that a file of text begins with.
func (e Exported) handling() (lines []string) {
	lines = append(lines, e.Label.TLP.String()+". "+e.Label.TLP.Sentence())
	for _, a := range e.Audiences {
		lines = append(lines, "holds "+a)
	}
	if e.PAP != "" {
		lines = append(lines, "PAP:"+e.PAP+". "+PAPSentence(e.PAP))
	}
	return lines
}

// oneLine is a text that a comment can hold.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// writeSTIX writes a bundle of the objects' own bytes. Its first object is a
// grouping of the others that carries the joined label, which a bundle itself
// cannot. It is made from them alone, so the same objects are the same bytes.
func writeSTIX(w io.Writer, e Exported, each eachObject) error {
	first, err := e.first()
	if err != nil {
		return err
	}
	return stix.WriteBundle(w, "bundle--"+uuidOf("bundle", e.Digest), func(yield func([]byte, error) bool) {
		for _, raw := range first {
			if !yield(raw, nil) {
				return
			}
		}
		err := each(func(o Object, _ bool) error {
			if !yield(o.Raw, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	})
}

// head is what a bundle's first objects need to know of the others.
type head struct {
	tlps   map[string]bool // labels of the marking definitions that are referred to
	newest time.Time
}

func (h *head) take(o Object) {
	if h.tlps == nil {
		h.tlps = map[string]bool{}
	}
	for _, id := range o.Markings {
		if label, ok := stix.TLPOf(id); ok && id == stix.MarkingID(label) {
			h.tlps[label] = true
		}
	}
	if o.Version.After(h.newest) {
		h.newest = o.Version
	}
}

// first are the marking definitions of the traffic light that the objects need and
// that are not among them, and the grouping.
func (e Exported) first() (raws [][]byte, err error) {
	if e.Count == 0 {
		return nil, nil
	}
	have := map[string]bool{}
	ids := make([]string, 0, e.Count)
	for _, p := range e.parts {
		if have[p.id] = true; !p.extra {
			ids = append(ids, p.id)
		}
	}
	for _, t := range policy.Markings() {
		label := string(t)
		if (e.head.tlps[label] || t == e.Label.TLP) && !have[stix.MarkingID(label)] {
			raws = append(raws, stix.MarkingDefinition(label))
		}
	}
	at := e.head.newest.UTC().Format("2006-01-02T15:04:05.000Z")
	group, err := json.Marshal(struct {
		Type        string   `json:"type"`
		SpecVersion string   `json:"spec_version"`
		ID          string   `json:"id"`
		Created     string   `json:"created"`
		Modified    string   `json:"modified"`
		Markings    []string `json:"object_marking_refs"`
		Name        string   `json:"name"`
		Description string   `json:"description"`
		Context     string   `json:"context"`
		Refs        []string `json:"object_refs"`
	}{"grouping", "2.1", "grouping--" + uuidOf("grouping", e.Digest), at, at, []string{stix.MarkingID(string(e.Label.TLP))}, "Export of " + numbered(len(ids), "object") + ", " + e.Label.TLP.String(),
		strings.Join(e.handling(), "\n"), "unspecified", ids})
	return append(raws, group), err
}

// tableHeader names the columns of a table: those that an import of a table
// guesses, and behind them where each row came from and the label of the whole.
func tableHeader() []string {
	return append(iocs.CSVHeader(), "stix_id", "stix_type", "added", "from", "pap", "file_tlp", "file_pap")
}

// writeTable writes a row for each value of an object, and one for an object
// without any.
func writeTable(w io.Writer, e Exported, each eachObject) error {
	var failed error
	err := iocs.WriteCSV(w, tableHeader(), func(yield func([]string) bool) {
		failed = each(func(o Object, _ bool) error {
			for _, row := range rowsOfObject(o) {
				row = append(row, o.ID, o.Type, o.Added.UTC().Format(time.RFC3339), o.From.Sender(), o.From.PAP, e.Label.TLP.String(), e.PAP)
				if !yield(row) {
					return errStopped
				}
			}
			return nil
		})
	})
	return errors.Join(failed, err)
}

func rowsOfObject(o Object) (rows [][]string) {
	r := iocs.Row{Name: o.Name, Description: o.Description, Confidence: o.Confidence, TLP: string(o.Label.TLP), ValidFrom: o.ValidFrom, ValidUntil: o.ValidUntil,
		FirstSeen: o.FirstSeen, LastSeen: o.LastSeen, Labels: o.Labels}
	for _, x := range o.External {
		if r.Reference = x.URL; r.Reference != "" {
			break
		}
	}
	for _, p := range o.KillChain {
		r.KillChain = append(r.KillChain, iocs.Phase(p))
	}
	for _, v := range plainValues(o.Object) {
		r.Type, r.Value = v.Type, v.Value
		rows = append(rows, r.CSV())
	}
	if rows == nil {
		r.Type, r.Value = iocs.Type(o.Type), o.Pattern
		if o.Pattern != "" && o.PatternType != "stix" {
			r.Type = iocs.Type(o.PatternType)
		}
		rows = append(rows, r.CSV())
	}
	return rows
}

// Sender is whom the readers have the objects from, as far as he is named.
func (s Share) Sender() string {
	switch s.Attribution {
	case Named:
		return s.OrgName
	case Community:
		return SourceCommunity
	}
	return ""
}

// writeValues writes every value once, behind comments that say how to handle
// them.
func writeValues(w io.Writer, e Exported, each eachObject) error {
	var failed error
	seen := map[string]bool{}
	err := iocs.WriteList(w, func(yield func(string) bool) {
		for _, line := range e.handling() {
			if !yield("# " + oneLine(line)) {
				return
			}
		}
		failed = each(func(o Object, _ bool) error {
			for _, v := range e.r.listed(o) {
				if seen[v.Value] {
					continue
				}
				seen[v.Value] = true
				if !yield(v.Value) {
					return errStopped
				}
			}
			return nil
		})
	})
	return errors.Join(failed, err)
}

// writeRules writes each rule as it came, behind comments that name it.
func writeRules(w io.Writer, e Exported, each eachObject) error {
	mark, between := "# ", "\n"
	switch e.Format {
	case ExportYARA:
		mark = "// "
	case ExportSigma:
		between = "---\n" // documents of one YAML stream
	}
	var b bytes.Buffer
	comment := func(s string) { fmt.Fprintf(&b, "%s%s\n", mark, oneLine(s)) }
	flush := func() error {
		_, err := w.Write(b.Bytes())
		b.Reset()
		return err
	}
	for _, line := range e.handling() {
		comment(line)
	}
	if err := flush(); err != nil {
		return fmt.Errorf("write rules: %w", err)
	}
	return each(func(o Object, _ bool) error {
		b.WriteString(between)
		comment(o.Name)
		comment(o.ID + ", " + o.VersionText + ", " + o.Label.TLP.String())
		if from := o.From.Sender(); from != "" {
			comment("from " + from)
		}
		b.WriteString(o.Pattern)
		if !strings.HasSuffix(o.Pattern, "\n") {
			b.WriteByte('\n')
		}
		if err := flush(); err != nil {
			return fmt.Errorf("write rules: %w", err)
		}
		return nil
	})
}

// writeMISP writes one event.
func (x *Intel) writeMISP(w io.Writer, e Exported, read func(func(*db.View) error) error, each eachObject) error {
	var objs []Object
	if err := each(func(o Object, _ bool) error { objs = append(objs, o); return nil }); err != nil {
		return err
	}
	var house misp.Org
	err := read(func(v *db.View) (err error) {
		house, err = x.houseOrg(v)
		return err
	})
	if err != nil {
		return err
	}
	event := misp.Event{Info: "Nothing was found"}
	if len(objs) > 0 {
		if event, err = newEvent(objs, e.Label.TLP, e.PAP, "", house); err != nil {
			return err
		}
	}
	reports := 0
	for _, o := range objs {
		if o.Type == "report" || o.Type == "grouping" {
			reports++
		}
	}
	if reports != 1 {
		event.UUID = uuidOf("event", e.Digest)
		event.Info = "Export of " + numbered(e.Count, "object")
	}
	_, err = w.Write(event.JSON())
	return err
}

// houseOrg is the community as MISP names an organization: of what its sender is
// not named for.
func (x *Intel) houseOrg(v *db.View) (misp.Org, error) {
	s, err := x.members.Settings(v)
	return misp.Org{UUID: uuidOf("org", s.ID), Name: s.Name}, err
}

// newEvent makes an event of objects: with the traffic light that joins theirs,
// permissible actions, consent, and a distribution that reaches no farther. house
// stands for whoever is not named.
func newEvent(objs []Object, tlp policy.TLP, pap, ais string, house misp.Org) (misp.Event, error) {
	raws := make([][]byte, len(objs))
	last := time.Time{}
	sender, one := objs[0].From, true
	for i, o := range objs {
		raws[i] = o.Raw
		if o.Added.After(last) {
			last = o.Added
		}
		one = one && o.From.Org == sender.Org
	}
	e, _, err := misp.FromSTIX(raws)
	if err != nil {
		return e, fmt.Errorf("make a MISP event: %w", err)
	}
	e.Published = true
	e.Timestamp = strconv.FormatInt(last.Unix(), 10)
	e.PublishedAt = e.Timestamp
	if e.Date == "" {
		e.Date = last.UTC().Format(time.DateOnly)
	}
	if e.Analysis == "" {
		e.Analysis = "2"
	}
	if e.ThreatLevel == "" {
		e.ThreatLevel = "4"
	}
	if e.Orgc == nil || e.Orgc.Name == "" {
		e.Orgc = &house
		if one && sender.Attribution == Named {
			e.Orgc = &misp.Org{UUID: uuidOf("org", sender.Org), Name: sender.OrgName}
		}
	}
	// Its own tags may say less than the label that it came under; what they say
	// more stays.
	if own, ok := e.TLP(); ok && own == "?" {
		tlp = policy.Strictest(tlp, policy.AmberStrict)
	} else if ok {
		tlp = policy.Strictest(tlp, policy.TLP(own))
	}
	if own, ok := e.PAP(); ok && own == "?" {
		pap = "RED"
	} else if ok {
		pap = strictestPAP(pap, own)
	}
	e.Tags = slices.DeleteFunc(e.Tags, func(t misp.Tag) bool {
		name := strings.ToLower(strings.TrimSpace(t.Name))
		return strings.HasPrefix(name, "tlp:") || pap != "" && strings.HasPrefix(name, "pap:")
	})
	e.Tags = append(e.Tags, misp.Tag{Name: "tlp:" + strings.ToLower(string(tlp))})
	if pap != "" {
		e.Tags = append(e.Tags, misp.Tag{Name: "PAP:" + pap})
	}
	if consent, proprietary := strings.CutSuffix(ais, "-cisa-proprietary"); consent != "" {
		e.Tags = append(e.Tags, misp.Tag{Name: `ais-marking:AISConsent="` + consent + `"`})
		if proprietary {
			e.Tags = append(e.Tags, misp.Tag{Name: `ais-marking:CISA_Proprietary="true"`})
		}
	}
	e.Distribution, e.SharingGroup = distribution(tlp), ""
	limitParts(&e)
	return e, nil
}

// distribution is MISP's level for a traffic light: 0 keeps an event in the
// organization that took it, 1 lets its community have it, 3 everybody.
func distribution(tlp policy.TLP) string {
	switch tlp {
	case policy.Clear:
		return "3"
	case policy.Green:
		return "1"
	}
	return "0"
}

// limitParts lets every part inherit the event's distribution (level 5): one of its
// own may reach farther.
func limitParts(e *misp.Event) {
	inherit := func(as []misp.Attribute) {
		for i := range as {
			as[i].Distribution, as[i].SharingGroup = "5", ""
		}
	}
	inherit(e.Attributes)
	for i := range e.Objects {
		e.Objects[i].Distribution, e.Objects[i].SharingGroup = "5", ""
		inherit(e.Objects[i].Attributes)
	}
}
