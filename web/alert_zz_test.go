package web

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func TestZZPoll(t *testing.T) {
	h := openCases(t, "")
	p := h.held("Pump A4", map[string]string{town.Wim: "1.5"})
	wim := h.tab(town.Wim)
	wim.SetViewport(1280, 800)
	wim.Go(h.web.URL + "/alerts")
	wim.WaitText(".empty", "No alert matches", 10*time.Second)
	h.alerted(p, policy.Amber, alerts.Today)
	t.Log(wim.WaitText(".alert-row", "Pumps may stop", 45*time.Second))
	wim.Go(h.web.URL + "/inbox")
	wim.Screenshot("/tmp/w3/shots/inbox.png")
	wim.CheckQuiet()
}
