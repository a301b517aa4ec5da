package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// deviceActs is everything that can happen in the shade with devices,
// vulnerabilities and alerts.
func (x *twins) deviceActs() map[string]func() error {
	w, r, d, a := x.b, x.rand, x.b.house.devices, x.b.house.alerts
	shade := labelled(policy.Amber, w.ofOrg("shade", "umbra")...)
	// What follows a fact is done before the clocks go on: it has a time, too.
	then := func(fn func() error) func() error {
		return func() error {
			err := fn()
			w.matches()
			return err
		}
	}
	as := func(who string, fn func(tx *db.Tx) error) func() error {
		return then(func() error { return w.try(who, fn) })
	}
	own := func() string { return w.things["product"][oneOf(r, []string{"shade", "shared"})] }
	hiddenOf := func(kind string) (string, error) {
		if len(x.hidden[kind]) == 0 {
			return "", errNothing
		}
		return oneOf(r, x.hidden[kind]), nil
	}
	return map[string]func() error{
		"product of the shade": as("sam", func(tx *db.Tx) error {
			id, _, err := d.AddProduct(tx, devices.ProductForm{Name: "Zebrafish " + clip(x.text(), 20), Software: true, Label: shade})
			x.hide("product", id)
			return err
		}),
		"version of a hidden product": as("sam", func(tx *db.Tx) error {
			id, err := d.AddVersion(tx, w.things["product"]["shade"], devices.VersionForm{Name: fmt.Sprint("5.", r.IntN(1000))})
			x.hide("version", id)
			return err
		}),
		"other name of a hidden product": as("sam", func(tx *db.Tx) error {
			// As what all see is called.
			id, err := d.AddAlias(tx, w.things["product"]["shade"], devices.AliasForm{Maker: "Medley Devices", Name: fmt.Sprint("Infusion Pump 500 ", r.IntN(9)), Why: "zebrafish"})
			x.hide("alias", id)
			return err
		}),
		"SBOM in the shade": then(func() error {
			id, err := w.trySBOM("sam", own(), fmt.Sprint("2.", r.IntN(50)), shade, librarySBOM("lodash@4.17."+fmt.Sprint(r.IntN(21)), "quokka@1.0.1", fmt.Sprint("zebrafish@1.0.", r.IntN(999))))
			x.hide("sbom", id)
			return err
		}),
		"statement in the shade": as("sam", func(tx *db.Tx) error {
			id, err := w.house.matching.Say(tx, matching.NewSaying{Product: own(), Vuln: oneOf(r, []string{"CVE-2026-1001", "CVE-2026-1002"}), Status: "fixed", Notes: x.text(), Label: shade})
			x.hide("vex", id)
			return err
		}),
		"records in the shade": then(func() error {
			id := fmt.Sprintf("ZEBRA-2026-%04d", 100+r.IntN(9000))
			b, err := w.tryBring("sam", vulns.OSV, shade, "", `[`+npmFlaw(id, oneOf(r, []string{"lodash", "quokka", "express"}), "9.0.0", oneOf(r, []string{"CVE-2026-1002", "CVE-2026-3001", "CVE-2026-4001"}))+`]`)
			x.hide("vbatch", b)
			x.hide("known", id)
			return err
		}),
		"deployment": then(func() error {
			id, err := w.tryDeploy("una", devices.DeploymentForm{Product: w.things["product"][oneOf(r, []string{"shade", "shared", "pump", "public"})], Version: oneOf(r, []string{"1.0", "4.1", ""}), Count: 1 + r.IntN(90), Zone: "Zebrafish " + fmt.Sprint(r.IntN(9))})
			x.hide("deployment", id)
			return err
		}),
		"inventory": then(func() error {
			rows := "maker,model,version,count,zone\n"
			for range 3 {
				rows += fmt.Sprintf("Medley Devices,Infusion Pump 500,4.%d,%d,Quokka %d\n", r.IntN(9), 1+r.IntN(50), r.IntN(99))
			}
			_, err := d.ImportDeployments(context.Background(), w.house.db, w.viewer(w.people["una"]), devices.DeploymentImport{Body: []byte(rows)}, nil)
			return err
		}),
		"deployment retired": then(func() error {
			id, err := hiddenOf("deployment")
			if err != nil {
				return err
			}
			return w.try("una", func(tx *db.Tx) error { return d.RetireDeployment(tx, id) })
		}),
		"finding answered": as("una", func(tx *db.Tx) error {
			fs, err := w.house.matching.Mine(tx.View, matching.Query{Limit: 50})
			if err != nil || len(fs) == 0 {
				return errNothing
			}
			f := oneOf(r, fs)
			return w.house.matching.Decide(tx, f.ID, oneOf(r, []string{"looking", "affected", "fixed", "not us"}), "zebrafish", "")
		}),
		"notice answered": as("una", func(tx *db.Tx) error {
			id := w.things["told"][oneOf(r, []string{"shade", "shade-pump"})]
			if r.IntN(3) == 0 {
				return a.Archive(tx, id, r.IntN(2) == 0)
			}
			return a.Answer(tx, id, oneOf(r, alerts.Answers()), "zebrafish")
		}),
		"alert of the shade": then(func() error {
			id, err := w.tryAlert("sam", "sid", warns("Zebrafish "+clip(x.text(), 20), w.things["product"]["shade"], "", policy.Amber))
			x.hide("alert", id)
			if err == nil {
				x.hide("told", w.noticeFor("una", id))
			}
			return err
		}),
		"notice to holders, of a hidden case": as("sam", func(tx *db.Tx) error {
			id, err := w.house.cases.DraftHolderNotice(tx, w.things["case"]["shade"], warns("Zebrafish "+clip(x.text(), 20), w.things["product"]["pump"], "", policy.Amber))
			x.hide("holders", id)
			return err
		}),
		"inquiry in the shade": as("una", func(tx *db.Tx) error {
			id, err := a.Ask(tx, w.things["told"]["shade"], x.text())
			x.hide("inquiry", id)
			return err
		}),
	}
}

