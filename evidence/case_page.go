package evidence

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/policy"
)

//go:embed case.html
var caseText string

var caseTemplate = template.Must(template.Must(template.New("case").Parse(sheetText)).Parse(caseText))

// caseView is what the page of a case shows, made of the record alone.
type caseView struct {
	pageView
	Short     string
	Learned   []string
	Counted   string
	Clocks    []clockView
	Ruler     *rulerView
	Parties   []partyView
	Documents []documentView
	Disclosed []stepView
	Checked   string
	Disagree  []string
	Summary   string
}

type clockView struct {
	Name, Rule, Source, Owner, State, Class, Trigger, Due, Done, Why string
	Entry                                                            int64
}

type partyView struct{ Name, Role, State, Learned string }

// documentView is something that a party signed, sent or stated.
type documentView struct {
	Kind, When, Who string
	Entry           int64
	Fields          [][2]string
}

func (r *record) casePage() ([]byte, error) {
	var b bytes.Buffer
	if err := caseTemplate.Execute(&b, r.caseView()); err != nil {
		return nil, fmt.Errorf("write the evidence page: %w", err)
	}
	return b.Bytes(), nil
}

func (r *record) caseView() caseView {
	s := r.story()
	mark := r.marking()
	root := hex.EncodeToString(r.checkpoint.Root[:])
	taken := r.taken()
	v := caseView{Short: s.short, Learned: s.learned(), Counted: s.counted(), Ruler: s.ruler(), pageView: pageView{Title: s.title, Community: r.pack.About.Community, Sentence: s.sentence(),
		Label: mark.String(), Meaning: mark.Sentence(), Class: class(mark),
		// Built of a marking and a hash, which hold no quotes.
		Style: template.CSS(fmt.Sprintf(`@page { @top-right { content: "%s" } @bottom-right { content: "%s" } @bottom-left { content: "page " counter(page) " of " counter(pages) " · checkpoint %s" } }`,
			mark, mark, root[:32])),
		PackID: r.pack.ID, Taken: "Taken on " + when(taken.Time()) + " by " + taken.actor() + ".",
		Size: grouped(r.checkpoint.Size), Root: root, Key: r.pack.Key, Limits: r.limits(), Files: r.pack.Files, Entries: count(int64(len(r.events)), "entry", "entries")}}
	if s.began {
		v.Summary = s.opened.text("summary")
		for _, p := range s.opened.Audience {
			v.Recipients = append(v.Recipients, r.name(p))
		}
	}
	for _, c := range s.clocks {
		v.Clocks = append(v.Clocks, c.view())
	}
	for _, p := range s.parties {
		x := partyView{Name: p.name, Role: p.role, State: p.state}
		if !p.learned.IsZero() {
			x.Learned = when(p.learned)
		}
		v.Parties = append(v.Parties, x)
	}
	if s.checked.Checked > 0 && len(s.checked.Disagreements) == 0 {
		v.Checked = fmt.Sprintf("Worked out again from the recorded facts alone, %s under FDA's rules come to the same.", count(int64(s.checked.Checked), "deadline", "deadlines"))
	}
	for _, d := range s.checked.Disagreements {
		v.Disagree = append(v.Disagree, d.Text)
	}
	v.Disagree = append(v.Disagree, s.checked.Notes...)
	posts := map[string]int{}
	for _, e := range r.events {
		if e.gone {
			v.Steps = append(v.Steps, stepView{Index: e.index, What: "The content of this entry was destroyed. Its place in the record is proved."})
			continue
		}
		step := stepView{Index: e.index, When: e.when(), Who: e.actor(), What: r.whatInCase(e), Label: e.label(), Note: r.noteInCase(e)}
		v.Steps = append(v.Steps, step)
		switch noun, verb, _ := strings.Cut(e.Verb, "."); {
		case e.Verb == "decision.pinned":
			v.Decisions = append(v.Decisions, step)
		case strings.Contains(e.Verb, "relabel"):
			v.Relabels = append(v.Relabels, step)
		case noun == "grant" || noun == "party" && slices.Contains([]string{"invited", "joined", "declined", "left", "removed", "seated", "unseated"}, verb) || e.Verb == "case.shared" || e.Verb == "notice.copied-to-isao":
			v.Disclosed = append(v.Disclosed, step)
		}
		if d, ok := documentOf(e); ok {
			v.Documents = append(v.Documents, d)
		}
		r.addPost(&v.pageView, posts, e)
	}
	return v
}

func (c clockLine) view() clockView {
	v := clockView{Name: c.Name, Rule: c.Rule, Source: c.Source, Owner: c.owner, State: stateWords[c.state], Class: c.state, Trigger: when(c.Trigger), Due: "no date yet", Entry: c.entry}
	if !c.Due.IsZero() {
		v.Due = c.dueWords()
	}
	if c.What != "" {
		v.Trigger += ": " + c.What
	}
	if !c.SatisfiedAt.IsZero() && (c.state == met || c.state == late || c.state == lost) {
		v.Done = when(c.SatisfiedAt)
	}
	_, why, found := strings.Cut(c.words(), ". ")
	if found {
		v.Why = why
	}
	if c.state == waived {
		v.Why = "Waived on " + when(c.WaivedAt) + " by " + c.WaivedName + ": " + c.WaivedWhy
	}
	return v
}

