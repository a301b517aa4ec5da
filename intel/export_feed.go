package intel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Reach is how far up the traffic light a feed goes. No feed holds RED.
type Reach string

// The reaches of feeds.
const (
	ReachGreen Reach = "green" // CLEAR, and GREEN for whoever may read it
	ReachAmber Reach = "amber" // AMBER and AMBER+STRICT too, for an organization's named recipients
)

func (r Reach) tlps() []policy.TLP {
	if r == ReachAmber {
		return []policy.TLP{policy.Clear, policy.Green, policy.Amber, policy.AmberStrict}
	}
	return []policy.TLP{policy.Clear, policy.Green}
}

// admits says whether the viewer may have a feed of this reach. To whoever may
// not, it does not exist.
func (r Reach) admits(who policy.Viewer) error {
	if r == ReachAmber && !(who.InGoodStanding() && who.CanRead(policy.Default(who.Org).Audience)) {
		return fault.ErrMissing
	}
	return nil
}

// The limits of a MISP feed: what is older is found over TAXII and by searching.
const (
	FeedEvents     = 1000
	FeedAttributes = 10_000 // of one event
	feedObjects    = 10_000 // the newest, from which the events are made
)

// mispReports become events, and mispFacts their attributes: or those of an event
// for what was shared at once, if no report holds them.
var (
	mispReports = []string{"report", "grouping"}
	mispFacts   = []string{"indicator", "observed-data", "vulnerability", "ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "mac-addr", "mutex", "file",
		"windows-registry-key", "autonomous-system", "x509-certificate", "email-message", "network-traffic", "x-misp-attribute", "x-misp-object"}
)

// MISPFeed makes a feed's events in the viewer's view, newest first: one for each
// report or grouping, with what it refers to and the viewer may see, and one for
// what else was shared at once under one label. The same view gives the same
// events. An event's timestamp is when the newest of its objects came, so that a
// program that compares timestamps asks for what has grown.
func (x *Intel) MISPFeed(v *db.View, r Reach) ([]misp.Event, error) {
	if err := r.admits(v.Viewer()); err != nil {
		return nil, err
	}
	objs, err := x.newestOf(v, append(slices.Clone(mispReports), mispFacts...), r.tlps(), feedObjects)
	if err != nil || len(objs) == 0 {
		return nil, err
	}
	house, err := x.houseOrg(v)
	if err != nil {
		return nil, err
	}
	byID := map[string]Object{}
	for _, o := range objs {
		byID[o.ID] = o
	}
	if err := x.referred(v, objs, byID, r.tlps()); err != nil {
		return nil, err
	}

	var groups [][]Object
	told := map[string]bool{}
	for _, o := range objs {
		if !slices.Contains(mispReports, o.Type) {
			continue
		}
		group, in := []Object{o}, map[string]bool{o.ID: true}
		for _, ref := range o.Refs {
			if part, ok := byID[ref.Target]; ok && !in[part.ID] && len(group) < FeedAttributes {
				group, in[part.ID] = append(group, part), true
				told[part.ID] = true
			}
		}
		if author, ok := byID[o.CreatedBy]; ok && !in[author.ID] {
			group = append(group, author)
		}
		groups = append(groups, group)
	}
	loose := map[string][]Object{}
	var shares []string
	for _, o := range objs {
		if slices.Contains(mispReports, o.Type) || told[o.ID] {
			continue
		}
		if loose[o.From.ID] == nil {
			shares = append(shares, o.From.ID)
		}
		if len(loose[o.From.ID]) < FeedAttributes {
			loose[o.From.ID] = append(loose[o.From.ID], o)
		}
	}
	for _, s := range shares {
		groups = append(groups, loose[s])
	}

	var events []misp.Event
	seen := map[string]bool{}
	for _, group := range groups {
		e, err := feedEvent(group, house)
		if err != nil {
			continue // its bytes are whole; MISP cannot say it
		}
		label, _ := e.TLP()
		if !slices.Contains(r.tlps(), policy.TLP(label)) || seen[e.UUID] || len(e.Attributes)+len(e.Objects)+len(e.Galaxies)+len(e.Reports) == 0 {
			continue
		}
		seen[e.UUID] = true
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b misp.Event) int {
		return cmp.Or(cmp.Compare(len(b.Timestamp), len(a.Timestamp)), strings.Compare(b.Timestamp, a.Timestamp), strings.Compare(a.UUID, b.UUID))
	})
	return events[:min(len(events), FeedEvents)], nil
}

// referred adds what reports among the objects refer to and may be in the feed.
func (x *Intel) referred(v *db.View, objs []Object, byID map[string]Object, tlps []policy.TLP) error {
	missing := map[string]bool{}
	for _, o := range objs {
		if !slices.Contains(mispReports, o.Type) {
			continue
		}
		for _, ref := range o.Refs {
			if _, ok := byID[ref.Target]; !ok && len(missing) < feedObjects {
				missing[ref.Target] = true
			}
		}
		if _, ok := byID[o.CreatedBy]; !ok && o.CreatedBy != "" {
			missing[o.CreatedBy] = true
		}
	}
	for part := range slices.Chunk(sorted(missing), MaxPage) {
		found, err := x.Objects(v, part)
		if err != nil {
			return err
		}
		for _, o := range found {
			if slices.Contains(tlps, o.Label.TLP) && !o.Revoked {
				byID[o.ID] = o
			}
		}
	}
	return nil
}

