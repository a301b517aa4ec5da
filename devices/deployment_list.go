package devices

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
)

// DeploymentQuery says which deployments of the viewer's organization are listed.
type DeploymentQuery struct {
	Words    string // of maker, model, version, identifier, zone, owner and note
	Product  string // of this known product
	Unknown  bool   // only those that name no known product
	Zone     string // exactly
	Exposure string
	Stage    string // one of [Uses]; "" = all but retired
	After    string // where the page before ended; "" = the beginning
	Limit    int
}

// Deployment is one deployment of the viewer's organization.
func (x *Devices) Deployment(v *db.View, id string) (Deployment, error) {
	return db.One(v, scanDeployment(v), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE d.id = $1`, id)
}

// Deployments lists deployments of the viewer's organization by maker, model and
// version; next is "" at the end.
func (x *Devices) Deployments(v *db.View, q DeploymentQuery) (ds []Deployment, next string, err error) {
	key, id, err := readCursor(q.After)
	if err != nil {
		return nil, "", err
	}
	state := deploymentKept
	if q.Stage == "retired" {
		state = deploymentRetired
	}
	where, args := []string{`d.org = $1 AND d.state = $2 AND (d.name > $3 OR d.name = $3 AND d.id > $4)`}, []any{v.Viewer().Org, state, key, id}
	and := func(form string, a any) {
		args = append(args, a)
		where = append(where, fmt.Sprintf(form, len(args)))
	}
	if q.Product != "" {
		and(`d.product = $%d`, q.Product)
	}
	if q.Unknown {
		where = append(where, `d.product = ''`)
	}
	if q.Zone != "" {
		and(`d.zone = $%d`, q.Zone)
	}
	if q.Exposure != "" {
		and(`d.exposure = $%d`, q.Exposure)
	}
	if q.Stage != "" {
		and(`d.stage = $%d`, q.Stage)
	}
	words := strings.Fields(names.Fold(q.Words))
	for i, w := range words {
		if i == maxWords {
			break
		}
		and(`d.words LIKE $%d`, "%"+w+"%") // folded: neither % nor _ is in it
	}
	if q.Words != "" && len(words) == 0 {
		return nil, "", nil
	}
	limit := page(q.Limit)
	args = append(args, limit+1)
	ds, err = db.All(v, scanDeployment(v), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE `+strings.Join(where, ` AND `)+fmt.Sprintf(` ORDER BY d.name, d.id LIMIT $%d`, len(args)), args...)
	if err == nil && len(ds) > limit {
		ds = ds[:limit]
		next = cursor(ds[limit-1].listed(), ds[limit-1].ID)
	}
	return ds, next, err
}

// Tally is how many deployments, and units, have something in common.
type Tally struct {
	Name        string
	Deployments int
	Units       int
}

// DeploymentCounts is what the viewer's organization runs, in numbers. What is
// retired counts in Stages only.
type DeploymentCounts struct {
	Deployments int
	Units       int
	Unknown     int // of Deployments: those that name no known product
	Stages      []Tally
	Zones       []Tally // the largest first, at most 100
	Exposures   []Tally // "" = not known
}

// DeploymentCounts counts the deployments of the viewer's organization.
func (x *Devices) DeploymentCounts(v *db.View) (c DeploymentCounts, err error) {
	stages, zones, exposures := map[string]*Tally{}, map[string]*Tally{}, map[string]*Tally{}
	err = v.Each(`SELECT d.stage, d.zone, d.exposure, CASE WHEN d.product = '' THEN 1 ELSE 0 END, COUNT(*), CAST(SUM(d.count) AS BIGINT) FROM visible.devices_deployments d WHERE d.org = $1 GROUP BY 1, 2, 3, 4`, []any{v.Viewer().Org},
		func(s db.Scanner) error {
			var stage, zone, exposure string
			var unknown, n, units int
			if err := s.Scan(&stage, &zone, &exposure, &unknown, &n, &units); err != nil {
				return err
			}
			count := func(m map[string]*Tally, name string) {
				if m[name] == nil {
					m[name] = &Tally{Name: name}
				}
				m[name].Deployments += n
				m[name].Units += units
			}
			if count(stages, stage); stage == "retired" {
				return nil
			}
			count(zones, zone)
			count(exposures, exposure)
			c.Deployments, c.Units, c.Unknown = c.Deployments+n, c.Units+units, c.Unknown+n*unknown
			return nil
		})
	named := func(a, b Tally) int { return strings.Compare(a.Name, b.Name) }
	c.Stages, c.Exposures = tallies(stages, named), tallies(exposures, named)
	c.Zones = tallies(zones, func(a, b Tally) int { return cmp.Or(b.Units-a.Units, named(a, b)) })
	c.Zones = c.Zones[:min(len(c.Zones), 100)]
	return c, err
}

func tallies(m map[string]*Tally, order func(a, b Tally) int) (out []Tally) {
	for _, t := range m {
		out = append(out, *t)
	}
	slices.SortFunc(out, order)
	return out
}
