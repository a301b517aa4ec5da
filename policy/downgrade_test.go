package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/policy"
)

// lookalikes are letters that look like those of a marking (Cyrillic, Greek,
// full width, small capitals, mathematical).
var lookalikes = map[rune][]rune{
	'A': {'А', 'Α', 'Ａ', 'ᴀ', '𝐀'}, 'B': {'В', 'Β', 'Ｂ', 'ʙ'}, 'C': {'С', 'Ϲ', 'Ｃ', 'ᴄ'}, 'D': {'Ｄ', 'ᴅ'}, 'E': {'Е', 'Ε', 'Ｅ', 'ᴇ'},
	'G': {'Ԍ', 'Ｇ', 'ɢ'}, 'I': {'І', 'Ι', 'Ｉ', 'l', '1'}, 'L': {'Ｌ', 'ʟ', 'I'}, 'M': {'М', 'Μ', 'Ｍ'}, 'N': {'Ν', 'Ｎ', 'ɴ'}, 'R': {'Ｒ', 'ʀ', 'Я'},
	'S': {'Ѕ', 'Ｓ', '5'}, 'T': {'Т', 'Τ', 'Ｔ', 'ᴛ'}, '+': {'＋', '＊', ' ', '-', '_'}, ':': {'：', '∶', ';', ' '}, 'P': {'Р', 'Ρ', 'Ｐ'}, 'W': {'Ｗ', 'Ԝ'}, 'H': {'Н', 'Η', 'Ｈ'},
}

var invisible = []string{"\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u180e", "\u202e", "\u0000", "\u00a0", "\u3000", " ", "\t", "\n", "\r", "\u0301"}

// mutate returns a text that is not a marking but tries to be read as one.
func mutate(r *rand.Rand, s string) string {
	runes := []rune(s)
	at := r.IntN(len(runes))
	switch r.IntN(9) {
	case 0:
		return strings.ToLower(s)
	case 1:
		runes[at] = []rune(strings.ToLower(string(runes[at])))[0]
	case 2:
		return string(runes[:at]) + pick(r, invisible) + string(runes[at:])
	case 3:
		return s + pick(r, invisible)
	case 4:
		if l := lookalikes[runes[at]]; l != nil {
			runes[at] = pick(r, l)
		}
	case 5: // cut
		return string(runes[:at])
	case 6:
		return s + pick(r, []string{"CLEAR", ",CLEAR", " CLEAR", "/GREEN", ":CLEAR", "+CLEAR", "\nCLEAR", "\x00CLEAR"})
	case 7:
		return pick(r, []string{"tlp:", "TLP: ", "TLP::", "TLP-", "TLP:TLP:", "{TLP:CLEAR}", "\"", "TLP"}) + s
	case 8:
		return pick(r, []string{"", "UNKNOWN", "NONE", "null", "CLEAR ", "White", "WHITES", "TLP:", "PUBLIC", "0", "TLP:UNLABELED", "TLP2:CLEAR", "%43LEAR", "&#67;LEAR"})
	}
	return string(runes)
}

// T-07: 4,000 mutated markings are either refused, or read as exactly the
// marking that stands there; what is refused becomes the strict default, and
// nothing becomes wider than it was meant.
func TestDowngradeCorpus(t *testing.T) {
	t.Logf("again: go test ./policy -run '^%s$' -args -seed=%d", t.Name(), *seed)
	r := rand.New(rand.NewPCG(*seed, 7))
	plain := map[string]policy.TLP{"WHITE": policy.Clear, "TLP:WHITE": policy.Clear}
	for _, m := range policy.Markings() {
		plain[string(m)], plain["TLP:"+string(m)] = m, m
	}
	refused := 0
	for i := range 4000 {
		meant := pick(r, policy.Markings()[1:])
		s := mutate(r, pick(r, []string{string(meant), "TLP:" + string(meant)}))
		got, err := policy.ParseTLP(s)
		want, exact := plain[s]
		if exact != (err == nil) || got != want {
			t.Fatalf("case %d: %q is read as %q (%v)", i, s, got, err)
		}
		if err == nil {
			// A cut AMBER+STRICT reads AMBER: that is what stands there. Nothing
			// else may become wider.
			if meant.StricterThan(got) && !(meant == policy.AmberStrict && got == policy.Amber) {
				t.Fatalf("case %d: %q, meant as %s, is read as %s", i, s, meant, got)
			}
			continue
		}
		refused++
		if got.Known() || policy.Clear.StricterThan(got) || policy.Red.StricterThan(got) {
			t.Fatalf("case %d: what was refused compares as wider: %q", i, got)
		}
		if (policy.Label{TLP: policy.TLP(s), Audience: policy.NewAudience(policy.Public)}).Check(square) == nil {
			t.Fatalf("case %d: %q fits an audience", i, s)
		}
		if policy.Strictest(policy.Green, policy.TLP(s)) == policy.Green {
			t.Fatalf("case %d: beside %q, GREEN is the strictest", i, s)
		}
	}
	if refused < 3000 {
		t.Errorf("only %d of 4000 were refused", refused)
	}
}

