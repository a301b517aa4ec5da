package ssvc

// Point is a decision point: a question, or the outcome of a table.
type Point struct {
	ID      string // for forms and maps, such as "system-exposure"
	Name    string // as in the tables, such as "System Exposure"
	Key     string // as in vectors, such as "EXP"
	Version string
	Help    string
	Values  []Value // from the least to the most severe
}

// Value is a possible value of a Point.
type Value struct {
	Name  string // as in the tables and in maps, such as "public poc"
	Title string // for people
	Key   string // as in vectors
	Help  string
}

// What R-067's tables are asked and say, by their name and version there.
var points = map[string]Point{
	"Exploitation v1.1.0": {"exploitation", "Exploitation", "E", "1.1.0", "Is the vulnerability being exploited?", []Value{
		{"none", "None", "N", "No evidence of exploitation, and no public proof of concept."},
		{"public poc", "Public proof of concept", "P", "A proof of concept is public, or the way to exploit it is well known."},
		{"active", "Active", "A", "Reliable evidence that attackers exploit it."},
	}},
	"Automatable v2.0.0": {"automatable", "Automatable", "A", "2.0.0", "Can an attacker automate reconnaissance, weaponization, delivery and exploitation?", []Value{
		{"no", "No", "N", "At least one of the four steps cannot be automated reliably."},
		{"yes", "Yes", "Y", "All four steps can be automated."},
	}},
	"Value Density v1.0.0": {"value-density", "Value Density", "VD", "1.0.0", "How much does an attacker gain from one target?", []Value{
		{"diffuse", "Diffuse", "D", "Little; each target is small, such as one device."},
		{"concentrated", "Concentrated", "C", "Much; each target is rich, such as a server run by specialists."},
	}},
	"Utility v1.0.1": {"utility", "Utility", "U", "1.0.1", "How useful is an exploit to an attacker?", []Value{
		{"laborious", "Laborious", "L", "Not automatable, and little gained from each target."},
		{"efficient", "Efficient", "E", "Automatable, or much gained from each target, but not both."},
		{"super effective", "Super effective", "S", "Automatable, and much gained from each target."},
	}},
	"Technical Impact v1.0.0": {"technical-impact", "Technical Impact", "TI", "1.0.0", "How much control of the vulnerable software does an attacker gain?", []Value{
		{"partial", "Partial", "P", "Limited control or limited information, or full control by rare luck."},
		{"total", "Total", "T", "Full control of it, or all information on its system."},
	}},
	"Safety Impact v2.0.1": {"safety-impact", "Safety Impact", "SI", "2.0.1", "What is the worst that can happen to people's safety?", []Value{
		{"negligible", "Negligible", "N", "Minor injuries at worst."},
		{"marginal", "Marginal", "M", "Major injuries to one or more persons, or a safety function is lost."},
		{"critical", "Critical", "R", "Loss of a life, or operators cannot keep the system safe."},
		{"catastrophic", "Catastrophic", "C", "Loss of several lives, or of the whole system."},
	}},
	"Mission Impact v2.0.0": {"mission-impact", "Mission Impact", "MI", "2.0.0", "What is the worst that can happen to the organization's essential functions?", []Value{
		{"degraded", "Degraded", "D", "None of them is affected; others may work less well."},
		{"mef support crippled", "Support crippled", "MSC", "What supports an essential function is crippled; the function goes on for a time."},
		{"mef failure", "One function fails", "MEF", "One essential function fails for longer than is acceptable."},
		{"mission failure", "Mission fails", "MF", "Several or all essential functions fail; the organization cannot do its work."},
	}},
	"Human Impact v2.0.2": {"human-impact", "Human Impact", "HI", "2.0.2", "Safety and mission impact together.", []Value{
		{"low", "Low", "L", "No life could be lost, and essential functions go on."},
		{"medium", "Medium", "M", "An essential function fails but no life could be lost, or a life could be lost but no essential function is touched."},
		{"high", "High", "H", "A life could be lost, and essential functions or their support fail."},
		{"very high", "Very high", "VH", "Several lives could be lost, or the mission fails."},
	}},
	"Public Safety Impact v2.0.1": {"public-safety-impact", "Public Safety Impact", "PSI", "2.0.1", "Is public safety affected?", []Value{
		{"minimal", "Minimal", "M", "The safety impact is negligible: minor injuries at worst."},
		{"significant", "Significant", "S", "The safety impact is marginal or more: major injuries or death."},
	}},
	"System Exposure v1.0.1": {"system-exposure", "System Exposure", "EXP", "1.0.1", "Who can reach the affected system?", []Value{
		{"small", "Small", "S", "Local, or in a network that is highly controlled."},
		{"controlled", "Controlled", "C", "In a network with restrictions or mitigations that reliably stop an attack."},
		{"open", "Open", "O", "On the Internet, or in a network where access cannot plausibly be restricted."},
	}},
	"Mission and Well-Being Impact v1.0.0": {"mission-and-well-being-impact", "Mission and Well-Being Impact", "MWI", "1.0.0", "How much do essential functions and public well-being depend on it?", []Value{
		{"low", "Low", "L", "No essential function uses it, and harm to the public is minimal."},
		{"medium", "Medium", "M", "It supports essential functions, and harm to the public is at most material."},
		{"high", "High", "H", "It provides an essential function, or harm to the public would be irreversible."},
	}},
	"In KEV v1.0.0 (cisa)": {"in-kev", "In KEV", "KEV", "1.0.0", "Is it in CISA's catalog of known exploited vulnerabilities?", []Value{
		{"no", "No", "N", "It is not listed."},
		{"yes", "Yes", "Y", "It is listed."},
	}},
	"Publicly Exposed v1.0.0 (cisa)": {"publicly-exposed", "Publicly Exposed", "PE", "1.0.0", "Can the untrusted public reach it over a network?", []Value{
		{"no", "No", "N", "It cannot be reached from public networks without authentication."},
		{"yes", "Yes", "Y", "It can, wherever it is."},
	}},
	"Report Public v1.0.0": {"report-public", "Report Public", "RP", "1.0.0", "Are the details public already?", []Value{
		{"no", "No", "N", "No public report exists."},
		{"yes", "Yes", "Y", "A viable report of the details is public."},
	}},
	"Supplier Contacted v1.0.0": {"supplier-contacted", "Supplier Contacted", "SCON", "1.0.0", "Has the reporter tried in good faith to reach the supplier?", []Value{
		{"no", "No", "N", "Not, or not by a way that can be expected to work."},
		{"yes", "Yes", "Y", "Yes, by a good way of contact."},
	}},
	"Report Credibility v1.0.0": {"report-credibility", "Report Credibility", "RC", "1.0.0", "Is the report credible?", []Value{
		{"not credible", "Not credible", "NC", "It contradicts itself or the facts, or describes no vulnerability."},
		{"credible", "Credible", "C", "Assumed, unless there is reason to doubt it."},
	}},
	"Supplier Cardinality v1.0.0": {"supplier-cardinality", "Supplier Cardinality", "SC", "1.0.0", "How many suppliers must act?", []Value{
		{"one", "One", "O", "One supplier has the vulnerable component."},
		{"multiple", "Several", "M", "Several suppliers have it."},
	}},
	"Supplier Engagement v1.0.0": {"supplier-engagement", "Supplier Engagement", "SE", "1.0.0", "Does the supplier answer the reporter?", []Value{
		{"active", "Active", "A", "It answers and takes part."},
		{"unresponsive", "Unresponsive", "U", "It does not answer or does not take part."},
	}},
	"Supplier Involvement v1.0.0": {"supplier-involvement", "Supplier Involvement", "SINV", "1.0.0", "How far is the supplier with a fix?", []Value{
		{"fix ready", "Fix ready", "FR", "It has provided a fix."},
		{"cooperative", "Cooperative", "C", "It is working on one."},
		{"uncooperative/unresponsive", "Uncooperative or unresponsive", "UU", "It does not answer, declines, or no longer exists."},
	}},
	"Public Value Added v1.0.0": {"public-value-added", "Public Value Added", "PVA", "1.0.0", "What would our publication add to what is public?", []Value{
		{"limited", "Limited", "L", "Little; good information is in several places."},
		{"ampliative", "Ampliative", "A", "Details, corrections, or attention."},
		{"precedence", "Precedence", "P", "It would be the first, or come with the first."},
	}},

	"Decline, Track, Coordinate v1.0.1": {"decline-track-coordinate", "Decline, Track, Coordinate", "COORDINATE", "1.0.1", "What the desk does with a report.", []Value{
		{"decline", "Decline", "D", "Do not act on the report."},
		{"track", "Track", "T", "Keep the report and watch for changes, without acting."},
		{"coordinate", "Coordinate", "C", "Act on the report."},
	}},
	"Publish, Do Not Publish v1.0.0": {"publish-do-not-publish", "Publish, Do Not Publish", "PUBLISH", "1.0.0", "Whether the desk publishes. It is asked when no embargo holds.", []Value{
		{"do not publish", "Do not publish", "N", "Leave it to others."},
		{"publish", "Publish", "P", "Publish about the vulnerability."},
	}},
	"Defer, Scheduled, Out-of-Cycle, Immediate v1.0.0": {"defer-scheduled-out-of-cycle-immediate", "Defer, Scheduled, Out-of-Cycle, Immediate", "DSOI", "1.0.0", "How soon to develop or to apply a fix.", []Value{
		{"defer", "Defer", "D", "Not now."},
		{"scheduled", "Scheduled", "S", "In the ordinary course of maintenance."},
		{"out-of-cycle", "Out of cycle", "O", "At the next opportunity, outside ordinary maintenance if need be."},
		{"immediate", "Immediate", "I", "At once, with all hands, even if operations stop."},
	}},
	"CISA Levels v1.1.0 (cisa)": {"cisa-levels", "CISA Levels", "CISA", "1.1.0", "What CISA recommends.", []Value{
		{"track", "Track", "T", "No action now; remediate within the standard time."},
		{"track*", "Track*", "T*", "Watch closely for changes; remediate within the standard time."},
		{"attend", "Attend", "AT", "Supervisors attend to it; remediate sooner than the standard time."},
		{"act", "Act", "AC", "Leaders act on it; remediate as soon as possible."},
	}},
	"CISA BOD 26-04 Remediation Timelines v1.0.0 (cisa)": {"bod-26-04-remediation-timelines", "CISA BOD 26-04 Remediation Timelines", "BOD2604", "1.0.0", "By when U.S. federal agencies must remediate.", []Value{
		{"fix on system upgrade", "Fix on system upgrade", "FSU", "With the next scheduled major upgrade or rebuild."},
		{"60 days", "60 days", "60D", "Within 60 days."},
		{"14 days", "14 days", "14D", "Within 14 days."},
		{"3 days", "3 days", "3D", "Within 3 days."},
		{"3 days & forensic investigation", "3 days and forensic investigation", "3DF", "Within 3 days, and find out whether the system is compromised."},
	}},
}
