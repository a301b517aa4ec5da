//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// A server that reads a file of vulnerabilities and an SBOM is killed with SIGKILL
// again and again: it goes on where it was, nothing comes twice, nothing is lost.
func TestKillReading(t *testing.T) {
	t.Parallel()
	const records, parts, kills = 6_000, 60_000, 4
	roll := seeded(t, records)
	dir, ctx := t.TempDir(), context.Background()
	w := closedWorld(t, plan{Data: dir, Clock: clock.System()})
	w.found()
	person := w.person(w.org("Pumps", policy.Manufacturer), "Pia Pump")
	pia := w.viewer(person)
	var flaws strings.Builder
	for i := range records {
		flaws.WriteString(npmFlaw(fmt.Sprintf("CVE-2026-%d", 10_000+i), fmt.Sprint("lib", i), "2.0.0") + "\n")
	}
	var libs []string
	for i := range parts {
		libs = append(libs, fmt.Sprintf("lib%d@1.0.0", i*7))
	}
	token := w.token(person)
	var product string
	w.write(pia, func(tx *db.Tx) (err error) {
		product, _, err = w.house.devices.AddProduct(tx, devices.ProductForm{Name: "Pump"})
		return err
	})
	batch, err := w.house.vulns.Accept(ctx, w.house.db, pia, vulns.NewBatch{Name: "flaws", Kind: vulns.OSV}, strings.NewReader(flaws.String()))
	if err != nil {
		t.Fatal(err)
	}
	bill, err := w.house.devices.AcceptSBOM(ctx, w.house.db, pia, devices.NewSBOM{Product: product, Version: "1", Name: "bom.json", Via: "api"}, strings.NewReader(librarySBOM(libs...)))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.house.close(); err != nil {
		t.Fatal(err)
	}
	for range kills {
		p := start(t, "serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error")
		came := p.progress(token, batch.ID, bill.ID)
		for until := time.Now().Add(10 * time.Second); p.progress(token, batch.ID, bill.ID) == came && time.Now().Before(until); {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(roll.below(200)) * time.Millisecond)
		p.kill()
	}

	// What died holds its lease of the batch for half a minute more.
	w = closedWorld(t, plan{Data: dir, Clock: clock.NewManual(clock.System().Now().Add(time.Minute))})
	defer w.house.close()
	pia = w.viewer(person)
	look := func() {
		w.read(pia, func(v *db.View) (err error) {
			if batch, err = w.house.vulns.Batch(v, batch.ID); err == nil {
				bill, err = w.house.devices.SBOM(v, bill.ID)
			}
			return err
		})
	}
	look()
	t.Logf("%d kills; then %d of %d records and %d of %d components were read", kills, batch.Seen, records, bill.Components, parts)
	if batch.Seen == 0 && bill.Components == 0 || batch.State == vulns.Done && bill.State == devices.SBOMDone {
		t.Error("no kill came in the middle")
	}
	if batch.State != vulns.Done {
		if _, err := w.house.vulns.Read(ctx, w.house.db, librarian, batch.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	if bill.State == devices.SBOMQueued {
		if _, err := w.house.devices.ReadSBOM(ctx, w.house.db, librarian, bill.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if batch.State != vulns.Done || batch.Seen != records || batch.Added != records || batch.Same+batch.Changed+batch.Skipped != 0 {
		t.Errorf("the batch: %+v", batch)
	}
	if bill.State != devices.SBOMDone {
		t.Errorf("the SBOM: %+v", bill)
	}
	w.read(pia, func(v *db.View) error {
		seen := map[string]bool{}
		for after := 0; ; {
			ps, err := w.house.devices.Components(v, bill.ID, "", after, devices.MaxPage)
			if err != nil || len(ps) == 0 {
				if len(seen) < parts || len(seen) > parts+1 { // the device itself may be one
					t.Errorf("%d components are there, not %d", len(seen), parts)
				}
				return err
			}
			for _, p := range ps {
				if seen[p.Ref] {
					t.Fatalf("the component %s is there twice", p.Ref)
				}
				seen[p.Ref], after = true, p.Number
			}
		}
	})
	w.read(pia, func(v *db.View) error {
		seen := map[string]bool{}
		for after := ""; ; {
			list, next, err := w.house.vulns.List(v, vulns.Query{After: after, Limit: vulns.MaxPage})
			if err != nil {
				return err
			}
			for _, u := range list {
				if seen[u.ID] {
					t.Fatalf("%s is listed twice", u.ID)
				}
				seen[u.ID] = true
			}
			if after = next; next == "" {
				if len(seen) != records {
					t.Errorf("%d vulnerabilities are there", len(seen))
				}
				return nil
			}
		}
	})
	report, err := w.house.ledger.Verify(ctx, nil)
	if err != nil || !report.Whole() {
		t.Errorf("the ledger is not whole: %v %v", err, report.Problems)
	}
}

// progress is how far a server says that it has read a batch and an SBOM.
func (p *running) progress(token, batch, bill string) (far [2]int) {
	p.t.Helper()
	for i, path := range []string{"/api/v1/vuln-batches/" + batch, "/api/v1/sboms/" + bill} {
		req, err := http.NewRequest("GET", p.url+path, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		var said struct{ Seen, Components int }
		err = json.NewDecoder(res.Body).Decode(&said)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 {
			p.t.Fatalf("GET %s: %d, %v", path, res.StatusCode, err)
		}
		far[i] = said.Seen + said.Components
	}
	return far
}
