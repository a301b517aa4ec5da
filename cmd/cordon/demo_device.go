package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// shelf is the story of the demo's devices while it is told: what was made in it, by
// the names that the story uses.
type shelf struct {
	*saga
	feeds  map[vulns.Kind]string
	sboms  map[string]string // by file
	alerts map[string]string
}

// do adds what a person did that is more than one write.
func (s *shelf) do(days int, hour, by string, fn func(who policy.Viewer) error) {
	at := s.when(days, hour)
	*s.steps = append(*s.steps, step{at, func() error {
		if err := fn(s.viewers[by]); err != nil {
			return fmt.Errorf("%s, %s by %s: %w", s.name, at.Format(time.DateTime), by, err)
		}
		return nil
	}})
}

// settle compares what there is to compare and makes the notices of it, as the running
// house does a moment after each act: findings, and what is told of them, are of the
// day on which they came up.
func (s *shelf) settle(days int, hour string) {
	*s.steps = append(*s.steps, step{s.when(days, hour), s.story.settle})
}

func (s *story) settle() error {
	for _, f := range []ledger.Follower{s.matching.Follower(), s.house.alerts.Follower()} {
		for {
			if n, err := s.ledger.Step(s.ctx, f); err != nil || n == 0 {
				if err != nil {
					return err
				}
				break
			}
		}
	}
	for more := true; more; {
		var err error
		if more, err = s.matching.Step(s.ctx, s.db, matcher); err != nil {
			return err
		}
	}
	_, err := s.house.alerts.Step(s.ctx, s.db, teller)
	return err
}

