package devices

import "github.com/cordon-isao/cordon/policy"

// system numbers SBOMs and reads what was sent, whoever may read it. Its rows are
// shown to nobody.
var system = policy.System("devices")
