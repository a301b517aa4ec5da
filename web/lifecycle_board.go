package web

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const lifecycleAt = "/lifecycle"

// boardMost is how many products the board shows, and how many deployments it looks
// through for gaps.
const (
	boardMost        = 200
	boardDeployments = 500
)

// boardStages are the columns of the board.
var boardStages = []devices.Stage{devices.Development, devices.Support, devices.LimitedSupport, devices.EndOfSupport}

// boardCard is a product on the board.
type boardCard struct {
	p       devices.Product
	mine    bool // the reader's organization keeps it
	units   int  // that the reader's organization runs
	gaps    []devices.Gap
	notice  devices.Notice
	ends    time.Time
	daysOff int // until the end of support; negative after it
}

// boardView is what the lifecycle board is drawn from.
type boardView struct {
	tabs    []ui.Tab
	cards   map[devices.Stage][]boardCard
	gone    int // decommissioned
	total   int
	capped  bool
	unknown int // deployments that name no known product
	stage   devices.Stage
	may     bool
	makes   bool
	now     time.Time
}

// lifecycleBoard shows the products that the reader's organization makes or runs by
// their stage of life, with the duties of both sides.
func (c *Ctx) lifecycleBoard() error {
	return c.ownDevices(func() error {
		x := boardView{tabs: c.deviceTabs(lifecycleAt), cards: map[devices.Stage][]boardCard{}, now: c.View.Now(), may: c.Devices.MayDeploy(c.View), makes: c.Devices.MayAddProducts(c.View)}
		x.stage = devices.Stage(c.R.URL.Query().Get("stage"))
		cards, label, err := c.boardCards(&x)
		if err != nil {
			return err
		}
		most := devices.Support
		for _, card := range cards {
			if card.p.Stage == devices.Decommissioned {
				x.gone++
				continue
			}
			x.cards[card.p.Stage] = append(x.cards[card.p.Stage], card)
		}
		for _, s := range boardStages {
			if len(x.cards[s]) > len(x.cards[most]) {
				most = s
			}
		}
		if !slices.Contains(devices.Stages(), x.stage) {
			x.stage = most
		}
		return c.show(Page{Title: "Lifecycle", Kind: "lifecycle", Label: label, Live: []string{"*"}, Body: boardBody(x)})
	})
}

// boardCards gathers what the reader's organization makes and runs.
func (c *Ctx) boardCards(x *boardView) (out []boardCard, label policy.Label, err error) {
	label = policy.Default(c.Viewer.Org)
	by := map[string]*boardCard{}
	var order []string
	add := func(p devices.Product) *boardCard {
		if by[p.ID] == nil {
			by[p.ID] = &boardCard{p: p}
			order = append(order, p.ID)
			label = together(label, p.Label)
		}
		return by[p.ID]
	}
	made, next, err := c.Devices.MyProducts(c.View, devices.ProductQuery{Limit: boardMost})
	if err != nil {
		return nil, label, err
	}
	x.capped = next != ""
	for _, p := range made {
		k := add(p)
		k.mine = true
		if k.gaps, err = c.Devices.ProductGaps(c.View, p.ID); err != nil {
			return nil, label, err
		}
	}
	var run []devices.Deployment
	for after := ""; len(run) < boardDeployments; {
		ds, next, err := c.Devices.Deployments(c.View, devices.DeploymentQuery{After: after, Limit: devices.MaxPage})
		if err != nil {
			return nil, label, err
		}
		run = append(run, ds...)
		if after = next; next == "" {
			break
		}
	}
	x.capped = x.capped || len(run) >= boardDeployments
	var ids []string
	for _, d := range run {
		if d.Product == "" {
			x.unknown++
		} else if !slices.Contains(ids, d.Product) {
			ids = append(ids, d.Product)
		}
	}
	products, err := c.Devices.ProductsOf(c.View, ids[:min(len(ids), boardMost)])
	if err != nil {
		return nil, label, err
	}
	for _, d := range run {
		p, ok := products[d.Product]
		if !ok {
			continue
		}
		k := add(p)
		k.units += d.Count
		for _, g := range devices.Gaps(devices.Facts{Product: p, Deployment: &d, Now: x.now}) {
			// What the maker owes is for the maker's own board; of several deployments each
			// gap is told once.
			if g.Role == devices.RoleProvider && !slices.ContainsFunc(k.gaps, func(o devices.Gap) bool { return o.Why == g.Why && o.Role == g.Role }) {
				k.gaps = append(k.gaps, g)
			}
		}
	}
	for _, id := range order {
		k := by[id]
		k.notice = devices.CheckNotice(k.p.EOS, k.p.Announced)
		if k.ends, err = time.Parse(time.DateOnly, k.p.EOS); err == nil {
			k.daysOff = ui.DayNumber(x.now.UTC(), k.ends)
		}
		out = append(out, *k)
	}
	x.total = len(out)
	slices.SortStableFunc(out, func(a, b boardCard) int {
		if a.ends.IsZero() != b.ends.IsZero() {
			if a.ends.IsZero() {
				return 1
			}
			return -1
		}
		if n := a.ends.Compare(b.ends); n != 0 {
			return n
		}
		return strings.Compare(a.p.Title(), b.p.Title())
	})
	return out, label, nil
}

// noticeWords say how early an end of support was announced.
func noticeWords(n devices.Notice) string {
	switch n {
	case devices.NoticeOK:
		return "announced three years ahead or more"
	case devices.NoticeWarn:
		return "announced two to three years ahead: the transfer begins now"
	case devices.NoticeLate:
		return "announced less than two years ahead"
	}
	return ""
}

// supportWords say when support ends, and whether that is soon.
func (k boardCard) supportWords() (text, class string) {
	switch {
	case k.ends.IsZero():
		return "No end of support is known", ""
	case k.daysOff < 0:
		return "Support ended " + k.p.EOS, "late"
	case k.daysOff <= 30:
		return "Support ends " + k.p.EOS + ", within 30 days", "late"
	case k.daysOff <= 90:
		return "Support ends " + k.p.EOS + ", within 90 days", "soon"
	case k.daysOff <= 180:
		return "Support ends " + k.p.EOS + ", within 180 days", "soon"
	}
	return "Support ends " + k.p.EOS, ""
}

// dutyRows are the duties of a stage with the products that do not meet them.
func (x boardView) dutyRows() (out [][]ui.Cell) {
	for _, role := range []string{devices.RoleMaker, devices.RoleProvider} {
		for _, r := range devices.Responsibilities(x.stage) {
			if r.Role != role {
				continue
			}
			var lacking []boardCard
			for _, k := range x.cards[x.stage] {
				if slices.ContainsFunc(k.gaps, func(g devices.Gap) bool { return g.Role == r.Role && g.Text == r.Text }) {
					lacking = append(lacking, k)
				}
			}
			_, section, _ := strings.Cut(r.Section, ": ") // the stage is the page's
			gap := ui.Cell{Text: "", Muted: true}
			if len(lacking) > 0 {
				gap = ui.Cell{Part: lackingPart(lacking)}
			}
			out = append(out, []ui.Cell{{Text: r.Text, Header: true}, {Text: upperFirst(role)}, gap, {Text: section, Muted: true}})
		}
	}
	return out
}
