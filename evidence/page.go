package evidence

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"

	"github.com/cordon-isao/cordon/policy"
)

//go:embed page.html
var pageText string

// The page is made by html/template: everything that people wrote is escaped for
// the place where it stands, and there is no script.
// sheetText is how the packs' pages look, theirs and a case's.
//
//go:embed sheet.html
var sheetText string

var pageTemplate = template.Must(template.Must(template.New("page").Parse(sheetText)).Parse(pageText))

// pageView is what the page shows. It is made of the record alone, so that a
// verifier makes the same one.
type pageView struct {
	Title, Community, Sentence string
	Label, Meaning, Class      string
	Style                      template.CSS // the printed header and footer
	PackID, Taken              string
	Recipients                 []string
	Orgs                       []orgView
	Steps                      []stepView
	Posts                      []postView
	Files                      []PackFile
	Decisions, Relabels        []stepView
	Size, Root, Key            string
	Entries                    string
	Limits                     []string
}

type orgView struct{ Name, People string }

type stepView struct {
	Index                        int64
	When, Who, What, Label, Note string
}

type postView struct {
	Anchor, When, Who, Label, Deleted string
	Decision                          bool
	Texts                             []textView
	Files                             []PackFile
}

type textView struct{ When, Text, Gone, SHA256 string }

func (r *record) page() ([]byte, error) {
	if r.pack.Version == caseVersion {
		return r.casePage()
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, r.view()); err != nil {
		return nil, fmt.Errorf("write the evidence page: %w", err)
	}
	return b.Bytes(), nil
}

func (r *record) view() pageView {
	mark := r.marking()
	root := hex.EncodeToString(r.checkpoint.Root[:])
	taken := r.taken()
	v := pageView{Title: r.pack.About.Title, Community: r.pack.About.Community, Sentence: r.sentence(),
		Label: mark.String(), Meaning: mark.Sentence(), Class: class(mark),
		// Built of a marking and a hash, which hold no quotes.
		Style: template.CSS(fmt.Sprintf(`@page { @top-right { content: "%s" } @bottom-right { content: "%s" } @bottom-left { content: "page " counter(page) " of " counter(pages) " · checkpoint %s" } }`,
			mark, mark, root[:32])),
		PackID: r.pack.ID, Taken: "Taken on " + when(taken.Time()) + " by " + taken.actor() + ".",
		Size: grouped(r.checkpoint.Size), Root: root, Key: r.pack.Key, Limits: limits(), Files: r.pack.Files, Entries: count(int64(len(r.events)), "entry", "entries")}
	if e, ok := r.started(); ok {
		for _, p := range e.Audience {
			v.Recipients = append(v.Recipients, r.name(p))
		}
		v.Orgs = orgsOf(e)
	}
	posts := map[string]int{}
	for _, e := range r.events {
		if e.gone {
			v.Steps = append(v.Steps, stepView{Index: e.index, What: "The content of this entry was destroyed. Its place in the record is proved."})
			continue
		}
		step := stepView{Index: e.index, When: e.when(), Who: e.actor(), What: what(e), Label: e.label(), Note: r.note(e)}
		v.Steps = append(v.Steps, step)
		switch {
		case e.Verb == "decision.pinned":
			v.Decisions = append(v.Decisions, step)
		case strings.Contains(e.Verb, "relabel"):
			v.Relabels = append(v.Relabels, step)
		}
		r.addPost(&v, posts, e)
	}
	return v
}

// addPost gathers what the entries say of each post.
func (r *record) addPost(v *pageView, posts map[string]int, e event) {
	id := e.post()
	i, known := posts[id]
	switch e.Verb {
	case "topic.started", "post.added":
		posts[id] = len(v.Posts)
		v.Posts = append(v.Posts, postView{Anchor: fmt.Sprintf("entry-%d", e.index), When: e.when(), Who: e.actor(), Label: e.label(),
			Texts: []textView{r.body(e)}, Files: e.files()})
	case "post.edited":
		if known {
			v.Posts[i].Texts = append(v.Posts[i].Texts, r.body(e))
		}
	case "post.deleted":
		if known {
			v.Posts[i].Deleted = "Deleted on " + e.when() + " by " + e.actor() + "." + reason(e)
		}
	case "decision.pinned", "decision.unpinned":
		if known {
			v.Posts[i].Decision = e.Verb == "decision.pinned"
		}
	}
}

// orgsOf lists the organizations that an entry's reach names.
func orgsOf(e event) (out []orgView) {
	reach, _ := e.reach()
	for _, o := range reach.By {
		out = append(out, orgView{o.Name, grouped(int64(o.People))})
	}
	return out
}

func (r *record) body(e event) textView {
	d := e.text("body_sha256")
	if s, ok := r.texts[d]; ok {
		return textView{When: e.when(), Text: s, SHA256: d}
	}
	return textView{When: e.when(), Gone: "This text was destroyed. Its SHA-256 stays on the record.", SHA256: d}
}

func reason(e event) string {
	if why := e.text("why"); why != "" {
		return " Reason: " + why
	}
	return ""
}

// what says in words what an entry records.
func what(e event) string {
	switch e.Verb {
	case "topic.started":
		return "started the topic and shared it"
	case "post.added":
		return "added a post"
	case "post.edited":
		return "changed the text of a post"
	case "post.deleted":
		return "deleted a post"
	case "decision.pinned":
		return "pinned a post as a decision"
	case "decision.unpinned":
		return "took a decision's pin away"
	case "topic.resolved":
		return "resolved the topic"
	case "topic.reopened":
		return "opened the topic again"
	case exportedVerb:
		return "took an evidence pack of the topic"
	case "ledger.shredded":
		return "destroyed the content of an entry"
	case "relabel.asked", "relabel.requested", "relabel.proposed":
		return "asked to loosen a label"
	case "relabel.approved":
		return "approved, as the second person, to loosen a label"
	case "relabel.refused":
		return "refused to loosen a label"
	case "relabel.withdrawn":
		return "took back the request to loosen a label"
	}
	if len(e.files()) > 0 {
		return "attached a file"
	}
	if strings.Contains(e.Verb, "relabel") || strings.Contains(e.Verb, "tightened") {
		return "changed a label"
	}
	return "recorded " + e.Verb
}

// note says the details that are not in the sentence.
func (r *record) note(e event) string {
	var parts []string
	if with := e.people(); with != "" {
		parts = append(parts, "readable by "+with)
	}
	for _, f := range e.files() {
		parts = append(parts, fmt.Sprintf("%s, %s bytes", f.Name, grouped(f.Size)))
	}
	if s, ok := r.texts[e.text("summary_sha256")]; ok && s != "" {
		parts = append(parts, "summary: "+s)
	}
	if why := e.text("why"); why != "" {
		parts = append(parts, "reason: "+why)
	}
	for _, side := range []string{"from", "to"} {
		list, _ := e.data[side].([]any) // a marking and those it was for
		var words []string
		for i, x := range list {
			s, _ := x.(string)
			if i > 0 {
				s = r.name(s)
			}
			words = append(words, s)
		}
		if len(words) > 1 {
			parts = append(parts, side+" TLP:"+words[0]+" for "+strings.Join(words[1:], ", "))
		}
	}
	return strings.Join(parts, "; ")
}

func class(t policy.TLP) string {
	return strings.ToLower(strings.TrimSuffix(string(t), "+STRICT"))
}
