package furnish

// Labels of a circle's own existence: most stand in the directory, some are known to their members only.
func known() Label            { return green("community") }
func hidden(key string) Label { return strict("circle:" + key) }

var circles = []Circle{
	{"pumps", "Infusion pump response", "Tell the sites that run a pump before everybody else, and hear from them first.", "lindqvist", []string{"lindqvist", "arendt", "pell", "mirza", "osei", "salcedo", "castonguay", "okoro", "tembo"}, not, known()},
	{"monitoring", "Monitoring working group", "Makers and users of patient monitors: segmentation that nurses can live with.", "haddadin", []string{"haddadin", "venkat", "rousselin", "osei", "drumm", "sethu", "noorani", "corrigan"}, not, known()},
	{"imaging", "Imaging and archives working group", "PACS, viewers, modalities; hardening notes that survive a service visit.", "hatakeda", []string{"hatakeda", "rousselin", "dhillon", "redfearn", "carvalhal", "noorani", "yoon"}, not, known()},
	{"implants", "Implants and programmers", "Radio protocols, programmers, bedside readers; patients first.", "vasquez", []string{"vasquez", "brodnik", "quintanar", "pryce", "delacourt", "dvornik", "abara", "tranberg"}, not, known()},
	{"laboratory", "Laboratory round table", "Analyzers and middleware, and how to patch them between accreditation visits.", "hallberg", []string{"hallberg", "zielonka", "meneses", "carvalhal", "dhillon", "dvornik"}, not, known()},
	{"home", "Home and diabetes devices", "Devices that patients carry, pair and forget.", "parvaneh", []string{"parvaneh", "thibodeau", "rangihuna", "corrigan", "delacourt", "castonguay", "tembo"}, not, known()},
	{"components", "Component makers' table", "Suppliers and the manufacturers who ship their code: SBOM, VEX, early warnings.", "kallionpaa", []string{"kallionpaa", "viitala", "chiahsin", "lindqvist", "rousselin", "vasquez", "hallberg", "farrant", "noorani"}, not, known()},
	{"rural", "Small and rural hospitals", "For those who are the whole department.", "tollefson", []string{"tollefson", "swensrud", "castonguay", "meneses", "tembo", "villaluz"}, not, known()},
	{"liaison", "Regulators' liaison", "What the agencies ask, and who answers.", "maas", []string{"maas", "tembo", "abara", "tranberg", "kolbeck", "villaluz", "mirza", "quintanar", "rousselin"}, not, known()},
	{"deskroom", "Desk roster", "The desk's own work.", "maas", []string{"maas", "tembo", "noorani", "dvornik", "ellerby"}, not, known()},
	{"officers", "Officers' council", "One officer of each sponsor: standing, fees, admissions.", "maas", []string{"maas", "lindqvist", "rousselin", "vasquez", "osei", "pryce", "benmoshe"}, yes, known()},
	{"a5case", "A5 case team", "The parties to the pump A5 case until it is published.", "maas", []string{"maas", "tembo", "lindqvist", "arendt", "yoon", "salcedo", "tranberg"}, yes, hidden("a5case")},
	{"cell", "Coordination cell", "Called when something is being exploited; speaks in RED.", "maas", []string{"maas", "noorani", "kolbeck", "osei", "rousselin", "benmoshe"}, yes, hidden("cell")},
	{"stack", "CorvidNet early warning", "Manufacturers who ship CorvidNet, two weeks ahead of the public.", "kallionpaa", []string{"kallionpaa", "viitala", "lindqvist", "pell", "venkat", "farrant", "brodnik"}, not, hidden("stack")},
}