// T-07 and T-53: a label in JSON with its name twice, in other letters, with
// look-alikes, missing or of another type is never read wider than meant.
func TestDowngradeInJSON(t *testing.T) {
	t.Logf("again: go test ./policy -run '^%s$' -args -seed=%d", t.Name(), *seed)
	r := rand.New(rand.NewPCG(*seed, 53))
	type label struct {
		TLP      string   `json:"tlp"`
		Audience []string `json:"audience"`
	}
	quote := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	names := []string{"tlp", "TLP", "Tlp", "tLp", "t\\u006cp", "\\u0074lp", "tlp ", " tlp", "ｔlp", "tlр", "tlp\u200b", "label", "", "Audience", "AUDIENCE", "audience"}
	values := []string{`"CLEAR"`, `"TLP:CLEAR"`, `"WHITE"`, `"clear"`, `null`, `["CLEAR"]`, `{"tlp":"CLEAR"}`, `0`, `true`, `"GREEN"`, `"RED","tlp":"CLEAR"`, `["public"]`}
	read := 0
	for i := range 3000 {
		meant := pick(r, []string{"RED", "AMBER", "AMBER+STRICT"})
		members := []string{`"tlp":` + quote(meant), `"audience":["org:o1"]`}
		for range 1 + r.IntN(2) {
			members = append(members, `"`+pick(r, names)+`":`+pick(r, values))
		}
		if r.IntN(4) == 0 { // missing
			members = members[1:]
		}
		r.Shuffle(len(members), func(a, b int) { members[a], members[b] = members[b], members[a] })
		text := "{" + strings.Join(members, ",") + "}"
		var l label
		if err := strictjson.Unmarshal([]byte(text), &l); err != nil {
			continue
		}
		// What is read was written once, in the one spelling: as the first or the
		// only one.
		read++
		count := strings.Count(text, `"tlp":`) + strings.Count(text, `"t\u006cp":`) + strings.Count(text, `"\u0074lp":`)
		if count > 1 || strings.Count(text, `"audience":`) > 1 {
			t.Fatalf("case %d: a name given twice was read: %s", i, text)
		}
		if slices.Contains(members, `"tlp":`+quote(meant)) && l.TLP != meant {
			t.Fatalf("case %d: %s is read as %q", i, text, l.TLP)
		}
		if count == 0 {
			if _, err := policy.ParseTLP(l.TLP); err == nil {
				t.Fatalf("case %d: a missing label is read as %q: %s", i, l.TLP, text)
			}
		}
	}
	if read == 0 {
		t.Error("nothing was read at all")
	}
	var l label
	if err := strictjson.Unmarshal([]byte(`{"tlp":"RED","TLP":"CLEAR","audience":["person:p1"]}`), &l); err == nil {
		t.Error(fmt.Sprint("the classic trick was read: ", l))
	}
}

func FuzzParse(f *testing.F) {
	for s := range lookalikes {
		f.Add("TLP:" + string(s))
	}
	f.Add("TLP:AMBER+STRICT")
	f.Add("org:abc")
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := policy.ParseTLP(s); err == nil && (!m.Known() || s != string(m) && s != m.String() && !(m == policy.Clear && strings.TrimPrefix(s, "TLP:") == "WHITE")) {
			t.Errorf("%q is read as %q", s, m)
		}
		if p, err := policy.ParsePrincipal(s); err == nil && (string(p) != s || p.Class() == "" || len(s) > 80) {
			t.Errorf("%q is read as %q", s, p)
		}
	})
}
