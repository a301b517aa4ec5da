package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/cordon-isao/cordon/api"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// vulnsCmd brings in what sources say of vulnerabilities, and checks SBOMs against it.
type vulnsCmd struct {
	Import vulnsImportCmd `cmd:"" help:"Bring in a file of records: OSV, CVE, KEV, EPSS or CSAF."`
	Match  vulnsMatchCmd  `cmd:"" help:"Check SBOMs against files of records, on this machine, without a server."`
}

// vulnsImportCmd brings a file in. What was interrupted goes on when the same command
// is given again.
type vulnsImportCmd struct {
	File string `arg:"" help:"The file." type:"existingfile" placeholder:"FILE"`
	intelPlace
	Kind     string   `required:"" help:"What the file holds." enum:"osv,cve,kev,epss,csaf"`
	TLP      string   `name:"tlp" help:"How its records are marked; AMBER+STRICT to your organization if not given." placeholder:"TLP"`
	Audience []string `help:"Whom they reach: public (for the desk), community, org:ID and so on." placeholder:"WHOM"`
	Feed     string   `help:"The id of a feed that is read from files; its label is the records' then." placeholder:"ID"`
	Name     string   `help:"Another name than the file's, for the record." placeholder:"NAME"`
}

// batch says what is sent.
func (c *vulnsImportCmd) batch(sum string) (n vulns.NewBatch, err error) {
	n = vulns.NewBatch{Name: c.Name, Kind: vulns.Kind(c.Kind), Feed: c.Feed}
	if n.Name == "" {
		n.Name = filepath.Base(c.File)
	}
	if c.TLP != "" || len(c.Audience) > 0 {
		if n.Label.TLP, err = policy.ParseTLP(string(tlpFlag(c.TLP))); err != nil {
			return n, errors.New("--tlp: write RED, AMBER+STRICT, AMBER, GREEN or CLEAR")
		}
		if n.Label.Audience, err = policy.ParseAudience(c.Audience); err != nil {
			return n, fmt.Errorf("--audience: %w", err)
		}
	}
	n.Key = "vulns-" + sum
	return n, nil
}

// Run does it.
func (c *vulnsImportCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.check(); err != nil {
		fmt.Fprintln(os.Stderr, "cordon:", err)
		return exitCode(2)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sum, err := sumOf(ctx, f)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	n, err := c.batch(sum)
	if err != nil {
		return err
	}
	var b api.VulnBatch
	if c.Server != "" {
		b, err = c.send(ctx, f, info.Size(), n)
	} else {
		b, err = c.read(ctx, f, info.Size(), n)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted after %d records, which stay. Give the same command again, and it goes on where it was", b.Seen)
	}
	if err != nil {
		return said(err)
	}
	fmt.Fprintf(out, "%s: %d records read; %d added, %d changed, %d known already, %d skipped.\n", b.Name, b.Seen, b.Added, b.Changed, b.Same, b.Skipped)
	for i, p := range b.Problems {
		if i == problemsShown {
			fmt.Fprintf(out, "  … and %d more\n", len(b.Problems)-i)
			break
		}
		fmt.Fprintf(out, "  %s: %s\n", plain(p.Where), plain(p.Reason))
	}
	switch vulns.BatchState(b.State) {
	case vulns.Done:
		return nil
	case vulns.Broken:
		return errors.New("the file could not be read to its end; what was read stays")
	}
	return errors.New("the file was not read to its end: somebody stopped it; what was read stays")
}

// read takes the file in at the data folder. What it touches is compared when a server
// runs there next.
func (c *vulnsImportCmd) read(ctx context.Context, f *os.File, size int64, n vulns.NewBatch) (api.VulnBatch, error) {
	h, who, done, err := c.open(ctx)
	if err != nil {
		return api.VulnBatch{}, err
	}
	defer done()
	bar := newBar("keep")
	b, err := h.vulns.Accept(ctx, h.db, who, n, &watched{what: "keep", r: &interruptible{ctx, f}, bar: bar, size: size})
	bar.end()
	if err != nil {
		return api.VulnBatch{}, err
	}
	if b.State == vulns.Queued || b.State == vulns.Running {
		bar = newBar("read")
		read, err := h.vulns.Read(ctx, h.db, librarian, b.ID, func(b *vulns.Batch) { bar.set("read", b.Consumed, b.Size) })
		bar.end()
		if read != nil {
			b = read
		}
		if err != nil {
			return api.VulnBatch{Seen: b.Seen}, err
		}
	}
	out := api.VulnBatch{ID: b.ID, Name: b.Name, State: string(b.State), Seen: b.Seen, Added: b.Added, Changed: b.Changed, Same: b.Same, Skipped: b.Skipped}
	for _, p := range b.Problems {
		out.Problems = append(out.Problems, api.VulnProblem(p))
	}
	return out, nil
}

// send brings the file to a running server, and waits until it was read.
func (c *vulnsImportCmd) send(ctx context.Context, f *os.File, size int64, n vulns.NewBatch) (b api.VulnBatch, err error) {
	r, err := c.remote()
	if err != nil {
		return b, err
	}
	q := url.Values{}
	for name, value := range map[string]string{"kind": string(n.Kind), "name": n.Name, "feed": n.Feed, "tlp": string(n.Label.TLP), "audience": strings.Join(n.Label.Audience.Strings(), ",")} {
		if value != "" {
			q.Set(name, value)
		}
	}
	bar := newBar("send")
	b, err = decoded[api.VulnBatch](r.ask(ctx, http.MethodPost, "/api/v1/vuln-batches?"+q.Encode(), n.Key, &watched{what: "send", r: &interruptible{ctx, f}, bar: bar, size: size}, size))
	bar.end()
	if err != nil {
		return b, err
	}
	if b.State == string(vulns.Stopped) {
		if b, err = decoded[api.VulnBatch](r.ask(ctx, http.MethodPost, "/api/v1/vuln-batches/"+b.ID+"/resume", "", nil, 0)); err != nil {
			return b, err
		}
	}
	return watch(ctx, r, "/api/v1/vuln-batches/"+b.ID, b, func(b api.VulnBatch) (string, int, bool) {
		return "read", b.Percent, b.State != string(vulns.Queued) && b.State != string(vulns.Running)
	})
}
