package intel

import (
	"encoding/json"
	"strings"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

const (
	hookBytes = 1 << 20 // of objects that are sent whole in one delivery
	chatLines = 10
)

// told is what a webhook says.
type told struct {
	ID      string       `json:"id"`
	Type    string       `json:"type"` // "intel.new" or "test"
	Time    string       `json:"time"`
	URL     string       `json:"url"`               // where to look
	Objects []toldObject `json:"objects,omitempty"` // CLEAR and GREEN only
	More    bool         `json:"more,omitempty"`    // there is something new that is not told here
}

type toldObject struct {
	ID     string          `json:"id"`
	Type   string          `json:"type"`
	TLP    string          `json:"tlp"`
	Added  string          `json:"added"`
	URL    string          `json:"url"`
	Object json.RawMessage `json:"object,omitempty"` // left out of a large delivery
}

// body is what a delivery says now, in the view of who made the webhook; nil if
// nothing of what it was about may be read any more.
func (r *ringer) body(v *db.View, d delivery) ([]byte, error) {
	t := told{ID: d.ID, Type: "intel.new", Time: taxii.FormatTime(d.At), URL: r.x.outside.Origin + "/intel", More: d.more}
	if d.Kind == "test" {
		t.Type = "test"
		if r.h.Mode == HookChat {
			return json.Marshal(map[string]string{"text": "This is a test of the webhook; it works: " + t.URL})
		}
		return json.Marshal(t)
	}
	if !r.who.May(policy.MayExport) {
		return nil, nil
	}
	objs, err := db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY o.n`, db.List(d.places))
	if err != nil || len(objs) == 0 {
		return nil, err
	}
	if r.h.Mode == HookChat {
		return json.Marshal(map[string]string{"text": r.chat(t, objs)})
	}
	size := 0
	for _, o := range objs {
		if !tellable(o) {
			t.More = true
			continue
		}
		e := toldObject{ID: o.ID, Type: o.Type, TLP: string(o.Label.TLP), Added: taxii.FormatTime(o.Added), URL: r.x.outside.Origin + "/intel/objects/" + o.ID}
		if size += len(o.Raw); size <= hookBytes {
			e.Object = json.RawMessage(o.Raw)
		}
		t.Objects = append(t.Objects, e)
	}
	// Marshal would write the objects anew; they are told as they came.
	return marshalAsIs(t)
}

// tellable reports whether a webhook says what an object is: above GREEN it only
// says that there is something.
func tellable(o Object) bool { return o.Label.TLP == policy.Clear || o.Label.TLP == policy.Green }

// marshalAsIs is json.Marshal that keeps the bytes of raw parts as they are, but
// for white space.
func marshalAsIs(v any) ([]byte, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return []byte(strings.TrimSuffix(b.String(), "\n")), nil
}

// chat is a message for a chat: names and links of what is CLEAR or GREEN.
func (r *ringer) chat(t told, objs []Object) string {
	var lines []string
	more := t.More
	for _, o := range objs {
		if !tellable(o) || len(lines) == chatLines {
			more = true
			continue
		}
		name := o.Name
		if name == "" {
			name = o.ID
		}
		lines = append(lines, "• "+chatText(o.Type+" “"+name+"” ("+o.Label.TLP.String()+")")+" "+r.x.outside.Origin+"/intel/objects/"+o.ID)
	}
	if len(lines) == 0 {
		return "Something new came that you may read: " + t.URL
	}
	text := "New threat intelligence:\n" + strings.Join(lines, "\n")
	if more {
		text += "\nThere is more: " + t.URL
	}
	return text
}

// chatText keeps a text from being read as a mention, a channel or a link.
func chatText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "∗", "_", "＿", "`", "‘", "~", "∼").Replace(s)
}
