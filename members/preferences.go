package members

import (
	"encoding/json"
	"slices"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Preferences is how a person likes to be told and shown. They are no facts and
// leave no entry.
type Preferences struct {
	Theme   string `json:"theme"`    // auto, light, dark or contrast
	Density string `json:"density"`  // compact, default or comfortable
	KeysOff bool   `json:"keys_off"` // single-letter keys

	// What stands under "Needs you" in the inbox, besides decisions; the rest is
	// below it, by room. The defaults are quiet.
	Mentions  bool `json:"mentions"`   // somebody mentions me
	Replies   bool `json:"replies"`    // answers to topics I started
	NewTopics bool `json:"new_topics"` // topics begun in rooms I can see
}

// DefaultPreferences are those of a person who chose nothing.
func DefaultPreferences() Preferences {
	return Preferences{Theme: "auto", Density: "default", Mentions: true, Replies: true}
}

// Preferences reads the viewer's preferences.
func (m *Members) Preferences(v *db.View) (Preferences, error) {
	p := DefaultPreferences()
	text, err := db.One(v, db.Value[string], `SELECT choice FROM preferences WHERE person = $1`, v.Viewer().Person)
	if fault.Is(err, fault.Missing) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(text), &p)
}

// SetPreferences keeps the viewer's preferences (a scratch write).
func (m *Members) SetPreferences(tx *db.Tx, p Preferences) error {
	if !tx.Viewer().SignedIn() {
		return errSignIn
	}
	if tx.Viewer().IsToken() {
		return errMayNot
	}
	var c checker
	if !slices.Contains([]string{"auto", "light", "dark", "contrast"}, p.Theme) {
		c.add("theme", "Choose one of the themes.")
	}
	if !slices.Contains([]string{"compact", "default", "comfortable"}, p.Density) {
		c.add("density", "Choose one of the densities.")
	}
	if err := c.err(); err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO preferences (person, choice) VALUES ($1, $2) ON CONFLICT (person) DO UPDATE SET choice = excluded.choice`, tx.Viewer().Person, string(text))
	return err
}
