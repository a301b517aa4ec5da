package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/api"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/feeds/atom"
	"github.com/cordon-isao/cordon/feeds/misp"
	"github.com/cordon-isao/cordon/feeds/sbom"
	"github.com/cordon-isao/cordon/feeds/taxii"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/live"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/notify"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web"
)

// house is every part of a running community.
type house struct {
	data       string
	db         *db.DB
	ledger     *ledger.Ledger
	hub        *live.Hub
	live       *ledger.Live
	agreements *agreements.Agreements
	members    *members.Members
	blobs      blob.Store
	forum      *forum.Forum
	devices    *devices.Devices
	vulns      *vulns.Vulns
	matching   *matching.Matching
	alerts     *alerts.Alerts
	cases      *cases.Cases
	notify     *notify.Notify
	intel      *intel.Intel
	evidence   *evidence.Evidence
	web        *web.Server
	api        *api.Server
	taxii      *taxii.Server
	misp       *misp.Server
	sbom       *sbom.Server
	atom       *atom.Server
	log        *slog.Logger

	passed atomic.Int64 // when this node's newest deadline pass ended, in UTC microseconds
	stop   func()
	done   sync.WaitGroup
}

// passEvery is how often a deadline pass is made when time asks for nothing
// sooner.
const passEvery = time.Minute

// keeper is the part of the program that keeps deadlines.
var keeper = policy.System("deadlines")

// scribe is the part of the program that reads what was sent and makes its index.
var scribe = policy.System("intel")

// librarian is the part of the program that reads SBOMs and what feeds bring.
var librarian = policy.System("reader")

// matcher is the part of the program that compares what there is with what is
// vulnerable.
var matcher = policy.System("matching")

// teller is the part of the program that tells those touched.
var teller = policy.System("teller")

// postman is the part of the program that tells people by mail that something waits.
var postman = policy.System("mails")

// plan is what a house is built from.
type plan struct {
	Data     string
	Database string
	Origin   string
	TLS      bool
	Demo     bool
	Mirrors  []string       // folders of the machine that feeds may be read from
	Private  []netip.Prefix // networks that may be called although they are not public
	Mails    notify.Outside // how mails leave; its Origin is the plan's
	Clock    clock.Clock
	Log      *slog.Logger
}

// build wires every part, in reading order: keys, ledger and store; who belongs;
// what they do together; proof; doors. Nothing runs yet.
func build(ctx context.Context, p plan) (*house, error) {
	h := &house{data: p.Data, log: p.Log}
	keys := filepath.Join(p.Data, "keys")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return nil, fmt.Errorf("make the keys folder: %w", err)
	}
	master, _, err := seal.LoadOrCreateKey(filepath.Join(keys, "master.key"))
	if err != nil {
		return nil, err
	}
	box := seal.NewBox(master)
	if h.ledger, err = ledger.New(keys, box, p.Log); err != nil {
		return nil, err
	}
	h.db, err = db.Open(ctx, db.Options{Dir: p.Data, URL: p.Database, Clock: p.Clock, Log: p.Log, Ledger: h.ledger, Schemas: schemas})
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*house, error) { return nil, errors.Join(err, h.db.Close()) }
	if err := h.ledger.Attach(ctx, h.db); err != nil {
		return fail(err)
	}
	if h.blobs, err = blob.OpenDir(filepath.Join(p.Data, "files"), clock.System().Now()); err != nil {
		return fail(err)
	}

	if h.members, err = members.New(relyingParty(p)); err != nil {
		return fail(err)
	}
	h.db.SetRefresh(h.members.Refresh)
	h.agreements = agreements.New(h.members)
	h.forum = forum.New(h.members, h.blobs, box)
	h.devices = devices.New(h.members, h.blobs, box)
	h.vulns = vulns.New(h.members, h.blobs, box, vulns.Options{Mirrors: p.Mirrors})
	h.vulns.Connect(vulns.Outside{Call: outbound.Options{AllowPrivate: p.Private, UserAgent: "cordon/" + version}})
	h.matching = matching.New(h.members, h.devices, h.vulns)
	h.alerts = alerts.New(h.members, h.devices, h.vulns, h.matching, box)
	h.cases = cases.New(h.members, h.agreements, h.forum, h.blobs, box, h.ledger, h.alerts)
	h.notify = notify.New(h.members, h.forum, h.alerts, h.cases, h.ledger, box)
	h.notify.Connect(notify.Outside{Relay: p.Mails.Relay, From: p.Mails.From, Origin: p.Origin})
	h.intel = intel.New(h.members, h.blobs, box)
	h.intel.Connect(intel.Outside{Origin: p.Origin, Call: outbound.Options{AllowPrivate: p.Private, UserAgent: "cordon/" + version}})
	h.evidence = evidence.New(h.ledger, h.forum, h.members, h.agreements, h.cases)

	h.hub = live.NewHub()
	h.live = ledger.NewLive(h.ledger, h.hub, box, h.members.Refresh)
	h.web = &web.Server{DB: h.db, Ledger: h.ledger, Live: h.live, Members: h.members, Agreements: h.agreements, Forum: h.forum, Devices: h.devices, Vulns: h.vulns, Matching: h.matching, Alerts: h.alerts, Cases: h.cases, Notify: h.notify, Intel: h.intel, Evidence: h.evidence,
		Log: p.Log, TLS: p.TLS, Origin: p.Origin, Box: box, Health: h.health}
	h.api = &api.Server{DB: h.db, Ledger: h.ledger, Live: h.live, Members: h.members, Forum: h.forum, Devices: h.devices, Vulns: h.vulns, Matching: h.matching, Alerts: h.alerts, Cases: h.cases, Intel: h.intel, Evidence: h.evidence, Log: p.Log, Origin: p.Origin, Box: box}
	h.taxii = &taxii.Server{DB: h.db, Members: h.members, Intel: h.intel, Box: box, Log: p.Log, Origin: p.Origin}
	h.misp = &misp.Server{DB: h.db, Members: h.members, Intel: h.intel, Box: box, Log: p.Log}
	h.sbom = &sbom.Server{DB: h.db, Members: h.members, Devices: h.devices, Matching: h.matching, Log: p.Log}
	h.atom = &atom.Server{DB: h.db, Members: h.members, Intel: h.intel, Box: box, Log: p.Log, Origin: p.Origin}
	return h, nil
}

