package devices

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// ProductQuery says which products are listed.
type ProductQuery struct {
	Words string // of maker, name, models, device identifiers, codes, aliases: each begins one
	Org   string // of this maker's organization
	Stage Stage  // in this stage
	Mine  bool   // that the viewer's organization keeps
	After string // where the page before ended; "" = the beginning
	Limit int
}

// Product is one product that the viewer may read.
func (x *Devices) Product(v *db.View, id string) (Product, error) {
	return db.One(v, scanProduct(v), `SELECT `+productColumns+` FROM visible.devices_products p WHERE p.id = $1`, id)
}

// ProductsOf reads those of some products that the viewer may read, by id.
func (x *Devices) ProductsOf(v *db.View, ids []string) (map[string]Product, error) {
	out := make(map[string]Product, len(ids))
	ps, err := db.All(v, scanProduct(v), `SELECT `+productColumns+` FROM visible.devices_products p WHERE p.id IN (SELECT value FROM json_each($1))`, db.List(ids))
	for _, p := range ps {
		out[p.ID] = p
	}
	return out, err
}

// MyProducts lists what the viewer's organization keeps.
func (x *Devices) MyProducts(v *db.View, q ProductQuery) ([]Product, string, error) {
	q.Mine = true
	return x.Products(v, q)
}

// maxWords is how many words of a search count.
const maxWords = 8

// Products lists products that the viewer may read by maker and name; next is ""
// at the end.
func (x *Devices) Products(v *db.View, q ProductQuery) (ps []Product, next string, err error) {
	key, id, err := readCursor(q.After)
	if err != nil {
		return nil, "", err
	}
	where, args := []string{`(p.folded > $1 OR p.folded = $1 AND p.id > $2)`}, []any{key, id}
	and := func(form string, vs ...any) {
		ns := make([]any, len(vs))
		for i, a := range vs {
			args = append(args, a)
			ns[i] = len(args)
		}
		where = append(where, fmt.Sprintf(form, ns...))
	}
	if q.Org != "" {
		and(`p.org = $%d`, q.Org)
	}
	if q.Mine {
		and(`p.kept = $%d`, v.Viewer().Org)
	}
	if q.Stage != "" {
		and(`p.stage = $%d`, string(q.Stage))
	}
	words := strings.Fields(names.Fold(q.Words))
	for i, w := range words {
		if i == maxWords {
			break
		}
		w = cutWord(w)
		and(`p.id IN (SELECT w.product FROM devices_words w WHERE w.word >= $%d AND w.word < $%d)`, w, w+"\U0010ffff")
	}
	if q.Words != "" && len(words) == 0 {
		return nil, "", nil // nothing is called by no letter and no digit
	}
	limit := page(q.Limit)
	args = append(args, limit+1)
	ps, err = db.All(v, scanProduct(v), `SELECT `+productColumns+` FROM visible.devices_products p WHERE `+strings.Join(where, ` AND `)+fmt.Sprintf(` ORDER BY p.folded, p.id LIMIT $%d`, len(args)), args...)
	if err == nil && len(ps) > limit {
		ps = ps[:limit]
		next = cursor(names.Fold(ps[limit-1].Title()), ps[limit-1].ID)
	}
	return ps, next, err
}

// cursor is where a list by name goes on: after a folded name and an id.
func cursor(key, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key + "\n" + id))
}

func readCursor(s string) (key, id string, err error) {
	if s == "" {
		return "", "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	key, id, ok := strings.Cut(string(b), "\n")
	if err != nil || !ok || len(b) > 4000 {
		return "", "", fault.InvalidField("after", "This is not a place in this list. Start from its beginning.")
	}
	return key, id, nil
}
