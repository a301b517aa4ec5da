package api

import (
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/policy"
)

// ofIntel reports whether an operation is checked by the tests of intelligence.
func (h *house) ofIntel(r httpkit.Route) bool {
	tag := operationOf(h.srv.table.huma.OpenAPI(), r.Method, r.Path).Tags[0]
	return tag == "Threat intelligence" || tag == "Outside sources and webhooks"
}

const (
	hiddenStix = "indicator--00000000-0000-4000-8000-00000000abcd"
	clearMark  = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
	greenMark  = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	strictMark = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
)

// indicator is a small object.
func indicator(id, name, value, marking string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":%q,"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":%q,"pattern":"[domain-name:value = '%s']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","object_marking_refs":[%q]}`,
		id, name, value, marking)
}

func bundle(objs ...string) string {
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[` + strings.Join(objs, ",") + `]}`
}

// furnishIntel adds one of everything of Pump's, none of which lea may know of.
func (h *house) furnishIntel() {
	h.t.Helper()
	x, in := h.hiddenCase, h.srv.Intel
	x["stix"] = hiddenStix
	h.write(h.pia, func(tx *db.Tx) error {
		b, _, err := in.Take(tx, intel.NewBatch{Via: "api", Name: "zebra", Format: intel.FormatSTIX, Terms: intel.Terms{Scrub: intel.ScrubClean}}, strings.NewReader(bundle(
			indicator(hiddenStix, "Zebra", "zebra.example", strictMark),
			indicator("indicator--00000000-0000-4000-8000-00000000abce", "Unknown", "zebra.example", "marking-definition--00000000-0000-4000-8000-00000000aaaa"))))
		if err != nil {
			return err
		}
		x["batch"] = b.ID
		held, err := in.Waiting(tx.View, "", 10)
		if err == nil && len(held) != 1 {
			err = fmt.Errorf("%d objects wait", len(held))
		}
		if err == nil {
			x["held"] = held[0].ID
		}
		return err
	})
	h.write(h.pia, func(tx *db.Tx) (err error) {
		x["source"], err = in.Subscribe(tx, intel.NewSource{Name: "zebra", Kind: intel.SourceMISP, URL: "https://feed.example/zebra/", Terms: intel.Terms{Floor: policy.AmberStrict}})
		return err
	})
	h.write(h.pia, func(tx *db.Tx) (err error) {
		x["hook"], _, err = in.AddHook(tx, intel.NewHook{Name: "zebra", URL: "https://hooks.example/zebra"})
		return err
	})
	h.ok(h.db.Note(h.t.Context(), h.as(h.pia), func(tx *db.Tx) (err error) {
		x["delivery"], err = in.TestHook(tx, x["hook"])
		return err
	}))
}

// intelBodies are for operations on what does not exist, so that they get as far.
var intelBodies = map[string]string{
	"sight-intel": `{}`, "remark-intel": `{"text":"x"}`, "decide-held": `{"accept":true}`, "edit-source": `{"name":"x","kind":"misp","url":"https://feed.example/","terms":{}}`,
	"trust-source": `{"fingerprint":"x"}`, "edit-hook": `{"name":"x","url":"https://hooks.example/"}`, "turn-hook": `{"on":false}`,
}
