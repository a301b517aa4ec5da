package main

import (
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// caseScreens is every page of coordinated disclosure that the demo fills and that
// is not among screens, each looked at once: tests of package web look at the
// states of each.
func caseScreens(w *world) (list []screen) {
	add := func(name, who string, paths ...string) {
		id := ""
		if who != "" {
			id = w.persona(who).ID
		}
		for _, p := range paths {
			n := name
			if len(paths) > 1 {
				n += "-" + p[strings.LastIndex(p, "/")+1:]
			}
			list = append(list, screen{name: n, path: p, world: w, who: id, sampled: true})
		}
	}
	under := func(base string, parts ...string) (paths []string) {
		for _, p := range parts {
			paths = append(paths, base+"/"+p)
		}
		return paths
	}
	pump, kept := w.caseTitled(pumpTitle), w.caseTitled(keptTitle)
	pumps := "/cases/" + pump
	c := w.house.cases
	lead, desk := w.being("lindqvist"), w.being("maas")
	var party, flaw, clock, fact, sheet, notice, grant string
	w.read(lead, func(v *db.View) error {
		ps, err := c.Parties(v, pump)
		if err != nil {
			return err
		}
		for _, p := range ps {
			if p.Org == lead.Org {
				party = p.ID
			}
		}
		xs, err := c.Vulnerabilities(v, pump)
		if err != nil {
			return err
		}
		os, err := c.Obligations(v, pump)
		if err != nil {
			return err
		}
		fs, err := c.Facts(v, pump)
		if err != nil {
			return err
		}
		ds, err := c.Determinations(v, pump)
		if err != nil {
			return err
		}
		ns, err := c.Notices(v, pump)
		if err != nil {
			return err
		}
		gs, err := c.Grants(v, pump)
		if err != nil {
			return err
		}
		flaw, clock, fact, sheet, notice, grant = xs[0].ID, os[0].ID, fs[0].ID, ds[0].ID, ns[0].ID, gs[0].ID
		return nil
	})
	var report, copied, statement string
	w.read(desk, func(v *db.View) error {
		qs, _, err := c.Queue(v, cases.QueueFilter{}, cases.QueueCursor{}, 50)
		if err != nil {
			return err
		}
		ns, err := c.ISAOCopies(v, 10)
		if err != nil {
			return err
		}
		report, copied = qs[0].Report.ID, ns[0].ID
		return nil
	})
	w.read(policy.Anonymous(), func(v *db.View) error {
		xs, _, err := c.Published(v, cases.Cursor{}, 1)
		if err == nil && len(xs) > 0 {
			statement = xs[0].ID
		}
		return err
	})
	if statement != "" {
		add("disclosure", "", "/disclosures/"+statement)
	}

	add("intake", "", "/report", "/report/return")
	add("case-pages", "lindqvist", under(pumps, "threads", "technical", "decisions", "embargo", "publish", "evidence", "grants", "ours", "statuses", "risk", "notices", "facts/new", "harm", "happened", "risk/new", "notices/new", "threads/new")...)
	add("case-vulnerability", "lindqvist", pumps+"/vulnerabilities/"+flaw)
	add("case-party", "maas", pumps+"/parties/"+party)
	add("case-clock", "lindqvist", pumps+"/clocks/"+clock)
	add("case-fact", "lindqvist", pumps+"/facts/"+fact)
	add("case-determination", "lindqvist", pumps+"/risk/"+sheet)
	add("case-ssvc", "lindqvist", pumps+"/risk/ssvc/"+flaw)
	add("case-known", "lindqvist", pumps+"/risk/known/"+flaw)
	add("case-notice", "lindqvist", pumps+"/notices/"+notice, pumps+"/notices/"+notice+"/edit", pumps+"/notices/"+notice+"/send")
	add("case-grant", "maas", "/grants/"+grant)
	add("case-desk-pages", "maas", under(pumps, "stage", "invite", "edit", "vulnerabilities/new")...)
	add("case-kept-clocks", "vasquez", "/cases/"+kept+"/clocks")
	add("case-forms", "lindqvist", "/cases/new", "/reports/new", "/risk-matrix", "/participation/trace")
	add("case-lists", "lindqvist", "/reports", "/need-to-know", "/participation", "/calculators")
	add("calculators", "lindqvist", "/calculators/cvss-3.1", "/calculators/cvss-4.0", "/calculators/rubric", "/calculators/ssvc-deployer")
	add("case-import", "maas", "/cases/import")
	add("triage-report", "tembo", "/triage/"+report)
	add("notice-copies", "maas", "/notices", "/notices/"+copied)
	add("need-to-know-holder", "tranberg", "/need-to-know")
	return list
}

// caseTitled finds a case of the demo.
func (w *world) caseTitled(title string) string {
	w.t.Helper()
	return w.named(`SELECT k.id FROM visible.cases k WHERE k.title = $1`, title)
}
