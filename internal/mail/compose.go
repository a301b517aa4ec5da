package mail

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// Size is how large every mail is, header and body, in bytes.
const Size = 4096

// Words are what the mails of a house have in common.
type Words struct {
	House  string // its name, of which the first 60 characters are used
	Origin string // the address that people type, such as https://isao.example
	From   string // the sender's address
	Seal   string // one line by which readers of mails can compare the house's record; "" for none
}

// items is why nearly every mail is sent. The subject begins with the mail's own label
// (FIRST TLP 2.0: near the subject), which is true: it says nothing.
const items = `TLP:CLEAR

You have new items. Open your inbox to read them:

%s/inbox

On purpose, this mail does not say what they are. Nobody reads answers to it.
When you get such mails, or none, you choose on your account page.
`

const confirm = `TLP:CLEAR

Somebody who is signed in gave this address for notices by mail. If that was
you, type this on your account page:

%s

If it was not you, do nothing: no further mail comes without it. The house:
%s
`

// Items is the mail that tells somebody that something waits.
func Items(w Words, to string, at time.Time) ([]byte, error) {
	return compose(w, to, "You have new items", fmt.Sprintf(items, w.Origin), at)
}

// Confirmation is the mail that shows whether somebody reads an address.
func Confirmation(w Words, to, code string, at time.Time) ([]byte, error) {
	return compose(w, to, "Confirm this address", fmt.Sprintf(confirm, code, w.Origin), at)
}

// filler brings every mail to its size.
const filler = "\nFiller, so that all mails have one size:\n"

// compose writes a mail of Size bytes as it is sent.
func compose(w Words, to, subject, text string, at time.Time) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.NoEncoding), gomail.WithCharset(gomail.CharsetASCII))
	house := name(w.House)
	m.FromMailAddress(&mail.Address{Name: house, Address: w.From})
	if err := m.To(to); err != nil {
		return nil, fmt.Errorf("the address of a mail: %w", err)
	}
	m.Subject("TLP:CLEAR " + subject + " (" + house + ")")
	m.SetDateWithValue(at.UTC())
	_, host, _ := strings.Cut(w.From, "@")
	m.SetMessageIDWithValue(strings.ToLower(ids.Random(26)) + "@" + host)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nothing answers it by itself
	if w.Seal != "" {
		text += "\n" + w.Seal + "\n"
	}
	text += filler
	text = strings.ReplaceAll(text, "\n", "\r\n")
	var b bytes.Buffer
	m.SetBodyString(gomail.TypeTextPlain, text)
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	rest := Size - b.Len()
	if rest < 0 {
		return nil, fmt.Errorf("a mail has %d bytes and may have %d: the name or the address of the house is too long", b.Len(), Size)
	}
	m.SetBodyString(gomail.TypeTextPlain, text+fill(rest))
	b.Reset()
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	if b.Len() != Size {
		return nil, fmt.Errorf("a mail has %d bytes instead of %d", b.Len(), Size)
	}
	return b.Bytes(), nil
}

// name is what a house is called in a header: one line, not too long.
func name(s string) string {
	rs := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, s))
	return strings.TrimSpace(string(rs[:min(len(rs), 60)]))
}

// fill is n bytes of nothing in lines of at most 72 characters and their ends.
func fill(n int) string {
	var b strings.Builder
	for n > 0 {
		line := min(n, 74)
		if n-line == 1 { // a line's end does not fit in one byte
			line--
		}
		if n -= line; line < 2 {
			b.WriteString("~")
			continue
		}
		b.WriteString(strings.Repeat("~", line-2) + "\r\n")
	}
	return b.String()
}

// MaxAddress is the longest address in bytes (RFC 5321 §4.5.3.1.3, without brackets).
const MaxAddress = 254

// Address checks the address of a person, and returns it as it is kept. An error is a
// fault.Invalid of the field address.
func Address(s string) (string, error) {
	s = strings.TrimSpace(s)
	a, err := mail.ParseAddress(s)
	at := strings.LastIndexByte(s, '@')
	switch {
	case s == "":
		return "", fault.InvalidField("address", "Give an address.")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fault.InvalidField("address", "Write the address in plain letters, digits and signs, such as ana@hospital.example.")
	case len(s) > MaxAddress:
		return "", fault.InvalidField("address", "The address has %d characters; at most %d fit.", len(s), MaxAddress)
	case err != nil || a.Name != "" || a.Address != s || at > 64 || !strings.Contains(s[at+1:], ".") || strings.ContainsAny(s[at+1:], "[]"):
		return "", fault.InvalidField("address", "This is not an address such as ana@hospital.example.")
	}
	return s, nil
}