// feedEvent makes an event of objects, of which the first may be a report.
func feedEvent(group []Object, house misp.Org) (misp.Event, error) {
	first := group[0]
	var tlps []policy.TLP
	pap := ""
	for _, o := range group {
		tlps = append(tlps, o.Label.TLP)
		pap = strictestPAP(pap, o.From.PAP)
	}
	e, err := newEvent(group, policy.Strictest(tlps...), pap, first.From.AIS, house)
	if err != nil {
		return e, err
	}
	if !slices.Contains(mispReports, first.Type) {
		e.UUID = uuidOf("share", first.From.ID)
		e.Date = first.From.At.UTC().Format(time.DateOnly)
		e.Info = fmt.Sprintf("%s from %s", numbered(len(group), "object"), cmp.Or(first.From.Sender(), house.Name))
		if len(group) == 1 && first.Name != "" {
			e.Info = first.Name
		}
	}
	e.Attributes = e.Attributes[:min(len(e.Attributes), FeedAttributes)]
	left := FeedAttributes - len(e.Attributes)
	for i, o := range e.Objects {
		if left -= len(o.Attributes); left < 0 {
			e.Objects = e.Objects[:i]
			break
		}
	}
	return e, nil
}

// numbered is a number with its noun.
func numbered(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// newestOf is the newest objects of these types and marks that the viewer may see,
// newest first, each in its latest version; what was revoked is left out.
func (x *Intel) newestOf(v *db.View, types []string, tlps []policy.TLP, limit int) ([]Object, error) {
	audiences, narrow, err := x.audiences(v, "")
	if err != nil || narrow && len(audiences) == 0 {
		return nil, err
	}
	marks := make([]string, len(tlps))
	for i, t := range tlps {
		marks[i] = string(t)
	}
	args := []any{db.List(types), db.List(marks), limit}
	where := `o.revoked = 0 AND o.type IN (SELECT value FROM json_each($1)) AND o.tlp IN (SELECT value FROM json_each($2)) AND ` + latest + ` AND ` + once
	if !narrow {
		return db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE `+where+` ORDER BY o.n DESC LIMIT $3`, args...)
	}
	// Few of all objects are the viewer's: a short walk for each audience.
	var walks []string
	for i, a := range audiences {
		args = append(args, a)
		walks = append(walks, fmt.Sprintf(`SELECT w%d.n FROM (SELECT o.n FROM visible.intel_objects o WHERE o.audience = $%d AND %s ORDER BY o.n DESC LIMIT $3) w%d`, i, len(args), where, i))
	}
	return db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.n IN (`+strings.Join(walks, ` UNION ALL `)+`) ORDER BY o.n DESC LIMIT $3`, args...)
}

// Headline is an entry of a news feed: one object, or what was shared at once.
type Headline struct {
	ID     string // stays the same; a STIX id, or one of the share
	Object string // STIX id; "" for several
	Title  string
	Text   string // "" above CLEAR: a feed reader keeps what it was given
	From   string // "" if not named
	At     time.Time
	Label  policy.Label
}

const (
	headlinesMost    = 100
	headlinesObjects = 2000 // that are looked at
	headlinesShare   = 10   // objects shared at once that have an entry each
)

// headlineTypes are what people read of.
var headlineTypes = []string{"report", "grouping", "indicator", "malware", "malware-analysis", "threat-actor", "intrusion-set", "campaign", "incident", "infrastructure",
	"tool", "vulnerability", "attack-pattern", "course-of-action", "sighting"}

// Headlines is what is new for the viewer, newest first: CLEAR, and the titles of
// what is GREEN.
func (x *Intel) Headlines(v *db.View) (hs []Headline, err error) {
	objs, err := x.newestOf(v, headlineTypes, ReachGreen.tlps(), headlinesObjects)
	if err != nil {
		return nil, err
	}
	shares := map[string][]Object{}
	var order []string
	for _, o := range objs {
		if shares[o.From.ID] == nil {
			order = append(order, o.From.ID)
		}
		shares[o.From.ID] = append(shares[o.From.ID], o)
	}
	if len(objs) == headlinesObjects && len(order) > 1 {
		order = order[:len(order)-1] // there may be more of it than was looked at
	}
	for _, id := range order {
		all := shares[id]
		var rest []Object
		for _, o := range all {
			if len(all) > headlinesShare && o.Type != "report" && o.Type != "grouping" {
				rest = append(rest, o)
				continue
			}
			hs = append(hs, headline(o))
		}
		if len(rest) > 0 {
			hs = append(hs, together(rest))
		}
		if len(hs) >= headlinesMost {
			return hs[:headlinesMost], nil
		}
	}
	return hs, nil
}

func headline(o Object) Headline {
	h := Headline{ID: o.ID, Object: o.ID, Title: o.Type + ": " + cmp.Or(o.Name, o.ID), From: o.From.Sender(), At: o.Added, Label: o.Label}
	if o.Label.TLP == policy.Clear {
		h.Text = o.Description
	}
	return h
}

// together tells of many objects that were shared at once.
func together(objs []Object) Headline {
	first := objs[0]
	types := map[string]int{}
	for _, o := range objs {
		types[o.Type]++
	}
	var parts []string
	for _, t := range sorted(types) {
		parts = append(parts, fmt.Sprintf("%d × %s", types[t], t))
	}
	more := ""
	if len(objs) == headlinesObjects {
		more = "more than "
	}
	return Headline{ID: first.From.ID, Title: "shared at once: " + more + strings.Join(parts, ", "), From: first.From.Sender(), At: first.Added, Label: first.Label}
}