// deviceTalk is what happens with devices in both towns, seen by subjects: a
// product with its SBOM, later a flaw in that, and a hospital that has one. Each
// time another one: things that are alike are listed by their ids, which are random.
func (x *twins) deviceTalk(i int) {
	green := labelled(policy.Green, policy.Community)
	lib := fmt.Sprint("talk", i/36)
	var made, sbom [2]string
	for k, w := range []*town{x.a, x.b} {
		var err error
		switch i % 36 {
		case 10:
			x.talk[k] = w.productNow("mia", devices.ProductForm{Name: fmt.Sprint("Pump of talk ", i), Software: true, Label: green})
			made[k] = x.talk[k]
			sbom[k], err = w.trySBOM("mia", x.talk[k], "1.0", green, librarySBOM(lib+"@1.0.0"))
		case 22:
			made[k], err = w.tryBring("dora", vulns.OSV, labelled(policy.Clear, policy.Public), "", npmFlaw(fmt.Sprintf("CVE-2026-%d", 3001+i), lib, "1.1.0"))
		default:
			err = w.try("hal", func(tx *db.Tx) (err error) {
				made[k], _, err = w.house.devices.Deploy(tx, devices.DeploymentForm{Product: x.talk[k], Version: "1.0", Count: i, Zone: fmt.Sprint("Ward ", i)})
				return err
			})
		}
		if err != nil {
			x.t.Fatalf("an act with devices that both towns see: %v", err)
		}
		w.matches()
	}
	x.same(made[0], made[1])
	x.same(sbom[0], sbom[1])
	x.sameFinds()
}

