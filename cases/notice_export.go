package cases

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// Body is the notice as its customers read it, in plain text.
func (t NoticeText) Body() string {
	var b strings.Builder
	part := func(heading, text string) {
		if text = strings.TrimSpace(text); text != "" {
			fmt.Fprintf(&b, "%s\n\n%s\n\n", heading, text)
		}
	}
	part("Devices", t.Devices)
	part("What it is, and its impact as understood today", t.Impact)
	part("What is being done", t.Efforts)
	if t.NoControls {
		part("What you can do now", "There are no compensating controls.")
	} else {
		part("What you can do now", t.Controls)
	}
	part("The fix", t.Fix)
	part("How the risk comes to an acceptable level", t.Strategy)
	part("When a fix is available", t.Future)
	part("Whom to ask", t.Contact)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// File is the notice as a plain text file: its subject and its body.
func (n Notice) File() []byte { return []byte(n.Text.Subject + "\n\n" + n.Text.Body()) }

// EML is the notice as a message that a mail program opens as a draft. It names
// no recipient: the list is the party's own and belongs into Bcc.
func (n Notice) EML() ([]byte, error) {
	var b bytes.Buffer
	at := n.SentAt
	if at.IsZero() {
		at = n.At
	}
	fmt.Fprintf(&b, "Date: %s\r\nSubject: %s\r\nX-Unsent: 1\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		at.UTC().Format(time.RFC1123Z), mime.QEncoding.Encode("utf-8", n.Text.Subject))
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(strings.ReplaceAll(n.Text.Body(), "\n", "\r\n"))); err != nil {
		return nil, fmt.Errorf("write a notice: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write a notice: %w", err)
	}
	return b.Bytes(), nil
}
