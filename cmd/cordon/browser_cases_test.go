package main

import (
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// caseScreens is the pages of coordinated disclosure that neither are among screens
// nor looked at by the tests of package web, which look at the states of each; here
// each is looked at once, as the demo fills it.
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
	pump := w.caseTitled(pumpTitle)
	pumps := "/cases/" + pump
	c := w.house.cases
	lead, desk := w.being("lindqvist"), w.being("maas")
	var flaw, fact, sheet, notice string
	w.read(lead, func(v *db.View) error {
		xs, err := c.Vulnerabilities(v, pump)
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
		flaw, fact, sheet, notice = xs[0].ID, fs[0].ID, ds[0].ID, ns[0].ID
		return nil
	})
	var copied, statement string
	w.read(desk, func(v *db.View) error {
		ns, err := c.ISAOCopies(v, 10)
		if err != nil {
			return err
		}
		copied = ns[0].ID
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

	add("case-pages", "lindqvist", under(pumps, "statuses", "facts/new", "threads/new")...)
	add("case-fact", "lindqvist", pumps+"/facts/"+fact)
	add("case-determination", "lindqvist", pumps+"/risk/"+sheet)
	add("case-ssvc", "lindqvist", pumps+"/risk/ssvc/"+flaw)
	add("case-known", "lindqvist", pumps+"/risk/known/"+flaw)
	add("case-notice", "lindqvist", pumps+"/notices/"+notice+"/edit", pumps+"/notices/"+notice+"/send")
	add("case-desk-pages", "maas", under(pumps, "edit", "vulnerabilities/new")...)
	add("case-forms", "lindqvist", "/participation/trace", "/calculators/ssvc-deployer")
	add("case-import", "maas", "/cases/import")
	add("notice-copies", "maas", "/notices", "/notices/"+copied)
	return list
}

// caseTitled finds a case of the demo.
func (w *world) caseTitled(title string) string {
	w.t.Helper()
	return w.named(`SELECT k.id FROM visible.cases k WHERE k.title = $1`, title)
}
