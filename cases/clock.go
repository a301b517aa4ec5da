package cases

import "github.com/cordon-isao/cordon/internal/db"

// reckon works out a party's obligations anew from its facts.
func (c *Cases) reckon(tx *db.Tx, k Case, p Party) error { return nil }

// reckonCase works out the obligations of the case itself: the embargo's end.
func (c *Cases) reckonCase(tx *db.Tx, k Case) error { return nil }

// reckonReport works out the desk's obligation to acknowledge a report.
func (c *Cases) reckonReport(tx *db.Tx, report string) error { return nil }
