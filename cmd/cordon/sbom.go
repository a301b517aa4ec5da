package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/api"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/ids"
)

// sbomCmd sends SBOMs to a running server and asks what touches them: for build
// pipelines.
type sbomCmd struct {
	Upload   sbomUploadCmd   `cmd:"" help:"Send an SBOM for a product, and wait until it was read and compared with what is known."`
	Findings sbomFindingsCmd `cmd:"" help:"List what touches a product; fail the build on what is grave."`
}

// product finds the product that a pipeline names: by its id, or by its name among
// those that the own organization keeps.
func (r *remote) product(ctx context.Context, name string) (api.DeviceRecord, error) {
	if ids.Valid("product", name) {
		return get[api.DeviceRecord](ctx, r, "/api/v1/products/"+name)
	}
	ps, err := all[api.DeviceRecord](ctx, r, "/api/v1/products?mine=true&q="+url.QueryEscape(name))
	if err != nil {
		return api.DeviceRecord{}, err
	}
	var found []api.DeviceRecord
	for _, p := range ps {
		if w := names.Fold(name); names.Fold(p.Name) == w || names.Fold(p.Maker+" "+p.Name) == w {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return api.DeviceRecord{}, fmt.Errorf("your organization keeps no product called %q; add it first, or give its id", name)
	case 1:
		return found[0], nil
	}
	return api.DeviceRecord{}, fmt.Errorf("your organization keeps %d products called %q; give the id of the one that is meant", len(found), name)
}

// sbomUploadCmd sends a file. Given again, it goes on: the same file for the same
// version is kept once.
type sbomUploadCmd struct {
	File string `arg:"" help:"A CycloneDX or SPDX document." type:"existingfile" placeholder:"FILE"`
	serverPlace
	Product  string   `required:"" help:"The product's name, or its id." placeholder:"NAME"`
	Version  string   `name:"product-version" help:"The product's version that it is of." placeholder:"VERSION"`
	TLP      string   `name:"tlp" help:"How it is marked; AMBER+STRICT to your organization if not given." placeholder:"TLP"`
	Audience []string `help:"Whom it reaches, such as org:ID." placeholder:"WHOM"`
	NoWait   bool     `name:"no-wait" help:"Do not wait until it was read."`
}

// Run does it.
func (c *sbomUploadCmd) Run(ctx context.Context, out io.Writer) error {
	r, err := c.remote()
	if err != nil {
		return err
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
	if info.Size() == 0 || info.Size() > devices.MaxSBOM {
		return fmt.Errorf("%s has %d bytes; an SBOM has from 1 byte to %d MiB", c.File, info.Size(), devices.MaxSBOM>>20)
	}
	p, err := r.product(ctx, c.Product)
	if err != nil {
		return err
	}
	q := url.Values{"product": {p.ID}, "version": {c.Version}, "name": {filepath.Base(c.File)}}
	if c.TLP != "" {
		q.Set("tlp", string(tlpFlag(c.TLP)))
	}
	if len(c.Audience) > 0 {
		q.Set("audience", strings.Join(c.Audience, ","))
	}
	b, err := c.send(ctx, r, f, info.Size(), "/api/v1/sboms?"+q.Encode())
	if err != nil {
		return err
	}
	if !c.NoWait {
		if b, err = r.settled(ctx, b); err != nil {
			return err
		}
	}
	switch b.State {
	case "broken":
		return fmt.Errorf("%s was kept as %s and cannot be read: %s", b.Name, b.ID, b.Why)
	case "withdrawn":
		return fmt.Errorf("%s was withdrawn meanwhile: %s", b.ID, b.Why)
	case "queued":
		fmt.Fprintf(out, "%s: kept as %s, and waits to be read.\n", b.Name, b.ID)
		return nil
	}
	fmt.Fprintf(out, "%s: kept as %s; %d components, quality %d of 100.\n", b.Name, b.ID, b.Components, b.Quality.Score)
	return nil
}

// tries is how often a file is sent before giving up; sending it again does nothing
// twice.
const tries = 4

func (c *sbomUploadCmd) send(ctx context.Context, r *remote, f *os.File, size int64, path string) (b api.SBOM, err error) {
	for try := 1; ; try++ {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return b, err
		}
		bar := newBar("send")
		b, err = decoded[api.SBOM](r.ask(ctx, http.MethodPost, path, "", &watched{what: "send", r: &interruptible{ctx, io.NopCloser(f)}, bar: bar, size: size}, size))
		bar.end()
		var lost *url.Error
		if err == nil || ctx.Err() != nil || try == tries || !errors.As(err, &lost) {
			return b, err
		}
		fmt.Fprintf(os.Stderr, "%v; trying again\n", err)
		select {
		case <-ctx.Done():
			return b, ctx.Err()
		case <-time.After(time.Duration(try) * time.Second):
		}
	}
}

// settled waits until an SBOM was read and compared with what is known.
func (r *remote) settled(ctx context.Context, b api.SBOM) (api.SBOM, error) {
	b, err := watch(ctx, r, "/api/v1/sboms/"+b.ID, b, func(b api.SBOM) (string, int, bool) {
		if b.State == "done" {
			return "compare", b.Percent, b.Matched
		}
		return "read", b.Percent, b.State != "queued"
	})
	if ctx.Err() != nil {
		return b, fmt.Errorf("interrupted; the file is kept as %s and will be read", b.ID)
	}
	return b, err
}

// sbomFindingsCmd lists findings of a product.
type sbomFindingsCmd struct {
	serverPlace
	Product string `required:"" help:"The product's name, or its id." placeholder:"NAME"`
	Version string `name:"product-version" help:"Only of this version." placeholder:"VERSION"`
	FailOn  string `name:"fail-on" help:"End with an error if there is an open finding that is exploited; or that, or critical; or that, or high." placeholder:"exploited|critical|high" enum:"exploited,critical,high," default:""`
	JSON    bool   `name:"json" help:"One line of JSON for each finding."`
}

// Run does it. It waits until the newest SBOM was compared: before, that there is no
// finding says nothing.
func (c *sbomFindingsCmd) Run(ctx context.Context, out io.Writer) error {
	r, err := c.remote()
	if err != nil {
		return err
	}
	p, err := r.product(ctx, c.Product)
	if err != nil {
		return err
	}
	bs, err := get[pageOf[api.SBOM]](ctx, r, "/api/v1/products/"+p.ID+"/sboms?limit=200")
	if err != nil {
		return err
	}
	there := false
	for _, b := range bs.Items {
		if c.Version != "" && devices.FoldVersion(b.Version) != devices.FoldVersion(c.Version) || b.State == "withdrawn" {
			continue
		}
		if b, err = r.settled(ctx, b); err != nil {
			return err
		}
		if b.State == "broken" {
			return fmt.Errorf("the newest SBOM, %s, cannot be read: %s", b.ID, b.Why)
		}
		there = true
		break
	}
	if !there && c.FailOn != "" {
		return errors.New("there is no SBOM of this product and version, so that nothing is found would say nothing; send one with cordon sbom upload")
	}
	fs, err := all[api.Finding](ctx, r, "/api/v1/products/"+p.ID+"/findings?version="+url.QueryEscape(c.Version))
	if err != nil {
		return err
	}
	var lines []findingLine
	for _, f := range fs {
		l := findingLine{Vulnerability: f.Vulnerability, Severity: f.Severity, Exploited: f.Exploited, Verdict: f.Verdict, Name: p.Name, Version: f.Version, Title: f.Title, Settled: !f.Open}
		if f.Component != nil {
			l.Name, l.Version, l.PURL = f.Component.Name, f.Component.Version, f.Component.PURL
		}
		for _, reason := range f.Reasons {
			l.Why = append(l.Why, reason.Why)
		}
		lines = append(lines, l)
	}
	if err := printFindings(out, lines, c.JSON); err != nil {
		return err
	}
	return failOn(lines, c.FailOn)
}

// sumOf is the SHA-256 of a file, in hexadecimal digits.
func sumOf(ctx context.Context, f io.ReadSeeker) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, &interruptible{ctx, f}); err != nil {
		return "", err
	}
	_, err := f.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)), err
}
