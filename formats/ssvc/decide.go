package ssvc

// The functions of this file are the tables of R-067 for use in code. An empty
// or unknown value is an error of type *Error.

// Exploitation is how far exploitation has come.
type Exploitation string

// The values of Exploitation.
const (
	None      Exploitation = "none"
	PublicPoC Exploitation = "public poc"
	Active    Exploitation = "active"
)

// Utility is how useful an exploit is to an attacker.
type Utility string

// The values of Utility.
const (
	Laborious      Utility = "laborious"
	Efficient      Utility = "efficient"
	SuperEffective Utility = "super effective"
)

// ValueDensity is how much an attacker gains from one target.
type ValueDensity string

// The values of ValueDensity.
const (
	Diffuse      ValueDensity = "diffuse"
	Concentrated ValueDensity = "concentrated"
)

// TechnicalImpact is how much control an attacker gains.
type TechnicalImpact string

// The values of TechnicalImpact.
const (
	Partial TechnicalImpact = "partial"
	Total   TechnicalImpact = "total"
)

// SafetyImpact is the worst that can happen to people's safety.
type SafetyImpact string

// The values of SafetyImpact.
const (
	Negligible   SafetyImpact = "negligible"
	Marginal     SafetyImpact = "marginal"
	Critical     SafetyImpact = "critical"
	Catastrophic SafetyImpact = "catastrophic"
)

// MissionImpact is the worst that can happen to essential functions.
type MissionImpact string

// The values of MissionImpact.
const (
	Degraded        MissionImpact = "degraded"
	SupportCrippled MissionImpact = "mef support crippled"
	FunctionFailure MissionImpact = "mef failure"
	MissionFailure  MissionImpact = "mission failure"
)

// HumanImpact is safety and mission impact together.
type HumanImpact string

// The values of HumanImpact.
const (
	HumanLow      HumanImpact = "low"
	HumanMedium   HumanImpact = "medium"
	HumanHigh     HumanImpact = "high"
	HumanVeryHigh HumanImpact = "very high"
)

// PublicSafety is whether public safety is affected.
type PublicSafety string

// The values of PublicSafety.
const (
	Minimal     PublicSafety = "minimal"
	Significant PublicSafety = "significant"
)

// Exposure is who can reach the affected system.
type Exposure string

// The values of Exposure.
const (
	Small      Exposure = "small"
	Controlled Exposure = "controlled"
	Open       Exposure = "open"
)

// MissionWellBeing is how much essential functions and public well-being
// depend on the vulnerable component.
type MissionWellBeing string

// The values of MissionWellBeing.
const (
	WellBeingLow    MissionWellBeing = "low"
	WellBeingMedium MissionWellBeing = "medium"
	WellBeingHigh   MissionWellBeing = "high"
)

// Involvement is how far the supplier is with a fix.
type Involvement string

// The values of Involvement.
const (
	FixReady      Involvement = "fix ready"
	Cooperative   Involvement = "cooperative"
	Uncooperative Involvement = "uncooperative/unresponsive"
)

// ValueAdded is what a publication would add to what is public.
type ValueAdded string

// The values of ValueAdded.
const (
	Limited    ValueAdded = "limited"
	Ampliative ValueAdded = "ampliative"
	Precedence ValueAdded = "precedence"
)

// Report is what triage asks about a report.
type Report struct {
	Public               bool // details are public already
	SupplierContacted    bool // the reporter has tried to reach the supplier
	Credible             bool
	MultipleSuppliers    bool
	SupplierUnresponsive bool
	Utility              Utility
	PublicSafety         PublicSafety
}

// Triage returns decline, track or coordinate.
func Triage(r Report) (string, error) {
	return decide(CoordinatorTriage, map[string]string{
		"report-public": yes(r.Public), "supplier-contacted": yes(r.SupplierContacted),
		"report-credibility":   either(r.Credible, "credible", "not credible"),
		"supplier-cardinality": either(r.MultipleSuppliers, "multiple", "one"),
		"supplier-engagement":  either(r.SupplierUnresponsive, "unresponsive", "active"),
		"utility":              string(r.Utility), "public-safety-impact": string(r.PublicSafety),
	})
}

// Publish returns publish or do not publish. It assumes that no embargo holds.
func Publish(i Involvement, e Exploitation, v ValueAdded) (string, error) {
	return decide(CoordinatorPublish, map[string]string{
		"supplier-involvement": string(i), "exploitation": string(e), "public-value-added": string(v),
	})
}

// Deployer returns how soon to apply a fix: defer, scheduled, out-of-cycle or
// immediate.
func Deployer(e Exploitation, x Exposure, automatable bool, h HumanImpact) (string, error) {
	return decide(DeployerPatch, map[string]string{
		"exploitation": string(e), "system-exposure": string(x), "automatable": yes(automatable), "human-impact": string(h),
	})
}

// Supplier returns how soon to develop a fix: defer, scheduled, out-of-cycle or
// immediate.
func Supplier(e Exploitation, u Utility, t TechnicalImpact, p PublicSafety) (string, error) {
	return decide(SupplierPatch, map[string]string{
		"exploitation": string(e), "utility": string(u), "technical-impact": string(t), "public-safety-impact": string(p),
	})
}

// CISACoordinator returns track, track*, attend or act.
func CISACoordinator(e Exploitation, automatable bool, t TechnicalImpact, m MissionWellBeing) (string, error) {
	return decide(CISA, map[string]string{
		"exploitation": string(e), "automatable": yes(automatable), "technical-impact": string(t), "mission-and-well-being-impact": string(m),
	})
}

// BOD2604 returns by when a U.S. federal agency must remediate: fix on system
// upgrade, 60 days, 14 days, 3 days, or 3 days & forensic investigation.
func BOD2604(inKEV, exposed, automatable bool, t TechnicalImpact) (string, error) {
	return decide(CISABOD2604, map[string]string{
		"in-kev": yes(inKEV), "publicly-exposed": yes(exposed), "automatable": yes(automatable), "technical-impact": string(t),
	})
}

// UtilityOf combines the two points that utility is made of.
func UtilityOf(automatable bool, d ValueDensity) (Utility, error) {
	u, err := decide(UtilityTable, map[string]string{"automatable": yes(automatable), "value-density": string(d)})
	return Utility(u), err
}

// HumanImpactOf combines safety and mission impact, by the table HI 2.0.2; see
// the table's Note.
func HumanImpactOf(s SafetyImpact, m MissionImpact) (HumanImpact, error) {
	h, err := decide(HumanImpactTable, map[string]string{"safety-impact": string(s), "mission-impact": string(m)})
	return HumanImpact(h), err
}

// PublicSafetyOf is minimal if the safety impact is negligible, else
// significant.
func PublicSafetyOf(s SafetyImpact) (PublicSafety, error) {
	p, err := decide(PublicSafetyTable, map[string]string{"safety-impact": string(s)})
	return PublicSafety(p), err
}

func decide(id string, values map[string]string) (string, error) {
	t, _ := Find(id)
	return t.Decide(values)
}

func yes(b bool) string { return either(b, "yes", "no") }

func either(b bool, then, otherwise string) string {
	if b {
		return then
	}
	return otherwise
}
