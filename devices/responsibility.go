package devices

// The roles that the responsibilities of a stage are divided between.
const (
	RoleMaker    = "manufacturer"
	RoleProvider = "provider"
)

// Responsibility is a duty of a role in a stage (IMDRF N70, 2023, the table of
// responsibilities; R-060).
type Responsibility struct {
	Stage   Stage
	Role    string
	Section string // of N70: which part of the stage
	Text    string
	fact    string // of the gap that shows it is not met; "" = a person must judge
}

// What facts can show that a responsibility is not met.
const (
	factMDS2      = "mds2"
	factSBOM      = "sbom"
	factSecurity  = "security"
	factEOS       = "eos"
	factNotice    = "notice"
	factOwner     = "owner"
	factZone      = "zone"
	factExposure  = "exposure"
	factVersion   = "version"
	factOwnEOS    = "own-eos"
	factAccepted  = "accepted"
	factEOSPassed = "eos-passed"
)

var responsibilities = []Responsibility{
	{Development, RoleMaker, "Development: risk management", "Develop under a secure development framework: risk assessment, threat modelling, security testing.", ""},
	{Development, RoleMaker, "Development: communications", "Prepare the customer's security documentation.", ""},
	{Development, RoleMaker, "Development: risk management", "Plan how vulnerabilities are watched and patched, and how ends of support of third parties' components within the useful life are met.", ""},
	{Development, RoleProvider, "Development: communications", "Tell makers what you need.", ""},

	{Support, RoleMaker, "Support: communications", "Give customers the MDS2.", factMDS2},
	{Support, RoleMaker, "Support: communications", "Give customers the SBOM, and a new one with each update.", factSBOM},
	{Support, RoleMaker, "Support: communications", "Give customers security documentation and summaries of tests and certificates.", factSecurity},
	{Support, RoleMaker, "Support: communications", "Say when life and support end.", factEOS},
	{Support, RoleMaker, "Support: communications", "Announce the end of support two years before at the latest, with device, operating system, version, components, date, remaining maintenance and compensating controls.", factNotice},
	{Support, RoleMaker, "Support: communications", "Tell of vulnerabilities, patches and mitigations, and of those of third parties' components before you are asked.", ""},
	{Support, RoleMaker, "Support: risk management", "Watch complaints, adverse events and vulnerabilities until the end of support; do not rely on firewalls and segmentation alone.", ""},
	{Support, RoleMaker, "Support: transfer of responsibility", "Begin the transfer two to three years before the end of support, with ways to upgrade or replace.", factEOSPassed},
	{Support, RoleProvider, "Support: communications", "Say who receives notices, and take them in: disclosures, mitigations, indicators, SBOMs.", factOwner},
	{Support, RoleProvider, "Support: risk management", "Keep an inventory: the version deployed of each asset.", factVersion},
	{Support, RoleProvider, "Support: risk management", "Keep an inventory: the operational environment, the network zone, of each asset.", factZone},
	{Support, RoleProvider, "Support: risk management", "Control the network: know how each asset can be reached.", factExposure},
	{Support, RoleProvider, "Support: risk management", "Keep an inventory: the expected end of support of each asset.", factOwnEOS},
	{Support, RoleProvider, "Support: risk management", "Patch, monitor, control access, train, and plan the decommissioning.", ""},
	{Support, RoleProvider, "Support: transfer of responsibility", "Assess whether you can manage the device alone, with a third party, or have to replace it.", ""},

	{LimitedSupport, RoleMaker, "Limited Support: communications", "Tell customers and the public that the product moved to limited support.", ""},
	{LimitedSupport, RoleMaker, "Limited Support: communications", "Say when support ends.", factEOS},
	{LimitedSupport, RoleMaker, "Limited Support: communications", "Announce the end of support two years before at the latest.", factNotice},
	{LimitedSupport, RoleMaker, "Limited Support: communications", "Keep the security documentation up to date, with compensating controls, ports and addresses.", factSecurity},
	{LimitedSupport, RoleMaker, "Limited Support: communications", "Give an SBOM at each milestone.", factSBOM},
	{LimitedSupport, RoleMaker, "Limited Support: risk management", "Keep services up as far as practical, give all updates there are, and say where maintenance stopped.", factEOSPassed},
	{LimitedSupport, RoleProvider, "Limited Support: communications", "Ask what the end of support means: time frame, costs, tools, expertise, risk to patients, alternatives, use offline, other controls.", factOwnEOS},
	{LimitedSupport, RoleProvider, "Limited Support: risk management", "Prepare to take over: somebody who is responsible for monitoring, vulnerabilities and compensating controls.", factOwner},
	{LimitedSupport, RoleProvider, "Limited Support: risk management", "Know the version and where it stands in the network.", factVersion},
	{LimitedSupport, RoleProvider, "Limited Support: risk management", "Assess the risk regularly: the network zone of each asset.", factZone},
	{LimitedSupport, RoleProvider, "Limited Support: risk management", "Assess the risk regularly: how each asset can be reached.", factExposure},

	{EndOfSupport, RoleMaker, "EOS: communications", "Tell the public, and customers how to upgrade, how to maintain the security themselves and how to decommission.", factSecurity},
	{EndOfSupport, RoleMaker, "EOS: communications", "Say when support ended.", factEOS},
	{EndOfSupport, RoleMaker, "EOS: communications", "Announce the end of support two years before at the latest.", factNotice},
	{EndOfSupport, RoleMaker, "EOS: risk management", "Act where a significant risk to patients appears: the regulatory duties stay.", ""},
	{EndOfSupport, RoleProvider, "EOS: transfer of responsibility", "Accept the responsibility and the risk on record, or move to another device.", factAccepted},
	{EndOfSupport, RoleProvider, "EOS: risk management", "Name who is responsible, with means and the leadership's endorsement.", factOwner},
	{EndOfSupport, RoleProvider, "EOS: risk management", "Keep it in the inventory: the network zone of each asset.", factZone},
	{EndOfSupport, RoleProvider, "EOS: risk management", "Enhance countermeasures: know how each asset can be reached, and reduce it.", factExposure},
	{EndOfSupport, RoleProvider, "EOS: risk management", "Watch ISAOs, CERTs and regulators, and evaluate anew at set times.", ""},

	{Decommissioned, RoleMaker, "EOS: communications", "Keep the decommissioning information available.", ""},
	{Decommissioned, RoleProvider, "EOS: transfer of responsibility", "Take the device out of the network and remove its data.", ""},
}

// Responsibilities lists who has to do what in a stage.
func Responsibilities(s Stage) (out []Responsibility) {
	for _, r := range responsibilities {
		if r.Stage == s {
			out = append(out, r)
		}
	}
	return out
}
