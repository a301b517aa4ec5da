package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// noticesView is everything on a case's page of customer notices.
type noticesView struct {
	head  caseHead
	all   []cases.Notice
	names map[string]string // of parties, by id
	may   bool              // the reader writes to the party's customers
	due   *cases.Obligation // the open 30-day clock, if it runs
}

// mayNotice reports whether the reader may write to its customers.
func (c *Ctx) mayNotice(h caseHead) bool { return h.Own != nil && c.Viewer.May(policy.MayWorkCase) }

// caseNotices lists a case's customer notices.
func (c *Ctx) caseNotices() error {
	return c.onCase(tabNotices, func(h caseHead) error {
		x := noticesView{head: h, names: partyNames(h.All), may: c.mayNotice(h)}
		var err error
		if x.all, err = c.Cases.Notices(c.View, h.K.ID); err != nil {
			return err
		}
		os, err := c.Cases.Obligations(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for i, o := range os {
			if o.Rule == "R-010" && o.Clock == "notice" && o.State.Open() && h.Own != nil && o.Party == h.Own.ID {
				x.due = &os[i]
			}
		}
		p := c.casePage(h, "customer notices", 200)
		if h.Own != nil {
			p.Label = c.ownLabel(*h.Own)
		}
		p.Body = noticesBody(x, c.View.Now())
		return c.show(p)
	})
}

// noticeShow is a notice: its text and how it was sent; of a draft, the way to
// the editor.
func (c *Ctx) noticeShow() error { return c.onNotice(200, attempt{}, false) }

// onNotice shows the notice that the address names: its text, or the form that
// sends it.
func (c *Ctx) onNotice(status int, a attempt, sending bool) error {
	return c.onCase(tabNotices, func(h caseHead) error {
		n, err := c.noticeOf(h)
		if err != nil {
			return err
		}
		p := c.casePage(h, "customer notice", status)
		if h.Own != nil {
			p.Label = c.ownLabel(*h.Own)
		}
		may := c.mayNotice(h) && n.Party == h.Own.ID
		if sending {
			if !may {
				return fault.Forbiddenf("The people of the party tell its customers.")
			}
			p.Body = noticeSendBody(h, n, a, c.View.Now())
		} else {
			p.Body = noticeBody(h, n, may, c.View.Now())
		}
		return c.show(p)
	})
}

// noticeOf is the notice that the address names, in its case.
func (c *Ctx) noticeOf(h caseHead) (cases.Notice, error) {
	n, err := c.Cases.Notice(c.View, c.R.PathValue("notice"))
	if err == nil && n.Case != h.K.ID {
		err = fault.ErrMissing
	}
	return n, err
}

// noticeText and noticeMail are a notice as a file.
func (c *Ctx) noticeText() error {
	return c.onCase(tabNotices, func(h caseHead) error {
		n, err := c.noticeOf(h)
		if err != nil {
			return err
		}
		return c.sendFile(h.K.Short()+"-notice.txt", "text/plain; charset=utf-8", n.File())
	})
}

func (c *Ctx) noticeMail() error {
	return c.onCase(tabNotices, func(h caseHead) error {
		n, err := c.noticeOf(h)
		if err != nil {
			return err
		}
		b, err := n.EML()
		if err != nil {
			return err
		}
		return c.sendFile(h.K.Short()+"-notice.eml", "message/rfc822", b)
	})
}

// notices lists the copies of customer notices that the ISAO was given: to the
// desk all of them, to anybody else those of cases that they act in.
func (c *Ctx) notices() error {
	all, err := c.Cases.ISAOCopies(c.View, cases.MaxPage)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	hidden := 0
	if g.hides(policy.Label{TLP: policy.AmberStrict}) {
		hidden, all = len(all), nil
	}
	var label policy.Label
	if len(all) > 0 {
		label = policy.Label{TLP: policy.AmberStrict}
	}
	return c.show(Page{Title: "Customer notices", Kind: "notices", Label: label, Live: []string{"*"}, Body: copiesBody(all, hidden, c.View.Now())})
}

// noticeCopy is one of them.
func (c *Ctx) noticeCopy() error {
	n, err := c.Cases.Notice(c.View, c.R.PathValue("notice"))
	if err != nil {
		return err
	}
	if n.State != cases.NoticeCopy {
		return fault.ErrMissing
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	label := policy.Label{TLP: policy.AmberStrict}
	if g.hides(label) {
		return c.secondPasskey()
	}
	return c.show(Page{Title: n.Text.Subject, Kind: "notice", Label: label, Body: copyBody(n, c.View.Now())})
}

// noticeRows are notices as rows of a list.
func noticeRows(ns []cases.Notice, href func(cases.Notice) string, names map[string]string) (rows []ui.Row) {
	for _, n := range ns {
		r := ui.Row{ID: n.ID, Title: n.Text.Subject, Href: href(n), Label: string(policy.AmberStrict), At: n.At}
		switch n.State {
		case cases.NoticeDraft:
			r.State, r.Meta, r.Icon = "draft", ui.Count(len(n.Text.Lacks()), "thing is missing", "things are missing"), "edit"
			if len(n.Text.Lacks()) == 0 {
				r.Meta = "Nothing is missing"
			}
		default:
			r.State, r.At, r.Icon = "sent", n.SentAt, "send"
			r.Meta = n.Via + "; " + ui.Count(n.Count, "recipient", "recipients") + "; copied to the ISAO"
		}
		if name := names[n.Party]; name != "" {
			r.Meta = name + ": " + r.Meta
		}
		rows = append(rows, r)
	}
	return rows
}