// schemas is every duty's tables, those that are referred to first.
var schemas = []db.Schema{ledger.Schema, members.Schema, agreements.Schema, forum.Schema, devices.Schema, vulns.Schema, matching.Schema, alerts.Schema, cases.Schema, notify.Schema, intel.Schema, evidence.Schema}

// relyingParty says under which name passkeys are made. The demo's people are
// invented and have none.
func relyingParty(p plan) members.Options {
	o := members.Options{Origins: []string{p.Origin}, WaivePasskeys: p.Demo}
	if u, err := url.Parse(p.Origin); err == nil {
		o.RPID = u.Hostname()
	}
	return o
}

// start sets going what works in the background: checkpoints, live updates,
// deadlines, sweeping. close ends it.
func (h *house) start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	h.stop = cancel
	run := func(name string, fn func(context.Context) error) {
		h.done.Go(func() {
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				h.log.Error("a background part ended", "part", name, "err", err)
			}
		})
	}
	run("checkpoints", h.ledger.Run)
	run("live", h.live.Run)
	run("deadlines", func(ctx context.Context) error {
		return h.cases.Run(ctx, h.db, keeper, passEvery, h.log, func() { h.passed.Store(clock.Micros(clock.System().Now())) })
	})
	run("intelligence", func(ctx context.Context) error { return h.intel.Run(ctx, h.db, scribe, h.log) })
	run("words", func(ctx context.Context) error { return h.intel.RunIndex(ctx, h.db, scribe, h.log) })
	run("sources", func(ctx context.Context) error { return h.intel.RunSources(ctx, h.db, scribe, h.log) })
	run("webhooks", func(ctx context.Context) error { return h.intel.RunHooks(ctx, h.db, scribe, h.log) })
	run("SBOMs", func(ctx context.Context) error { return h.devices.Run(ctx, h.db, librarian, h.log) })
	run("vulnerabilities", func(ctx context.Context) error { return h.vulns.Run(ctx, h.db, librarian, h.log) })
	run("feeds", func(ctx context.Context) error { return h.vulns.RunFeeds(ctx, h.db, librarian, h.log) })
	run("what to match", func(ctx context.Context) error { return h.ledger.Follow(ctx, h.matching.Follower()) })
	run("matching", func(ctx context.Context) error { return h.matching.Run(ctx, h.db, matcher, h.log) })
	run("who holds what", func(ctx context.Context) error { return h.ledger.Follow(ctx, h.alerts.Follower()) })
	run("alerts", func(ctx context.Context) error { return h.alerts.Run(ctx, h.db, teller, h.log) })
	run("mails", func(ctx context.Context) error { return h.notify.Run(ctx, h.db, postman, h.log) })
	run("sweep", func(ctx context.Context) error {
		var lost, lostDevices, lostVulns map[string]bool // of the sweep before
		for {
			if _, err := h.forum.Sweep(ctx, h.db, policy.System("sweep")); err != nil && ctx.Err() == nil {
				h.log.Warn("sweep abandoned uploads", "err", err)
			}
			if _, err := h.cases.SweepFiles(ctx, h.db, policy.System("sweep")); err != nil && ctx.Err() == nil {
				h.log.Warn("sweep abandoned files of reports", "err", err)
			}
			var err error
			if lost, _, err = h.intel.SweepFiles(ctx, h.db, policy.System("sweep"), lost); err != nil && ctx.Err() == nil {
				h.log.Warn("sweep abandoned files of intelligence", "err", err)
			}
			if lostDevices, _, err = h.devices.SweepFiles(ctx, h.db, policy.System("sweep"), lostDevices); err != nil && ctx.Err() == nil {
				h.log.Warn("sweep abandoned files of devices", "err", err)
			}
			if lostVulns, _, err = h.vulns.SweepFiles(ctx, h.db, policy.System("sweep"), lostVulns); err != nil && ctx.Err() == nil {
				h.log.Warn("sweep abandoned files of vulnerabilities", "err", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(time.Hour):
			}
		}
	})
}

