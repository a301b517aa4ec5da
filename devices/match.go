package devices

import (
	"strconv"

	"github.com/cordon-isao/cordon/internal/db"
)

// This file is what matching asks. Everything is read in the eyes of the view it is
// given, as everything else is.

// hashes is a list of numbers, such as hashed keys, for json_each, which takes texts.
func hashes(keys []int64) string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = strconv.FormatInt(k, 10)
	}
	return db.List(list)
}

// Number is the number under which rows refer to an SBOM. It is shown to nobody.
func (b *SBOM) Number() int64 { return b.n }

// SBOMNumbered is the SBOM of a number.
func (x *Devices) SBOMNumbered(v *db.View, n int64) (*SBOM, error) {
	return db.One(v, scanSBOM(v), `SELECT `+sbomColumns+` FROM visible.devices_sboms s WHERE s.n = $1`, n)
}

// SBOMNumbers lists the numbers of all SBOMs that were read, in order, after one.
func (x *Devices) SBOMNumbers(v *db.View, after int64, limit int) ([]int64, error) {
	return db.All(v, db.Value[int64], `SELECT s.n FROM visible.devices_sboms s WHERE s.state = 'done' AND s.n > $1 ORDER BY s.n LIMIT $2`, after, limit)
}

// PartsOf lists components of an SBOM in order, after one.
func (x *Devices) PartsOf(v *db.View, sbom int64, after, limit int) ([]Part, error) {
	return db.All(v, scanPart, `SELECT `+partColumns+` FROM visible.devices_sboms s JOIN devices_components c ON c.sbom = s.n WHERE s.n = $1 AND s.state = 'done' AND c.part > $2 ORDER BY c.part LIMIT $3`, sbom, after, limit)
}

// PartsByKey lists the components, of all SBOMs that were read, that are looked up by
// any of these hashed keys.
func (x *Devices) PartsByKey(v *db.View, keys []int64) ([]Part, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return db.All(v, scanPart, `SELECT `+partColumns+` FROM devices_keys k JOIN visible.devices_sboms s ON s.n = k.sbom JOIN devices_components c ON c.sbom = k.sbom AND c.part = k.part
		WHERE k.key IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND s.state = 'done'`, hashes(keys))
}

// Name is a name under which a product is looked up.
type Name struct {
	Key     int64
	Product string
	How     string // name, model, alias or udi
	Text    string
}

func scanName(s db.Scanner) (n Name, err error) {
	err = s.Scan(&n.Key, &n.Product, &n.How, &n.Text)
	return n, err
}

// NamesByKey lists the products that are called by any of these hashed keys.
func (x *Devices) NamesByKey(v *db.View, keys []int64) ([]Name, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return db.All(v, scanName, `SELECT n.key, n.product, n.how, n.text FROM devices_names n JOIN visible.devices_products p ON p.id = n.product
		WHERE n.key IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY n.product, n.how, n.text`, hashes(keys))
}

// NamesOf lists the names under which a product is looked up.
func (x *Devices) NamesOf(v *db.View, product string) ([]Name, error) {
	return db.All(v, scanName, `SELECT n.key, n.product, n.how, n.text FROM devices_names n JOIN visible.devices_products p ON p.id = n.product WHERE n.product = $1 ORDER BY n.how, n.text`, product)
}

// matched is the deployments that are matched: what is retired is not.
const matched = ` d.state = 'kept' AND d.stage IN ('in use', 'stored') `

// DeploymentsByKey lists the deployments that are called by any of these hashed keys,
// by maker and model as their hospital writes them.
func (x *Devices) DeploymentsByKey(v *db.View, keys []int64) ([]Deployment, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return db.All(v, scanDeployment(v), `SELECT DISTINCT `+deploymentColumns+` FROM devices_places k JOIN visible.devices_deployments d ON d.id = k.deployment
		WHERE k.key IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND`+matched+`ORDER BY d.id`, hashes(keys))
}

// DeploymentsOf lists the deployments of known products.
func (x *Devices) DeploymentsOf(v *db.View, products []string) ([]Deployment, error) {
	if len(products) == 0 {
		return nil, nil
	}
	return db.All(v, scanDeployment(v), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE d.product IN (SELECT value FROM json_each($1)) AND`+matched+`ORDER BY d.id`, db.List(products))
}

// KeysOfDeployment are the hashed keys under which a deployment is looked up, those of
// its known product among them if the view may read it.
func (x *Devices) KeysOfDeployment(v *db.View, id string) ([]int64, error) {
	return db.All(v, db.Value[int64], `SELECT k.key FROM visible.devices_deployments d JOIN devices_places k ON k.deployment = d.id WHERE d.id = $1 AND`+matched+`
		UNION SELECT n.key FROM visible.devices_deployments d JOIN visible.devices_products p ON p.id = d.product JOIN devices_names n ON n.product = p.id WHERE d.id = $1 AND`+matched, id)
}

// StatementsOf lists the VEX statements that an SBOM brought, as JSON of vex.Statement.
func (x *Devices) StatementsOf(v *db.View, sbom int64) ([]string, error) {
	return db.All(v, db.Value[string], `SELECT t.body FROM visible.devices_sboms s JOIN devices_statements t ON t.sbom = s.n WHERE s.n = $1 AND s.state = 'done' ORDER BY t.i`, sbom)
}

// Matched lists the deployments that are matched, as far as the viewer may read them.
func (x *Devices) Matched(v *db.View) ([]Deployment, error) {
	return db.All(v, scanDeployment(v), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE`+matched+`ORDER BY d.id`)
}

// PartsNumbered are components of an SBOM by their numbers, whole.
func (x *Devices) PartsNumbered(v *db.View, sbom int64, numbers []int) (map[int]Part, error) {
	list := make([]int64, len(numbers))
	for i, n := range numbers {
		list[i] = int64(n)
	}
	parts, err := db.All(v, scanWhole, `SELECT `+partColumns+`, c.facts FROM visible.devices_sboms s JOIN devices_components c ON c.sbom = s.n WHERE s.n = $1 AND s.state = 'done' AND c.part IN (SELECT CAST(value AS BIGINT) FROM json_each($2))`, sbom, hashes(list))
	if err != nil {
		return nil, err
	}
	out := make(map[int]Part, len(parts))
	for _, p := range parts {
		out[p.Number] = p
	}
	return out, nil
}
