package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// intelExportCmd takes out what a person may read. That he takes it is recorded.
type intelExportCmd struct {
	intelPlace
	Query  string `help:"What is taken out, as in the search box; everything if not given." placeholder:"SEARCH"`
	Format string `help:"In what form." default:"stix" enum:"stix,csv,misp,list,sigma,snort,suricata,yara"`
	Out    string `help:"The file to write, which must not be there; standard output if not given." placeholder:"FILE" type:"path"`
}

// Run does it. What breaks off leaves no file.
func (c *intelExportCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.check(); err != nil {
		fmt.Fprintln(os.Stderr, "cordon:", err)
		return exitCode(2)
	}
	if c.Out == "" {
		w := bufio.NewWriter(out)
		if err := c.write(ctx, w); err != nil {
			return said(err)
		}
		return w.Flush()
	}
	if _, err := os.Lstat(c.Out); err == nil {
		return fmt.Errorf("%s is there already; give another name", c.Out)
	}
	return writeWhole(c.Out, func(f *os.File) error {
		w := bufio.NewWriter(f)
		if err := c.write(ctx, w); err != nil {
			return said(err)
		}
		return w.Flush()
	})
}

// write writes the export and says on standard error how it is marked.
func (c *intelExportCmd) write(ctx context.Context, w io.Writer) error {
	if c.Server != "" {
		return c.fetch(ctx, w)
	}
	h, who, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !who.May(policy.MayExport) {
		return errors.New("this person may not take threat intelligence out")
	}
	for { // what an import brought while no server ran is not in the index yet
		n, err := h.intel.Index(ctx, h.db, scribe)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	r := intel.ExportRequest{Format: intel.ExportFormat(c.Format)}
	err = h.db.Read(ctx, who, func(v *db.View) (err error) {
		r.Query, err = intel.ParseQuery(c.Query, v.Now())
		return err
	})
	if err != nil {
		return err
	}
	_, err = h.intel.Export(ctx, h.db, who, r, func(e intel.Exported) (io.Writer, error) {
		fmt.Fprintf(os.Stderr, "%d objects, marked %s\n", e.Count, e.Label.TLP)
		return w, nil
	})
	return err
}

// fetch takes the export from a running server.
func (c *intelExportCmd) fetch(ctx context.Context, w io.Writer) error {
	r, err := c.remote()
	if err != nil {
		return err
	}
	q := url.Values{"format": {c.Format}}
	if c.Query != "" {
		q.Set("q", c.Query)
	}
	resp, err := r.ask(ctx, http.MethodGet, "/api/v1/intel/export?"+q.Encode(), "", nil, 0)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	fmt.Fprintf(os.Stderr, "%s objects, marked %s\n", resp.Header.Get("X-Cordon-Objects"), resp.Header.Get("X-Cordon-Label"))
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the export broke off: %w", err)
	}
	return nil
}
