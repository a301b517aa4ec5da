package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// vulnsMatchCmd checks SBOMs against files of records. Nothing is kept: the store lies
// in a folder that is removed at the end.
type vulnsMatchCmd struct {
	SBOM   []string `name:"sbom" required:"" help:"A CycloneDX or SPDX document; may be given several times." type:"existingfile" placeholder:"FILE" sep:"none"`
	OSV    []string `name:"osv" help:"OSV records: one, lines, an array, or a ZIP archive." type:"existingfile" placeholder:"FILE" sep:"none"`
	CVE    []string `name:"cve" help:"CVE records (JSON 5), the same." type:"existingfile" placeholder:"FILE" sep:"none"`
	CSAF   []string `name:"csaf" help:"CSAF documents: one, or a ZIP archive." type:"existingfile" placeholder:"FILE" sep:"none"`
	KEV    []string `name:"kev" help:"CISA's catalogue of known exploited vulnerabilities." type:"existingfile" placeholder:"FILE" sep:"none"`
	FailOn string   `name:"fail-on" help:"End with an error if there is a finding that is exploited; or that, or critical; or that, or high." placeholder:"exploited|critical|high" enum:"exploited,critical,high," default:""`
	JSON   bool     `name:"json" help:"One line of JSON for each finding."`
	Times  bool     `help:"Say on standard error how long each part took."`
}

// Run does it.
func (c *vulnsMatchCmd) Run(ctx context.Context, out io.Writer) error {
	if len(c.OSV)+len(c.CVE)+len(c.CSAF)+len(c.KEV) == 0 {
		fmt.Fprintln(os.Stderr, "cordon: give files of records to check against: --osv, --cve, --csaf or --kev")
		return exitCode(2)
	}
	dir, err := os.MkdirTemp("", "cordon-match-*") // only its owner may read it
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	h, err := build(ctx, plan{Data: dir, Origin: "http://localhost", Demo: true, Clock: clock.System(), Log: log})
	if err != nil {
		return err
	}
	defer h.close()
	m := &match{house: h, ctx: ctx}
	if err := m.found(); err != nil {
		return err
	}
	begun := clock.System().Now()
	part := func(what string) {
		if now := clock.System().Now(); c.Times {
			fmt.Fprintf(os.Stderr, "%s: %.2f s\n", what, now.Sub(begun).Seconds())
			begun = now
		}
	}
	for _, k := range []struct {
		kind  vulns.Kind
		files []string
	}{{vulns.OSV, c.OSV}, {vulns.CVE, c.CVE}, {vulns.CSAF, c.CSAF}, {vulns.KEV, c.KEV}} {
		for _, f := range k.files {
			if err := m.records(k.kind, f); err != nil {
				return fmt.Errorf("%s: %w", f, said(err))
			}
		}
	}
	part("records")
	var lines []findingLine
	for i, f := range c.SBOM {
		some, err := m.sbom(i, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f, said(err))
		}
		lines = append(lines, some...)
	}
	part("SBOMs")
	if err := printFindings(out, lines, c.JSON); err != nil {
		return err
	}
	return failOn(lines, c.FailOn)
}

// match is a house of one person, for one check.
type match struct {
	*house
	ctx context.Context
	who policy.Viewer
}

func (m *match) found() error {
	return m.db.Write(m.ctx, policy.System("match"), func(tx *db.Tx) error {
		s, err := m.members.FirstRun(tx, members.Founding{Community: "A check", Org: members.Profile{Name: "Local", Kind: policy.ISAO, Employees: 1, Country: "US"}, Person: members.NewPerson{Name: "You", Recipient: true}})
		if err != nil {
			return err
		}
		people, err := m.members.People(tx.View, s.Org)
		if err == nil {
			m.who, err = m.members.ViewerOf(tx.View, people[0].ID, "", nil)
		}
		return err
	})
}

// records takes a file of records in. What cannot be read of it is told: what is not
// compared is not "not affected".
func (m *match) records(kind vulns.Kind, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	everybody := policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
	b, err := m.vulns.Accept(m.ctx, m.db, m.who, vulns.NewBatch{Name: filepath.Base(path), Kind: kind, Label: everybody}, &interruptible{m.ctx, f})
	if err != nil {
		return err
	}
	bar := newBar("read " + b.Name)
	b, err = m.vulns.Read(m.ctx, m.db, librarian, b.ID, func(b *vulns.Batch) { bar.set("read "+b.Name, b.Consumed, b.Size) })
	bar.end()
	if err != nil {
		return err
	}
	for i, p := range b.Problems {
		if i == problemsShown {
			break
		}
		fmt.Fprintf(os.Stderr, "%s, %s: %s\n", b.Name, plain(p.Where), plain(p.Reason))
	}
	if b.Skipped > 0 {
		fmt.Fprintf(os.Stderr, "%s: %d records were skipped, and nothing is compared with them.\n", b.Name, b.Skipped)
	}
	switch {
	case b.State != vulns.Done:
		return errors.New("it could not be read to its end")
	case b.Seen == b.Skipped:
		return fmt.Errorf("it holds no record of %s that can be read", kind)
	}
	return nil
}

// sbom takes an SBOM in, compares it and gives its findings, the most urgent first.
func (m *match) sbom(i int, path string) (lines []findingLine, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var product string
	err = m.db.Write(m.ctx, m.who, func(tx *db.Tx) (err error) {
		product, _, err = m.devices.AddProduct(tx, devices.ProductForm{Maker: "Local", Name: fmt.Sprintf("Document %d", i+1)})
		return err
	})
	if err != nil {
		return nil, err
	}
	b, err := m.devices.AcceptSBOM(m.ctx, m.db, m.who, devices.NewSBOM{Product: product, Name: filepath.Base(path), Via: "command"}, &interruptible{m.ctx, f})
	if err != nil {
		return nil, err
	}
	bar := newBar("read " + b.Name)
	defer bar.end()
	if b, err = m.devices.ReadSBOM(m.ctx, m.db, librarian, b.ID, func(b *devices.SBOM) { bar.set("read "+b.Name, b.Consumed, b.Size) }); err != nil {
		return nil, err
	}
	if b.State != devices.SBOMDone {
		return nil, fmt.Errorf("it cannot be read: %s", b.Why)
	}
	for follower := m.matching.Follower(); ; {
		n, err := m.ledger.Step(m.ctx, follower)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
	}
	for more := true; more; {
		if more, err = m.matching.Step(m.ctx, m.db, matcher); err != nil {
			return nil, err
		}
	}
	err = m.db.Read(m.ctx, m.who, func(v *db.View) error {
		for after := 0; ; {
			fs, err := m.matching.OfSBOM(v, b.ID, matching.Query{After: after, Limit: matching.MaxPage})
			if err != nil {
				return err
			}
			for _, f := range fs {
				l := findingLine{SBOM: path, Vulnerability: f.Vuln, Title: f.Title, Exploited: f.Exploited, Verdict: string(f.Verdict), Name: f.Part.Name, Version: f.Part.Version, PURL: f.Part.PURL, Settled: !f.Open(v.Now())}
				if f.Severity >= 0 {
					s := float64(f.Severity) / 10
					l.Severity = &s
				}
				for _, r := range f.Reasons {
					l.Why = append(l.Why, r.Why)
				}
				lines = append(lines, l)
			}
			if after += len(fs); len(fs) < matching.MaxPage {
				return nil
			}
		}
	})
	return lines, err
}
