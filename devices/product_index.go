package devices

import (
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/udi"
	"github.com/cordon-isao/cordon/internal/db"
)

// call is one name under which a product, or a deployment, is looked up.
type call struct {
	key, how, text string
}

// calls are the names under which a product is looked up: its name, its models
// alone and after its name, what its aliases say, and its device identifiers. The
// maker alone is there for names that are only close.
func calls(d Product, aliases []Alias, udis []string) (out []call) {
	add := func(how, maker, name string) {
		out = append(out, call{names.Device(maker, name), how, maker + " " + name})
	}
	add("name", d.Maker, d.Name)
	for _, m := range d.Models {
		add("model", d.Maker, m)
		add("model", d.Maker, d.Name+" "+m)
	}
	for _, a := range aliases {
		maker, name := a.Maker, a.Name
		if maker == "" {
			maker = d.Maker
		}
		add("alias", maker, d.Name)
		if name != "" {
			add("alias", maker, name)
		}
		for _, m := range d.Models {
			if a.Maker != "" {
				add("alias", maker, m)
			}
			if name != "" {
				add("alias", maker, name+" "+m)
			}
		}
	}
	for _, s := range udis {
		if k := udiKey(s); k != "" {
			out = append(out, call{k, "udi", s})
		}
	}
	return append(out, call{makerKey(d.Maker), "maker", d.Maker})
}

// udiKey is the key of a device identifier that was checked before, or "".
func udiKey(s string) string {
	if s == "" {
		return ""
	}
	di, err := udi.Parse(s)
	if err != nil {
		return ""
	}
	return "udi:" + di.Agency + ":" + di.ID
}

func makerKey(maker string) string { return "maker:" + names.Vendor(maker) }

// index writes anew how a product is looked up: by keys of its names, and by words.
func (x *Devices) index(tx *db.Tx, d Product) error {
	aliases, err := x.Aliases(tx.View, d.ID)
	if err != nil {
		return err
	}
	udis := d.UDIs
	words := []string{d.Maker, d.Name, names.Vendor(d.Maker), d.Catalog, strings.Join(d.Models, " "), strings.Join(d.Codes, " "), strings.Join(d.GMDN, " "), strings.Join(d.Premarket, " "), strings.Join(d.UDIs, " ")}
	err = tx.Each(`SELECT r.udi FROM devices_versions r WHERE r.product = $1 AND r.udi <> ''`, []any{d.ID}, func(s db.Scanner) error {
		var di string
		err := s.Scan(&di)
		udis, words = append(udis, di), append(words, di)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range aliases {
		words = append(words, a.Maker, a.Name)
	}
	if _, err := tx.Exec(`DELETE FROM devices_names WHERE product = $1`, d.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM devices_words WHERE product = $1`, d.ID); err != nil {
		return err
	}
	for _, c := range calls(d, aliases, udis) {
		if _, err := tx.Exec(`INSERT INTO devices_names (key, product, how, text) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, names.Hash(c.key), d.ID, c.how, c.text); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, w := range strings.Fields(names.Fold(strings.Join(words, " "))) {
		if w = cutWord(w); seen[w] {
			continue
		}
		seen[w] = true
		if _, err := tx.Exec(`INSERT INTO devices_words (word, product) VALUES ($1, $2) ON CONFLICT DO NOTHING`, w, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// cutWord keeps words within what an index takes.
func cutWord(w string) string {
	if r := []rune(w); len(r) > 64 {
		return string(r[:64])
	}
	return w
}
