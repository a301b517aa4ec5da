package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// stixID is the id of the n-th invented object of a type.
func stixID(typ string, n int) string {
	return fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", typ, n)
}

const stixTime = "2026-11-01T00:00:00.000Z"

// beacon is an indicator, sighting a sighting of something, link a relationship.
func beacon(n, version int, name string, markings ...string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"%s","created":"%s","modified":"2026-11-01T00:00:%02d.000Z"%s,"name":"%s","description":"Seen with telnet in pump firmware.","labels":["pump"],"pattern":"[domain-name:value = 'c%d.example.com']","pattern_type":"stix","valid_from":"%s","kill_chain_phases":[{"kill_chain_name":"mitre-ics-attack","phase_name":"initial-access"}]}`,
		stixID("indicator", n), stixTime, version, marked(markings), name, n, stixTime)
}

func sighting(n int, of string, markings ...string) string {
	return fmt.Sprintf(`{"type":"sighting","spec_version":"2.1","id":"%s","created":"%s","modified":"%s"%s,"sighting_of_ref":"%s","count":%d}`, stixID("sighting", n), stixTime, stixTime, marked(markings), of, n%7+1)
}

func link(n int, from, to string, markings ...string) string {
	return fmt.Sprintf(`{"type":"relationship","spec_version":"2.1","id":"%s","created":"%s","modified":"%s"%s,"relationship_type":"indicates","source_ref":"%s","target_ref":"%s"}`, stixID("relationship", n), stixTime, stixTime, marked(markings), from, to)
}

func marked(markings []string) string {
	if len(markings) == 0 {
		return ""
	}
	return `,"object_marking_refs":["` + strings.Join(markings, `","`) + `"]`
}

// newSTIX is the id of what a probe said of an object: each town makes its own.
var newSTIX = rare(`(sighting|note|opinion)--[0-9a-f]*[1-9a-f][0-9a-f]*-[0-9a-f-]{27}`, `sighting--`, `note--`, `opinion--`)

// matrixOf is a small matrix of techniques with one tactic.
func matrixOf() []string {
	const attack = `"created":"` + stixTime + `","modified":"` + stixTime + `"`
	tactic, technique := stixID("x-mitre-tactic", 1), stixID("attack-pattern", 1)
	return []string{
		`{"type":"x-mitre-matrix","spec_version":"2.1","id":"` + stixID("x-mitre-matrix", 1) + `",` + attack + `,"name":"ATT&CK for ICS","description":"A part of it.","tactic_refs":["` + tactic + `"]}`,
		`{"type":"x-mitre-tactic","spec_version":"2.1","id":"` + tactic + `",` + attack + `,"name":"Initial Access","x_mitre_shortname":"initial-access"}`,
		`{"type":"attack-pattern","spec_version":"2.1","id":"` + technique + `",` + attack + `,"name":"Internet Accessible Device","external_references":[{"source_name":"mitre-attack","external_id":"T0883"}],"kill_chain_phases":[{"kill_chain_name":"mitre-ics-attack","phase_name":"initial-access"}]}`,
	}
}

// sends has a person share objects; it is kept as a batch under the name, and the
// error is given.
func (w *town) sends(tx *db.Tx, terms intel.Terms, objs ...string) (*intel.Batch, []intel.Outcome, error) {
	body := `{"type":"bundle","id":"` + stixID("bundle", 1) + `","objects":[` + strings.Join(objs, ",") + `]}`
	return w.house.intel.Take(tx, intel.NewBatch{Via: "page", Name: "bundle.json", Format: intel.FormatSTIX, Terms: terms}, strings.NewReader(body))
}

func (w *town) sent(name, who string, terms intel.Terms, objs ...string) {
	w.t.Helper()
	w.did(who, func(tx *db.Tx) error {
		b, _, err := w.sends(tx, terms, objs...)
		if err == nil {
			w.thing("batch", name, b.ID)
		}
		return err
	})
}

// waitsAs keeps the newest held object that a person sees under a name.
func (w *town) waitsAs(name, who string) {
	w.t.Helper()
	w.read(w.viewer(w.people[who]), func(v *db.View) error {
		hs, err := w.house.intel.Waiting(v, "", 0)
		if err == nil && len(hs) == 0 {
			w.t.Fatalf("%s sees nothing that waits", who)
		}
		if err == nil {
			w.thing("held", name, hs[len(hs)-1].ID)
		}
		return err
	})
}

var toAll = intel.Terms{Unmarked: policy.Green, Scrub: intel.ScrubClean}

// toSome marks what has no marking AMBER for the given readers.
func toSome(ps ...policy.Principal) intel.Terms {
	return intel.Terms{Unmarked: policy.Amber, Amber: ps, Scrub: intel.ScrubClean}
}

// unknownMarking is one that nobody knows.
var unknownMarking = stixID("marking-definition", 9)

// informs furnishes a town with threat intelligence: a matrix for everybody, and
// under each label something of subjects and something of the shade.
func (w *town) informs() {
	clear := intel.Terms{Unmarked: policy.Clear, Scrub: intel.ScrubClean}
	w.sent("matrix", "dora", clear, matrixOf()...)
	w.sent("open", "mia", clear, beacon(1, 0, "Beacon for all"), beacon(2, 0, "Second beacon"))
	w.sent("green", "mia", toAll, beacon(3, 0, "Beacon of the community"), beacon(4, 0, "Telnet scanner"), beacon(4, 1, "Telnet scanner, again"), link(1, stixID("indicator", 3), stixID("attack-pattern", 1)),
		link(2, stixID("indicator", 3), stixID("indicator", 50)), // which is the shade's
		link(3, stixID("indicator", 4), stixID("malware", 99)))   // which nobody has
	w.sent("pumps", "hal", toSome(w.ofCircle("pumps")...), beacon(5, 0, "Beacon of the pump group"), sighting(1, stixID("indicator", 3)))
	w.sent("pair", "mia", toSome(w.ofOrg("med", "hosp")...), beacon(6, 0, "Beacon of two houses"))
	named := intel.Terms{Unmarked: policy.Red, Red: w.ofCircle("red"), Scrub: intel.ScrubClean}
	w.sent("red", "mia", named, beacon(7, 0, "Beacon of the team"))
	quiet := toAll
	quiet.Attribution = intel.Anonymous
	w.sent("quiet", "hal", quiet, beacon(8, 0, "Beacon of nobody"), sighting(2, stixID("indicator", 4)))
	w.sent("marking", "mia", toAll, beacon(9, 0, "Marked by nobody knows", unknownMarking))
	w.waitsAs("marking", "mia")
	w.sent("shared", "sam", toAll, beacon(10, 0, "Shade shares with all"))

	shade := toSome(w.ofOrg("shade", "umbra")...)
	w.sent("shade", "sam", shade, beacon(50, 0, "Zebrafish beacon"), beacon(51, 0, "Quokka telnet beacon"), sighting(50, stixID("indicator", 3)), link(50, stixID("indicator", 3), stixID("indicator", 50)),
		link(51, stixID("indicator", 50), stixID("attack-pattern", 1)))
	w.sent("shade-ring", "una", toSome(w.ofCircle("shade")...), beacon(52, 0, "Zebrafish in the ring"))
	w.sent("shade-marking", "sam", toAll, beacon(53, 0, "Quokka marked", unknownMarking))
	w.waitsAs("shade-marking", "sam")
	for n, name := range map[int]string{1: "open", 3: "green", 4: "green4", 5: "pumps", 6: "pair", 7: "red", 8: "quiet", 50: "shade", 51: "shade2", 52: "shade-ring"} {
		w.thing("object", name, stixID("indicator", n))
	}
	w.thing("object", "technique", stixID("attack-pattern", 1))
	w.indexes()
}

// indexes brings the index of words up to now: it is written behind the imports,
// and two towns must be asked when both are as far.
func (w *town) indexes() {
	w.t.Helper()
	for {
		n, err := w.house.intel.Index(context.Background(), w.house.db, scribe)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// intelActs is everything that can happen in the shade with threat intelligence.
func (x *twins) intelActs() map[string]func() error {
	w, r := x.b, x.rand
	next := func() int { x.objects++; return 1000 + x.objects }
	shade := func() intel.Terms { return toSome(w.ofOrg("shade", "umbra")...) }
	send := func(who string, terms func() intel.Terms, objs func() []string) func() error {
		return func() error {
			list := objs()
			return w.try(who, func(tx *db.Tx) error {
				b, outs, err := w.sends(tx, terms(), list...)
				if err != nil {
					return err
				}
				x.hide("batch", b.ID)
				for _, o := range outs {
					if o.Kind == intel.WasAdded {
						x.hide("object", o.ID)
					}
				}
				return nil
			})
		}
	}
	one := func(s string) []string { return []string{s} }
	visible := func() string { return stixID("indicator", 1+r.IntN(4)) }
	return map[string]func() error{
		"beacon of the shade": send("sam", shade, func() []string {
			return []string{beacon(next(), 0, "Zebrafish "+x.text()[:10]), beacon(next(), 0, "Quokka telnet")}
		}),
		"beacon of the ring": send("una", func() intel.Terms { return toSome(w.ofCircle("shade")...) }, func() []string { return one(beacon(next(), 0, "Zebrafish")) }),
		"beacon in person": send("sam", func() intel.Terms {
			return intel.Terms{Unmarked: policy.Red, Red: w.ofPerson("sam", "una"), Scrub: intel.ScrubClean}
		}, func() []string { return one(beacon(next(), 0, "Zebrafish")) }),
		"sighting of what all see":     send("una", shade, func() []string { return one(sighting(next(), visible())) }),
		"link to what all see":         send("sam", shade, func() []string { return one(link(next(), visible(), stixID("attack-pattern", 1))) }),
		"version of a hidden beacon":   send("sam", shade, func() []string { return one(beacon(50+r.IntN(2), 1+r.IntN(50), "Zebrafish anew")) }),
		"same again":                   send("sam", shade, func() []string { return one(beacon(50, 0, "Zebrafish beacon")) }),
		"what others will bring later": send("sam", shade, func() []string { return one(beacon(2001+x.brought, r.IntN(3), "Ours first")) }),
		"marked by nobody knows":       send("sam", func() intel.Terms { return toAll }, func() []string { return one(beacon(next(), 0, "Quokka", unknownMarking)) }),
		"beacon deleted": func() error {
			if len(x.hidden["object"]) == 0 {
				return errNothing
			}
			return w.try("sam", func(tx *db.Tx) error { return w.house.intel.Delete(tx, oneOf(r, x.hidden["object"]), time.Time{}) })
		},
		"held decided": func() error {
			return w.try("sam", func(tx *db.Tx) error {
				hs, err := w.house.intel.Waiting(tx.View, "", 0)
				if err != nil {
					return err
				}
				for _, h := range hs {
					if h.Why == intel.WhyMarking {
						x.hide("held", h.ID)
						_, err := w.house.intel.Decide(tx, h.ID, intel.Decision{Why: "No zebrafish."})
						return err
					}
				}
				return errNothing
			})
		},
		"file queued": func() error {
			b, err := w.house.intel.Accept(context.Background(), w.house.db, w.viewer(w.people["sam"]), intel.NewBatch{Via: "page", Name: "quokka.json", Format: intel.FormatSTIX, Terms: shade()},
				strings.NewReader(`[`+beacon(next(), 0, "Zebrafish of a file")+`]`))
			if err != nil {
				return err
			}
			x.hide("batch", b.ID)
			// It is read in the background, and before the clocks go on: it has a time, too.
			for began := time.Now(); b.State == intel.Queued || b.State == intel.Running; time.Sleep(2 * time.Millisecond) {
				if time.Since(began) > 20*time.Second {
					return fmt.Errorf("the file is %s", b.State)
				}
				w.read(w.viewer(w.people["sam"]), func(v *db.View) (err error) {
					b, err = w.house.intel.Batch(v, b.ID)
					return err
				})
			}
			return nil
		},
	}
}

// intelTalk has something come that both towns see, the same in both, some of it
// under ids that the shade brought before.
func (x *twins) intelTalk(i int) {
	x.brought++
	var made, share [2]string
	for k, w := range []*town{x.a, x.b} {
		who, terms, objs := "mia", toAll, []string{beacon(2000+x.brought, 5, "Brought by Medley"), beacon(3000+i, 0, "Open beacon")}
		if x.brought%2 == 0 {
			who, objs = "hal", []string{sighting(3000+i, stixID("indicator", 3)), link(3000+i, stixID("indicator", 4), stixID("attack-pattern", 1))}
		}
		var outs []intel.Outcome
		if err := w.try(who, func(tx *db.Tx) error {
			b, o, err := w.sends(tx, terms, objs...)
			if err != nil {
				return err
			}
			made[k], outs = b.ID, o
			last, err := w.house.intel.Object(tx.View, o[len(o)-1].ID)
			share[k] = last.From.ID
			return err
		}); err != nil {
			x.t.Fatalf("intelligence that both towns see: %v", err)
		}
		x.told[k] = append(x.told[k], fmt.Sprint(outs))
	}
	x.same(made[0], made[1])
	x.same(share[0], share[1])
	if a, b := x.told[0][len(x.told[0])-1], x.told[1][len(x.told[1])-1]; a != b {
		x.t.Errorf("the sender is told\n%s\nin one town and\n%s\nin the other", a, b)
	}
}