// productNow adds a product without moving the clock, which both towns share.
func (w *town) productNow(who string, in devices.ProductForm) (id string) {
	w.t.Helper()
	if err := w.try(who, func(tx *db.Tx) (err error) { id, _, err = w.house.devices.AddProduct(tx, in); return err }); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// hides reports whether somebody is of the shade in these towns.
func (x *twins) hides(who string) bool {
	return !slices.ContainsFunc(x.subjects(x.a), func(s subject) bool { return s.cookie == x.a.cookies[who] })
}

// sameFinds pairs the findings and notices that subjects have in both towns.
func (x *twins) sameFinds() {
	var list [2][]string
	for k, w := range []*town{x.a, x.b} {
		for _, who := range []string{"mia", "hal", "sam", "ada", "dora", "ward1"} {
			if w.people[who] == "" || x.hides(who) {
				continue // not in this pair, or of the shade
			}
			w.read(w.viewer(w.people[who]), func(v *db.View) error {
				products := []string{x.talk[k]}
				for _, name := range []string{"pump", "pair", "own", "public", "shared", "seven", "two"} {
					products = append(products, w.things["product"][name])
				}
				for _, id := range products {
					if _, err := w.house.devices.Product(v, id); err != nil {
						continue // it is not theirs, or not in this pair
					}
					fs, err := w.house.matching.OfProduct(v, id, "", matching.Query{Limit: 500})
					if err != nil {
						return err
					}
					for _, f := range fs {
						list[k] = append(list[k], f.ID)
					}
				}
				fs, err := w.house.matching.Mine(v, matching.Query{Limit: 500})
				for _, f := range fs {
					list[k] = append(list[k], f.ID)
				}
				if err != nil {
					return err
				}
				for _, box := range []alerts.Box{alerts.BoxOpen, alerts.BoxDone} {
					ns, _, err := w.house.alerts.Inbox(v, alerts.InboxQuery{State: box, Limit: 200})
					if err != nil {
						return err
					}
					for _, n := range ns {
						list[k] = append(list[k], n.ID)
					}
				}
				return nil
			})
		}
	}
	if len(list[0]) != len(list[1]) {
		x.t.Errorf("T-01: subjects see %d findings and notices in one town and %d in the other", len(list[0]), len(list[1]))
		return
	}
	for i := range list[0] {
		x.same(list[0][i], list[1][i])
	}
}

// listPlace is where a page of a list ends, if it is made of the last one's id.
var listPlace = rare(`((?:after|cursor)=|"next":")([A-Za-z0-9_-]{40,300})`, `after=`, `cursor=`, `"next":"`)

func (x *twins) plainPlaces(body string, b bool) string {
	return listPlace.replace(body, func(s string) string {
		m := listPlace.FindStringSubmatch(s)
		at, err := base64.RawURLEncoding.DecodeString(m[2])
		if err != nil || !anyID.Match(at) || x.swapped == 0 {
			return s
		}
		return m[1] + x.swap[map[bool]int{true: 1}[b]].Replace(string(at))
	})
}

// others are those who may not learn what another hospital runs: everybody else.
func others(w *town) []subject {
	return []subject{
		{name: "nobody"},
		{name: "manufacturer", cookie: w.cookies["mia"]},
		{name: "manufacturer's officer", cookie: w.cookies["mo"]},
		{name: "another manufacturer", cookie: w.cookies["sam"]},
		{name: "desk", cookie: w.cookies["dora"]},
		{name: "another hospital", cookie: w.cookies["hal"]},
		{name: "a hospital that holds", cookie: w.cookies["ward1"]},
		{name: "agency", cookie: w.cookies["ada"]},
		{name: "manufacturer's token", bearer: w.bearers["mia"]},
		{name: "desk's token", bearer: w.bearers["dora"]},
	}
}

// twinHospitals: two towns that differ only in what one hospital runs, and in what
// it does about what it is told. Before they part, a product has seven holders and
// another one two; then the hospital comes to hold both in one town. Alerts are
// sent and answered in both, and at last every byte that anybody else gets is equal.
func twinHospitals(t *testing.T, base *town, dir string, seed uint64, pairs int) {
	w := copyTown(t, base, dir)
	w.crowds()
	w.shut()
	x := &twins{t: t, rand: rand.New(rand.NewPCG(seed, 99)), fresh: map[string]bool{}, verbs: map[string]int{}, subjects: others,
		only: func(r httpkit.Route) bool {
			return ofDevices(r) || strings.HasPrefix(r.Path, "/inbox") || r.Path == "/evidence" || r.Path == "/api/v1/inbox" || r.Path == "/desk" || r.Path == "/participation" || strings.HasPrefix(r.Path, "/ledger/")
		}}
	x.a, x.b = copyTown(t, w, w.house.data), copyTown(t, w, w.house.data)
	x.subscribes("mia", "mo", "dora", "hal", "ada", "ward1", "ward2", "ward3", "ward7", "ward8")
	x.live(map[string]string{})
	pump7, pump2 := w.things["product"]["seven"], w.things["product"]["two"]
	forBoth := func(fn func(w *town) string) {
		var made [2]string
		for k, w := range []*town{x.a, x.b} {
			made[k] = fn(w)
			w.matches()
		}
		x.same(made[0], made[1])
		now := x.b.manual.Now().Add(time.Minute)
		x.a.manual.Set(now)
		x.b.manual.Set(now)
		x.sameMails("ward8")
	}
	secret := func(fn func(w *town)) {
		at := x.b.manual.Now()
		fn(x.b)
		x.b.matches()
		now := max(x.b.manual.Now().Unix(), at.Unix()) + 60
		x.a.manual.Set(time.Unix(now, 0).UTC())
		x.b.manual.Set(time.Unix(now, 0).UTC())
		x.a.matches()
		x.b.matches()
		x.sameMails("ward8")
	}
	secret(func(w *town) {
		for _, p := range []string{pump7, pump2} {
			id, err := w.tryDeploy("ward8", devices.DeploymentForm{Product: p, Version: "1.0", Count: 40, Zone: "Quokka"})
			if err != nil {
				t.Fatal(err)
			}
			x.hide("deployment", id)
		}
	})
	secret(func(w *town) {
		if _, err := w.house.devices.ImportDeployments(context.Background(), w.house.db, w.viewer(w.people["ward8"]), devices.DeploymentImport{Body: []byte("maker,model,version,count\nMedley Devices,Pump of seven,1.1,9\nShade Systems,Shade monitor,1.0,2\n")}, nil); err != nil {
			t.Fatal(err)
		}
	})
	for _, p := range []string{pump7, pump2} {
		var id [2]string
		forBoth(func(w *town) string {
			k := map[*town]int{x.a: 0, x.b: 1}[w]
			var err error
			if id[k], err = w.tryAlert("mia", "mo", warns("Of many", p, "1.0", policy.Amber)); err != nil {
				t.Fatal(err)
			}
			return id[k]
		})
		for n := 1; n <= 7; n++ {
			who := fmt.Sprint("ward", n)
			if x.a.noticeFor(who, id[0]) == "" {
				continue
			}
			x.same(x.a.noticeFor(who, id[0]), x.b.noticeFor(who, id[1]))
			forBoth(func(w *town) string {
				err := w.try(who, func(tx *db.Tx) error {
					return w.house.alerts.Answer(tx, w.noticeFor(who, id[map[*town]int{x.a: 0, x.b: 1}[w]]), alerts.Answers()[n%2], "")
				})
				if err != nil {
					t.Fatal(err)
				}
				return ""
			})
		}
		told := x.b.noticeFor("ward8", id[1])
		if x.a.noticeFor("ward8", id[0]) != "" || told == "" {
			t.Fatal("the hospital is not told of what it holds, or of what it does not")
		}
		x.hide("told", told)
		secret(func(w *town) {
			if err := w.try("ward8", func(tx *db.Tx) error { return w.house.alerts.Answer(tx, told, alerts.Hit, "Quokka.") }); err != nil {
				t.Fatal(err)
			}
		})
	}
	// What a rule finds about it, in the one town, tells it and nobody else.
	forBoth(func(w *town) string {
		id, err := w.tryBring("dora", vulns.OSV, labelled(policy.Clear, policy.Public), "", npmFlaw("CVE-2026-7001", "express", "4.1.0"))
		if err != nil {
			t.Fatal(err)
		}
		return id
	})
	secret(func(w *town) {
		if err := w.try("ward8", func(tx *db.Tx) error { return w.house.devices.RetireDeployment(tx, x.hidden["deployment"][0]) }); err != nil {
			t.Fatal(err)
		}
	})
	x.sameFinds()
	for _, w := range []*town{x.a, x.b} {
		w.read(w.viewer(w.people["mia"]), func(v *db.View) error {
			rs, err := w.house.alerts.Reach(v, []string{pump7, pump2})
			if err == nil && (rs[0].Shown != "5 or more" || rs[1].Shown != alerts.Least) {
				t.Errorf("the maker is shown %+v", rs)
			}
			return err
		})
	}
	if x.posted[0] < 10 || x.posted[1] == 0 {
		t.Errorf("%d mails in each town, %d more to the hospital", x.posted[0], x.posted[1])
	}
	x.stop()
	done, differ := x.compare(pairs, true)
	t.Logf("%d probe pairs over one hospital's devices, %d differ", done, differ)
	x.a.shut()
	x.b.shut()
}

// crowds adds eight hospitals, and two products of Medley's: seven of the
// hospitals hold the one, and two of them the other.
func (w *town) crowds() {
	green := labelled(policy.Green, policy.Community)
	seven := w.productOf("seven", "mia", devices.ProductForm{Name: "Pump of seven", Software: true, Label: green})
	two := w.productOf("two", "mia", devices.ProductForm{Name: "Pump of two", Software: true, Label: green})
	w.sbomOf("seven", "mia", seven, "1.0", green, librarySBOM("express@4.0.0", "lodash@4.17.20"))
	for n := 1; n <= 8; n++ {
		who := fmt.Sprint("ward", n)
		w.orgs[who] = w.org(fmt.Sprint("Ward Hospital ", n), policy.Provider)
		w.people[who] = w.person(w.orgs[who], fmt.Sprint("Nurse ", n))
		w.write(program, func(tx *db.Tx) error {
			cookie, s, err := w.house.members.OpenSession(tx, w.people[who], "Mozilla/5.0", "", true)
			w.cookies[who], w.sessions[who] = cookie, s.ID
			return err
		})
		if n <= 7 {
			w.deploysOf("shade-"+who, who, devices.DeploymentForm{Product: seven, Version: "1.0", Count: n})
		}
		if n <= 2 {
			w.deploysOf("shade-two-"+who, who, devices.DeploymentForm{Product: two, Version: "1.0", Count: n})
		}
	}
	w.matches()
}
