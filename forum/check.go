package forum

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// problems gathers everything that is wrong with an input.
type problems []fault.Field

func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, fault.Field{Name: name, Message: fmt.Sprintf(format, args...)})
}

// err is the fault of everything gathered, or nil.
func (p problems) err() error { return fault.InvalidFields(p) }

// line checks a text of one line: a title, a name.
func (p *problems) line(field, what, s string, most int) {
	switch {
	case !utf8.ValidString(s):
		p.add(field, "%s is not readable text (UTF-8).", what)
	case strings.TrimSpace(s) == "":
		p.add(field, "%s is missing.", what)
	case utf8.RuneCountInString(s) > most:
		p.add(field, "%s has %d characters; at most %d fit.", what, utf8.RuneCountInString(s), most)
	case strings.ContainsFunc(s, check.Deceptive):
		p.add(field, "%s contains characters that cannot be seen or that turn text around. Type it again without them.", what)
	}
}

// text checks a text of many lines.
func (p *problems) text(field, what, s string, most int, must bool) {
	switch {
	case !utf8.ValidString(s):
		p.add(field, "%s is not readable text (UTF-8).", what)
	case strings.ContainsRune(s, 0):
		p.add(field, "%s contains a zero byte.", what)
	case must && strings.TrimSpace(s) == "":
		p.add(field, "%s is empty.", what)
	case len(s) > most:
		p.add(field, "%s is %d bytes long; at most %d fit. Attach the rest as a file.", what, len(s), most)
	}
}

// labelField turns what is wrong with a label into a problem of its field; other
// errors are returned.
func (p *problems) labelField(err error) error {
	var le *policy.LabelError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &le):
		p.add("label", "%s", le.Error())
	case fault.Is(err, fault.Invalid):
		if fields := fault.FieldsOf(err); len(fields) > 0 {
			*p = append(*p, fields...)
		} else {
			p.add("label", "%s", fault.Sentence(err))
		}
	default:
		return err
	}
	return nil
}

// digest is the SHA-256 of an input, for telling a repetition from a change.
func digest(what string, parts ...any) string {
	b, _ := json.Marshal(parts)
	return sum(what + "\n" + string(b))
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func labelParts(l policy.Label) []string {
	return append([]string{string(l.TLP)}, l.Audience.Strings()...)
}

// position is the n of the next thing this write brings; see [Schema].
func position(tx *db.Tx) int64 { return tx.NextSeq() + int64(tx.Pending()) }

// mayPost reports whether the viewer may write at all.
func mayPost(v *db.View) error {
	if !v.Viewer().SignedIn() || !v.Viewer().May(policy.MayPost) {
		return fault.Forbiddenf("Only members in good standing may post.")
	}
	return nil
}
