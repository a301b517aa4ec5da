package intel_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

func TestTry(t *testing.T) {
	h := town.New(t, "")
	address := `{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--00000000-0000-4000-9000-000000000001","value":"198.51.100.7"}`
	hidden := `{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--00000000-0000-4000-9000-000000000002","value":"203.0.113.9","object_marking_refs":["` + amberStrict + `"]}`
	observed := func(n int, refs string) string {
		return fmt.Sprintf(`{"type":"observed-data","spec_version":"2.1","id":%q,"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:01:00Z","number_observed":2,"object_refs":[%s]}`, thingID(n, "observed-data"), refs)
	}
	both := `"ipv4-addr--00000000-0000-4000-9000-000000000001","ipv4-addr--00000000-0000-4000-9000-000000000002"`
	take(h, town.Pia, open, address, hidden, observed(3, both))
	try := func(person, pattern, pasted string, ids ...string) (intel.Trial, error) {
		return town.Read(h, person, func(v *db.View) (intel.Trial, error) { return h.Intel.Try(v, pattern, pasted, ids) })
	}
	const seven, nine = "[ipv4-addr:value = '198.51.100.7']", "[ipv4-addr:value ISSUBSET '203.0.113.0/24']"
	for _, c := range []struct {
		person, pattern, pasted string
		ids                     []string
		want                    bool
	}{
		{town.Wim, seven, address, nil, true},
		{town.Wim, nine, address, nil, false},
		{town.Wim, seven, "[" + address + "," + hidden + "]", nil, true},
		{town.Wim, seven, bundle(observed(3, both), address), nil, true},
		{town.Wim, seven + " REPEATS 2 TIMES", bundle(observed(3, both), address), nil, true},
		{town.Wim, seven, `{"type":"ipv4-addr","value":"198.51.100.7"}`, nil, true},
		{town.Wim, seven, `{"objects":[{"type":"ipv4-addr","value":"198.51.100.7"}]}`, nil, true},
		{town.Wim, seven, "", []string{thingID(3, "observed-data")}, true},
		{town.Wim, nine, "", []string{thingID(3, "observed-data")}, false}, // he may not see the other address
		{town.Pol, nine, "", []string{thingID(3, "observed-data")}, true},
	} {
		got, err := try(c.person, c.pattern, c.pasted, c.ids...)
		if err != nil || got.Result.Matched != c.want {
			t.Errorf("%s on %.60s %v: %v, %v", c.pattern, c.pasted, c.ids, got.Result.Matched, err)
		}
	}
	for _, c := range []struct{ pattern, pasted, field string }{
		{"", address, "pattern"},
		{"[ipv4-addr:value = ]", address, "pattern"},
		{seven, "", "observed"},
		{seven, `{"type":"a","type":"b"}`, "observed"},
		{seven, `{"type":"a","TYPE":"b"}`, "observed"},
		{seven, `{`, "observed"},
		{seven, `7`, "observed"},
		{seven, `[7]`, "observed"},
		{seven, `{"type":"observed-data","first_observed":"x"}`, "observed"},
	} {
		_, err := try(town.Wim, c.pattern, c.pasted)
		town.Wants(t, err, fault.Invalid, c.field)
		var at *intel.PatternError
		if c.field == "pattern" && c.pattern != "" && (!errors.As(err, &at) || at.Col != 20) {
			t.Errorf("%s: the place is %+v", c.pattern, at)
		}
	}
}
