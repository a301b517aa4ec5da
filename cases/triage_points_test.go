package cases_test

import (
	"strings"

	"github.com/cordon-isao/cordon/formats/ssvc"
)

func coordinatorPoints() []ssvc.Point {
	t, _ := ssvc.Find(ssvc.CoordinatorTriage)
	return t.Points
}

func contains(s, part string) bool { return strings.Contains(s, part) }