// read has something read that was queued. Where the house's own workers run, they are
// waited for; else it is read here.
func (s *story) read(ended func() (bool, error), now func() error) error {
	if s.stop == nil {
		if err := now(); err != nil {
			return err
		}
	}
	for range 2000 {
		if ok, err := ended(); ok || err != nil {
			return err
		}
		select {
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("what was queued is not read")
}

// green is for all members.
func green() policy.Label {
	return policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
}

// forOrgs is AMBER for some organizations.
func (s *shelf) forOrgs(keys ...string) policy.Label {
	l := policy.Label{TLP: policy.Amber}
	for _, k := range keys {
		l.Audience = l.Audience.With(policy.OfOrg(s.orgs[k]))
	}
	return l
}

// addProducts imports a maker's table of products, for all members.
func (s *shelf) addProducts(days int, hour, by, table string) {
	s.do(days, hour, by, func(who policy.Viewer) error {
		body, err := furnish.DeviceTable("products/"+table+".csv", s.when)
		if err != nil {
			return err
		}
		plan, err := s.devices.ImportProducts(s.ctx, s.db, who, devices.ProductImport{Format: devices.FromCSV, Name: table + ".csv", Body: body, Label: green()}, nil)
		return whole(plan, err)
	})
}

// addDeployments imports a hospital's inventory, and accepts what its rows surely are.
func (s *shelf) addDeployments(days int, hour, by, table string, accept ...string) {
	s.do(days, hour, by, func(who policy.Viewer) error {
		body, err := furnish.DeviceTable("inventory/"+table+".csv", s.when)
		if err != nil {
			return err
		}
		plan, err := s.devices.ImportDeployments(s.ctx, s.db, who, devices.DeploymentImport{Body: body}, nil)
		return whole(plan.Plan, err)
	})
	for _, how := range accept {
		s.on(days, hour, by, func(tx *db.Tx) error {
			_, _, err := s.devices.AcceptAll(tx, how, "")
			return err
		})
	}
}

func whole(plan devices.Plan, err error) error {
	if err == nil && plan.Refused > 0 {
		for _, r := range plan.Rows {
			if r.Action == devices.PlanRefuse {
				err = errors.Join(err, fmt.Errorf("%s: %v", r.What, r.Problems))
			}
		}
	}
	return err
}

// product finds a product of that name that the viewer can read.
func (s *shelf) product(v *db.View, name string) (devices.Product, error) {
	ps, _, err := s.devices.Products(v, devices.ProductQuery{Words: name, Limit: 50})
	for _, p := range ps {
		if p.Name == name {
			return p, err
		}
	}
	return devices.Product{}, errors.Join(err, fmt.Errorf("there is no product %q", name))
}

// addSBOM sends an SBOM of a product's version and has it read.
func (s *shelf) addSBOM(days int, hour, by, file, product, version, via string, label func() policy.Label) {
	s.do(days, hour, by, func(who policy.Viewer) error {
		body, err := furnish.Device("sbom/" + file)
		if err != nil {
			return err
		}
		var p devices.Product
		err = s.db.Read(s.ctx, who, func(v *db.View) (err error) { p, err = s.product(v, product); return err })
		if err != nil {
			return err
		}
		b, err := s.devices.AcceptSBOM(s.ctx, s.db, who, devices.NewSBOM{Product: p.ID, Version: version, Name: file, Via: via, Label: label()}, bytes.NewReader(body))
		if err != nil {
			return err
		}
		s.sboms[file] = b.ID
		ended := func() (bool, error) {
			err := s.db.Read(s.ctx, who, func(v *db.View) (err error) { b, err = s.devices.SBOM(v, b.ID); return err })
			if err == nil && b.State == devices.SBOMBroken {
				err = fmt.Errorf("%s: %s", file, b.Why)
			}
			return b.State == devices.SBOMDone, err
		}
		return s.read(ended, func() error {
			_, err := s.devices.ReadSBOM(s.ctx, s.db, librarian, b.ID, nil)
			return err
		})
	})
}

// addFeed adds a feed of files.
func (s *shelf) addFeed(kind vulns.Kind, name string) act {
	return func(tx *db.Tx) (err error) {
		s.feeds[kind], err = s.vulns.AddFeed(tx, vulns.NewFeed{Name: name, Kind: kind, Place: vulns.PlaceFile, Every: 24 * time.Hour})
		return err
	}
}

// addPaused adds a feed by address that nobody has begun to read: the demo calls nobody.
func (s *shelf) addPaused(kind vulns.Kind, name, address string) act {
	return func(tx *db.Tx) error {
		id, err := s.vulns.AddFeed(tx, vulns.NewFeed{Name: name, Kind: kind, Place: vulns.PlaceURL, Address: address, Every: 6 * time.Hour})
		if err != nil {
			return err
		}
		return s.vulns.PauseFeed(tx, id)
	}
}

// bring sends a file of a feed and has it read.
func (s *shelf) bring(days int, hour, by string, kind vulns.Kind, name string, file func() ([]byte, error)) {
	s.do(days, hour, by, func(who policy.Viewer) error {
		body, err := file()
		if err != nil {
			return err
		}
		b, err := s.vulns.Accept(s.ctx, s.db, who, vulns.NewBatch{Name: name, Kind: kind, Feed: s.feeds[kind]}, bytes.NewReader(body))
		if err != nil {
			return err
		}
		ended := func() (bool, error) {
			err := s.db.Read(s.ctx, who, func(v *db.View) (err error) { b, err = s.vulns.Batch(v, b.ID); return err })
			if err == nil && (b.State == vulns.Broken || b.Skipped > 0) {
				err = fmt.Errorf("%s is %s: %v", name, b.State, b.Problems)
			}
			return b.State == vulns.Done, err
		}
		return s.read(ended, func() error {
			_, err := s.vulns.Read(s.ctx, s.db, librarian, b.ID, nil)
			return err
		})
	})
}

// records are those of a file of the furnishing.
func records(name string) func() ([]byte, error) {
	return func() ([]byte, error) { return furnish.Device("records/" + name) }
}

// scores are the example's EPSS scores, as of a day.
func (s *shelf) scores(days int) func() ([]byte, error) {
	return func() ([]byte, error) {
		text, err := furnish.Device("records/epss-example.csv")
		return []byte(strings.Replace(string(text), "score_date:@date", "score_date:"+s.when(days, "00:00").Format("2006-01-02T15:04:05Z"), 1)), err
	}
}

// say makes a statement about a vulnerability in a product's component, found in its
// SBOM.
func (s *shelf) say(file string, n matching.NewSaying, label func() policy.Label) act {
	return func(tx *db.Tx) error {
		b, err := s.devices.SBOM(tx.View, s.sboms[file])
		if err != nil {
			return err
		}
		fs, err := s.matching.OfSBOM(tx.View, b.ID, matching.Query{Vuln: n.Vuln})
		if err == nil && len(fs) == 0 {
			err = fmt.Errorf("nothing in %s is touched by %s", file, n.Vuln)
		}
		if err != nil {
			return err
		}
		n.Product, n.Version, n.Component, n.Label = b.Product, b.Version, fs[0].Component(), label()
		_, err = s.matching.Say(tx, n)
		return err
	}
}

// decide answers the findings of a vulnerability on the own deployments.
func (s *shelf) decide(vuln, state, why string) act {
	return func(tx *db.Tx) error {
		fs, err := s.matching.Mine(tx.View, matching.Query{Vuln: vuln})
		if err == nil && len(fs) == 0 {
			err = fmt.Errorf("nothing is touched by %s", vuln)
		}
		for _, f := range fs {
			if err == nil {
				err = s.matching.Decide(tx, f.ID, state, why, "")
			}
		}
		return err
	}
}

// stage moves a product on in its life.
func (s *shelf) stage(product string, to devices.Stage, why string) act {
	return func(tx *db.Tx) error {
		p, err := s.product(tx.View, product)
		if err != nil {
			return err
		}
		_, err = s.devices.MoveStage(tx, p.ID, to, why)
		return err
	}
}

// draftAlert drafts an alert about a product.
func (s *shelf) draftAlert(key, product, versions string, f alerts.Form) act {
	return func(tx *db.Tx) error {
		p, err := s.product(tx.View, product)
		if err != nil {
			return err
		}
		f.Affected = []alerts.Affected{{Product: p.ID, Maker: p.Maker, Name: p.Name, Range: versions}}
		s.alerts[key], err = s.house.alerts.Draft(tx, f)
		return err
	}
}

// approve is the second person, and sendAlert sends it.
func (s *shelf) approve(key string) act {
	return func(tx *db.Tx) error { return s.house.alerts.Approve(tx, s.alerts[key], 1) }
}

func (s *shelf) sendAlert(key string) act {
	return func(tx *db.Tx) error { return s.house.alerts.Send(tx, s.alerts[key], 1) }
}

// onNotice does something with the notice of an alert that one's own organization got.
func (s *shelf) onNotice(key string, fn func(tx *db.Tx, n alerts.Notice) error) act {
	return func(tx *db.Tx) error {
		n, err := s.house.alerts.NoticeOf(tx.View, s.alerts[key])
		if err != nil {
			return fmt.Errorf("the notice of %s: %w", key, err)
		}
		return fn(tx, n)
	}
}

func (s *shelf) openNotice(key string) act {
	return s.onNotice(key, func(tx *db.Tx, n alerts.Notice) error { return s.house.alerts.Open(tx, n.ID) })
}

func (s *shelf) answerNotice(key string, a alerts.Answer, note string) act {
	return s.onNotice(key, func(tx *db.Tx, n alerts.Notice) error { return s.house.alerts.Answer(tx, n.ID, a, note) })
}

func (s *shelf) askAbout(key, body string) act {
	return s.onNotice(key, func(tx *db.Tx, n alerts.Notice) error { _, err := s.house.alerts.Ask(tx, n.ID, body); return err })
}

// reply answers what was asked about an alert.
func (s *shelf) reply(key, body string) act {
	return func(tx *db.Tx) error {
		qs, err := s.house.alerts.Inquiries(tx.View, s.alerts[key])
		if err == nil && len(qs) == 0 {
			err = fault.ErrMissing
		}
		if err != nil {
			return fmt.Errorf("what was asked about %s: %w", key, err)
		}
		return s.house.alerts.Reply(tx, qs[0].ID, body)
	}
}
