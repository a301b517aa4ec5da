package matching_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/vulns"
)

// TestRekeyed: what an earlier program looked up by other keys is found once the
// indexes are made again, also when that was interrupted; and then not again.
func TestRekeyed(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		index := func() {
			t.Helper()
			h.OK(h.Vulns.RebuildIndex(h.Ctx, h.DB, program))
			h.OK(h.Devices.RebuildIndex(h.Ctx, h.DB, program))
		}
		rekeyed := func(want bool) {
			t.Helper()
			done, err := h.Matching.Rekeyed(h.Ctx, h.DB, program)
			if h.OK(err); done != want {
				t.Errorf("done %v, want %v", done, want)
			}
		}
		rekeyed(false) // nothing is keyed yet
		index()
		rekeyed(true)
		h.settle()

		h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		h.deploy(town.Wim, devices.DeploymentForm{Maker: "Pump Works", Model: "Infusor", Version: "1.0"})
		// As an earlier program had left it.
		h.OK(h.DB.Note(h.Ctx, program, func(tx *db.Tx) error {
			for _, stmt := range []string{`DELETE FROM devices_names WHERE key <> 0`, `DELETE FROM devices_places WHERE key <> 0`, `UPDATE devices_marks SET value = '1' WHERE name = 'keys'`, `UPDATE matching_keys SET version = '1'`} {
				if _, err := tx.Exec(stmt); err != nil {
					return err
				}
			}
			return nil
		}))
		h.bring(town.Dora, vulns.CSAF, public, advisory("ADV-1", "CVE-2025-0001", "Pump Works", "Infusor", "< 2.0"))
		h.settle()
		if fs := h.mine(town.Wim); len(fs) != 0 {
			t.Fatalf("%+v", fs)
		}
		rekeyed(false)
		h.DB.Faults().Set(func(stmt string, after bool) error {
			if strings.HasPrefix(stmt, "INSERT INTO devices_places") && after {
				return errors.New("crash")
			}
			return nil
		})
		err := h.Devices.RebuildIndex(h.Ctx, h.DB, program)
		h.DB.Faults().Set(nil)
		if err == nil {
			t.Fatal("it was not interrupted")
		}
		rekeyed(false)
		index()
		rekeyed(true)
		h.settle()
		if fs := h.mine(town.Wim); len(fs) != 1 {
			t.Errorf("%+v", fs)
		}
		index()
		rekeyed(true)
		if n := town.Must(h.Town, "", h.Matching.Waiting); n > 1 { // one row is the lock
			t.Errorf("%d wait", n)
		}
	})
}