// sincePass is how long ago this node's newest deadline pass ended; ok is false
// before the first.
func (h *house) sincePass() (age time.Duration, ok bool) {
	at := h.passed.Load()
	return clock.Since(clock.FromMicros(at)), at != 0
}

// deadlines counts what the deadline passes have to do.
func (h *house) deadlines(ctx context.Context) (d cases.Deadlines, err error) {
	err = h.db.Read(ctx, keeper, func(v *db.View) (err error) {
		d, err = h.cases.Deadlines(v)
		return err
	})
	return d, err
}

// close ends everything and keeps what was acknowledged.
func (h *house) close() error {
	h.hub.Stop()
	if h.stop != nil {
		h.stop()
	}
	h.done.Wait()
	return h.db.Close()
}

// health says in words how the installation does.
func (h *house) health(ctx context.Context) []web.HealthLine {
	var lines []web.HealthLine
	say := func(ok bool, format string, args ...any) {
		lines = append(lines, web.HealthLine{OK: ok, Text: fmt.Sprintf(format, args...)})
	}
	if err := h.db.Check(ctx); err != nil {
		say(false, "The store is not whole: %v.", err)
	} else {
		say(true, "The store is whole (%s).", h.db.Engine())
	}
	// Looking must not write: the newest checkpoint is read, not made.
	var c ledger.Checkpoint
	err := h.db.Read(ctx, policy.Anonymous(), func(v *db.View) (err error) {
		c, err = h.ledger.Checkpoint(v)
		return err
	})
	switch {
	case err != nil:
		say(false, "The newest checkpoint of the ledger cannot be read: %v.", err)
	case c.Size == 0:
		say(true, "No checkpoint of the ledger has been signed yet; the first comes within a minute of the first entry.")
	default:
		say(true, "The newest checkpoint of the ledger was signed %s.", c.At.Format("2 Jan 2006 15:04 UTC"))
	}
	lines = append(lines, h.deadlineHealth(ctx))
	say(true, "%d pages and programs are connected for live updates.", h.hub.Len())
	lines = append(lines, h.backupHealth()...)
	lines = append(lines, h.diskHealth()...)
	return lines
}

// deadlineHealth says whether deadlines are kept. How many obligations are open is
// not for this page: what members owe is not the desk's to count.
func (h *house) deadlineHealth(ctx context.Context) web.HealthLine {
	age, ok := h.sincePass()
	if !ok {
		return web.HealthLine{Text: "Deadlines have not been looked at since the program started. What is due is shown all the same; notices of it wait."}
	}
	d, err := h.deadlines(ctx)
	if err != nil {
		return web.HealthLine{Text: fmt.Sprintf("What the deadlines ask for cannot be read: %v.", err)}
	}
	line := web.HealthLine{OK: age < 3*passEvery, Text: fmt.Sprintf("Deadlines were last looked at %s ago; ", age.Round(time.Second))}
	switch {
	case d.Waiting == 0:
		line.Text += "no obligation waits."
	case d.Waiting == 1:
		line.Text += "1 obligation waits for the next look."
	default:
		line.Text += fmt.Sprintf("%d obligations wait for the next look.", d.Waiting)
	}
	return line
}