// documentOf reads what a party put its name to.
func documentOf(e event) (d documentView, ok bool) {
	d = documentView{When: e.when(), Who: e.actor(), Entry: e.index}
	add := func(name, value string) {
		if value != "" {
			d.Fields = append(d.Fields, [2]string{name, value})
		}
	}
	switch e.Verb {
	case "determination.signed":
		d.Kind = "Risk determination"
		add("outcome", e.text("outcome"))
		add("signed by", strings.Trim(e.text("name")+", "+e.text("title"), ", "))
		for _, p := range pairs(e.data["worksheet"]) {
			name, value, _ := strings.Cut(p, ": ")
			add(name, value)
		}
		add("matrix version", plain(e.data["matrix_version"]))
	case "notice.sent", "notice.copied-to-isao":
		d.Kind = "Customer notice"
		if e.Verb == "notice.copied-to-isao" {
			d.Kind = "Customer notice, the ISAO's copy"
		}
		add("sent at", when(e.time("sent_at")))
		add("ISAO's copy at", when(e.time("isao_at")))
		add("sent by way of", e.text("via"))
		add("recipients", plain(e.data["recipients"]))
		for _, p := range pairs(e.data["text"]) {
			name, value, _ := strings.Cut(p, ": ")
			add(name, value)
		}
		add("sent although incomplete", e.text("incomplete"))
	case "party.statement":
		d.Kind = "Public statement"
		add("statement", e.text("statement"))
	default:
		return d, false
	}
	return d, true
}

// pairs writes an object's members as "name: value", sorted by name, those within
// it as "name / name: value".
func pairs(v any) (out []string) {
	m, _ := v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		label := strings.ReplaceAll(name, "_", " ")
		if inner, ok := m[name].(map[string]any); ok {
			for _, p := range pairs(inner) {
				out = append(out, label+" / "+p)
			}
		} else if s := plain(m[name]); s != "" {
			out = append(out, label+": "+s)
		}
	}
	return out
}

// plain writes a value of an entry's data.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// rulerView is the picture of the deadlines: each as a line from what started it
// to its due instant, with a mark for when it was met or lost. The table beside it
// says the same.
type rulerView struct {
	Height, Sentence string
	Axis             []rulerTick
	Rows             []rulerRow
	Now, NowLabel    string
	Bottom           string
}

type rulerTick struct{ X, Label string }

type rulerRow struct {
	Name, Class, Y, TextY, From, To, Due, Mark, Words string
	HasDue, HasMark, Cross                            bool
}

const rulerLeft, rulerRight, rulerRowHeight = 250.0, 780.0, 30.0

func (s *caseStory) ruler() *rulerView {
	var rows []clockLine
	for _, c := range s.clocks {
		if c.state != moot && !c.Trigger.IsZero() {
			rows = append(rows, c)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	from, to := s.now, s.now
	for _, c := range rows {
		for _, t := range []time.Time{c.Trigger, c.Due, c.SatisfiedAt, c.LostAt} {
			if !t.IsZero() && t.Before(from) {
				from = t
			}
			if t.After(to) {
				to = t
			}
		}
	}
	span := max(to.Sub(from).Seconds(), 24*3600)
	x := func(t time.Time) string {
		return fmt.Sprintf("%.1f", rulerLeft+(rulerRight-rulerLeft)*t.Sub(from).Seconds()/span)
	}
	bottom := 24 + rulerRowHeight*float64(len(rows))
	v := &rulerView{Height: fmt.Sprintf("%.0f", bottom+26), Sentence: s.counted(), Now: x(s.now), NowLabel: "taken " + date(s.now), Bottom: fmt.Sprintf("%.0f", bottom)}
	for _, t := range []time.Time{from, from.Add(time.Duration(span/2) * time.Second)} {
		v.Axis = append(v.Axis, rulerTick{x(t), date(t)})
	}
	for i, c := range rows {
		y := 24 + rulerRowHeight*(float64(i)+0.5)
		end := c.Due
		if end.IsZero() {
			end = s.now
		}
		mark := c.SatisfiedAt
		if c.state == lost {
			mark = c.lostAt()
		}
		row := rulerRow{Name: c.Name, Class: c.state, Y: fmt.Sprintf("%.1f", y), TextY: fmt.Sprintf("%.1f", y+4), From: x(c.Trigger), To: x(end), Words: c.words(), HasDue: !c.Due.IsZero(), Cross: c.state == lost}
		if r := []rune(row.Name); len(r) > 36 {
			row.Name = string(r[:35]) + "…"
		}
		if row.HasDue {
			row.Due = x(c.Due)
		}
		if !mark.IsZero() {
			row.HasMark, row.Mark = true, x(mark)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// caseMarking is the strictest marking of what is in the pack. That it was taken
// is the taker's own to tell, and he does by handing it on.
func (r *record) caseMarking() policy.TLP {
	var ts []policy.TLP
	for _, e := range r.events {
		if !e.gone && e.Verb != exportedVerb {
			ts = append(ts, policy.TLP(e.TLP))
		}
	}
	return policy.Strictest(ts...)
}
