package main

import (
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web"
)

// browserTest skips what needs Chromium and a furnished house in short runs.
func browserTest(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Chromium and a furnished house")
	}
}

// persona is a person of the demo by key.
func (w *world) persona(key string) web.Persona {
	w.t.Helper()
	for _, p := range w.house.web.Demo.Personas {
		if p.Key == key {
			return p
		}
	}
	w.t.Fatalf("the demo has nobody called %s", key)
	return web.Persona{}
}

// being is a person of the demo as a viewer.
func (w *world) being(key string) policy.Viewer { w.t.Helper(); return w.viewer(w.persona(key).ID) }

// named finds the id of what a table calls by a name.
func (w *world) named(query, name string) (id string) {
	w.t.Helper()
	w.read(program, func(v *db.View) (err error) {
		id, err = db.One(v, db.Value[string], query, name)
		return err
	})
	return id
}

func (w *world) roomNamed(name string) string {
	w.t.Helper()
	return w.named(`SELECT r.id FROM visible.rooms r WHERE r.name = $1`, name)
}

// reader opens a private window without script in which a person of the demo (""
// for nobody) is signed in.
func (w *world) reader(key string) *reader.Reader {
	w.t.Helper()
	if key == "" {
		return reader.New(w.t, w.url)
	}
	return reader.New(w.t, w.url, w.session(w.persona(key).ID))
}
