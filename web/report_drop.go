package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
)

// The drop: the form for reports without an account, and what its receipt opens.
// Its routes are httpkit.Anonymous. Nothing of who asks is read, kept or logged;
// no cookie goes either way; a receipt is in forms only, never in an address or a
// title; every page is a multiple of 8 KiB long, so that its length tells little
// to who watches the line (T-45, T-46).

// dropBlock is what the length of every page of the drop is a multiple of, in
// bytes. Answers to a receipt have at least dropLeast, which holds a report with
// a few messages: so most hits are as long as every miss.
const (
	dropBlock = 8 << 10
	dropLeast = 3 * dropBlock
)

// dropPage is a page of the drop.
type dropPage struct {
	Title  string
	Here   string // its address, for the navigation
	Status int    // 0 is 200
	Secret bool   // it shows a report, for its sender alone
	Least  int    // bytes
	Body   templ.Component
}

// drop answers with a page of the drop.
func (c *Ctx) drop(p dropPage) error {
	var b bytes.Buffer
	if err := dropDocument(p, c.communityName(), p.Body).Render(c.R.Context(), &b); err != nil {
		return err
	}
	pad(&b, p.Least)
	h := c.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	if p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	c.W.WriteHeader(max(p.Status, http.StatusOK))
	_, err := c.W.Write(b.Bytes())
	return err
}

// pad fills a page with a comment to a multiple of dropBlock. Its letters are
// random: a proxy that compresses does not take them out again.
func pad(b *bytes.Buffer, least int) {
	const open, end = "<!-- ", " -->"
	size := b.Len() + len(open) + len(end)
	size = max((size+dropBlock-1)/dropBlock*dropBlock, least)
	noise := make([]byte, size)
	rand.Read(noise)
	fill := base64.RawURLEncoding.EncodeToString(noise)[:size-b.Len()-len(open)-len(end)]
	// Two hyphens would end a comment in old parsers.
	b.WriteString(open + string(bytes.ReplaceAll([]byte(fill), []byte("-"), []byte("_"))) + end)
}

// dropTick is what the time of every answer to a receipt is rounded up to: how
// long it took says nothing of what was found.
const dropTick = 100 * time.Millisecond

// steady waits until a whole number of ticks has passed since began.
func steady(ctx context.Context, began time.Time) {
	t := time.NewTimer(dropTick - clock.Since(began)%dropTick)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// dropStatus is the status of a refused form, and notes what is our own fault:
// never what was sent.
func (c *Ctx) dropStatus(err error) int {
	if fault.Is(err, fault.Internal) && !errors.Is(err, context.Canceled) {
		c.Log.Error("request failed", "route", c.R.Pattern, "err", err)
	}
	return httpkit.Status(err)
}

// report is the public form.
func (c *Ctx) report() error { return c.dropForm(http.StatusOK, intakeForm{typed: typed{}}) }

func (c *Ctx) dropForm(status int, f intakeForm) error {
	if f.typed["form"] == "" {
		f.typed["form"] = c.Cases.NewForm()
	}
	return c.drop(dropPage{Title: "Report a vulnerability", Here: "/report", Status: status, Body: reportDropBody(f)})
}

// reportSend takes a report and answers with its receipt. Sent twice, it is taken
// once and answered alike.
func (c *Ctx) reportSend() error {
	s, err := c.readSent()
	defer s.release()
	if s.typed == nil {
		s.typed = typed{}
	}
	var got cases.Sent
	if err == nil {
		got, err = c.Cases.SubmitAnonymous(c.R.Context(), c.DB, s.typed["form"], s.typed.intake(), s.files)
	}
	if c.R.Context().Err() != nil {
		return nil // nobody is there to be answered
	}
	if err != nil {
		f := intakeForm{typed: s.typed, lost: len(s.files) > 0}.refused(err)
		for _, x := range fault.FieldsOf(err) {
			if x.Name == "form" {
				f.typed["form"] = "" // a form that is not ours gets a fresh key
			}
		}
		return c.dropForm(c.dropStatus(err), f)
	}
	return c.drop(dropPage{Title: "Your receipt", Here: "/report", Secret: true, Body: reportReceiptBody(got, got.Receipt.String())})
}

// ackWords says by when the desk answers a report.
const ackWords = "The desk acknowledges a report within 48 hours."

// securityTxt points who found a vulnerability to the form (RFC 9116).
func (c *Ctx) securityTxt() error {
	// Whole days, as everything about the drop; renewed with each answer.
	expires := clock.Day(c.DB.Clock().Now()).AddDate(0, 0, 180)
	body := fmt.Sprintf("Contact: %[1]s/report\nExpires: %[2]s\nCanonical: %[1]s/.well-known/security.txt\nPolicy: %[1]s/report#policy\nPreferred-Languages: en\n",
		c.Origin, expires.Format(time.RFC3339))
	h := c.W.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	_, err := c.W.Write([]byte(body))
	return err
}
