package furnish

var (
	officer  = []string{RoleOfficer}
	analyst  = []string{RoleAnalyst}
	nobody   []string
	yes, not = true, false
)

// people: key, name, organization, title, roles, named recipient, listed in the directory.
var people = []Person{
	{"maas", "Ingrid Maas", "desk", "Coordinator", []string{RoleOfficer, RoleCoordinator}, yes, yes},
	{"tembo", "Joanna Tembo", "desk", "Deputy coordinator", []string{RoleCoordinator, RoleAnalyst}, yes, yes},
	{"noorani", "Farid Noorani", "desk", "Senior analyst", analyst, yes, yes},
	{"dvornik", "Pavel Dvorník", "desk", "Analyst", analyst, yes, yes},
	{"ellerby", "Ruth Ellerby", "desk", "Systems operator", []string{RoleOperator}, not, not},

	{"lindqvist", "Maja Lindqvist", "pumpworks", "Director of product security", officer, yes, yes},
	{"arendt", "Tobias Arendt", "pumpworks", "Product-security engineer", nobody, yes, yes},
	{"mirza", "Rukhsana Mirza", "pumpworks", "Regulatory affairs", nobody, yes, not},
	{"pell", "Devon Pell", "pumpworks", "Firmware engineer", nobody, not, yes},

	{"rousselin", "Camille Rousselin", "aldervane", "Head of product security response", officer, yes, yes},
	{"hatakeda", "Jun Hatakeda", "aldervane", "Security architect, archives", nobody, yes, yes},
	{"venkat", "Priya Venkataramani", "aldervane", "Security engineer, monitoring", nobody, yes, yes},
	{"adeyinka", "Oluwaseun Adeyinka", "aldervane", "Platform lead, ultrasound", nobody, not, yes},

	{"vasquez", "Gretchen Vasquez-Holm", "kestrel", "Vice president, product security", officer, yes, yes},
	{"brodnik", "Ilya Brodnik", "kestrel", "Radio and telemetry engineer", nobody, yes, yes},
	{"quintanar", "Marisol Quintanar", "kestrel", "Post-market surveillance", nobody, yes, not},

	{"hallberg", "Signe Hallberg", "brightlane", "Product-security manager", officer, yes, yes},
	{"zielonka", "Mateusz Zielonka", "brightlane", "Software lead, middleware", nobody, not, yes},
	{"rangihuna", "Tama Rangihuna", "morrow", "Security lead", officer, yes, yes},
	{"osgood", "Beth Osgood", "morrow", "Quality and complaints", nobody, yes, not},
	{"parvaneh", "Laleh Parvaneh", "sugarmaple", "Chief technologist", officer, yes, yes},
	{"thibodeau", "Gus Thibodeau", "sugarmaple", "Mobile developer", nobody, not, yes},
	{"corrigan", "Aoife Corrigan-Daly", "tinbeck", "Founder", officer, yes, yes},
	{"farrant", "Ned Farrant", "tinbeck", "Firmware, and everything else", nobody, yes, not},

	{"osei", "Kwame Osei-Bonsu", "harborcrest", "Manager, medical-device security", officer, yes, yes},
	{"salcedo", "Renata Salcedo", "harborcrest", "Clinical engineer, infusion", nobody, yes, yes},
	{"drumm", "Philippa Drumm", "harborcrest", "Network architect", nobody, not, yes},
	{"dhillon", "Anjali Dhillon", "harborcrest", "PACS administrator", nobody, yes, yes},
	{"pryce", "Rhiannon Pryce-Evans", "brannoc", "Head of clinical engineering", officer, yes, yes},
	{"haddadin", "Samir Haddadin", "brannoc", "Clinical engineer, monitoring", nobody, yes, yes},
	{"redfearn", "Callum Redfearn", "brannoc", "Imaging informatics", nobody, not, yes},
	{"carvalhal", "Inês Carvalhal", "valedosol", "Information-security officer", officer, yes, yes},
	{"meneses", "Rui Meneses", "valedosol", "Laboratory systems", nobody, yes, yes},
	{"castonguay", "Mei-Ling Castonguay", "northfen", "Director of biomedical engineering", officer, yes, yes},
	{"sethu", "Arjun Sethuraman", "northfen", "Clinical engineer, intensive care", nobody, yes, yes},
	{"okoro", "Dominique Okoro", "northfen", "Pharmacy automation", nobody, not, yes},
	{"tollefson", "Wade Tollefson", "pinefork", "Computers and biomedical equipment", officer, yes, yes},
	{"swensrud", "Carla Swensrud", "pinefork", "Nursing informatics", nobody, not, not},

	{"benmoshe", "Shira Benmoshe", "latchwork", "Director of research", officer, yes, yes},
	{"yoon", "Caleb Yoon", "latchwork", "Reverse engineer", nobody, yes, yes},
	{"ilieva", "Teodora Ilieva", "latchwork", "Detection engineer", nobody, not, yes},
	{"kallionpaa", "Eero Kallionpää", "corvid", "Head of product security response", officer, yes, yes},
	{"viitala", "Sanna Viitala", "corvid", "Network stack maintainer", nobody, yes, yes},
	{"chiahsin", "Wu Chia-Hsin", "glasswing", "Engineering manager", officer, yes, yes},
	{"delacourt", "Marguerite Delacourt-Obi", "threadneedle", "Independent researcher", officer, yes, yes},

	{"abara", "Leonard Abara", "fda", "Cybersecurity policy advisor", officer, yes, yes},
	{"tranberg", "Yuki Tranberg", "fda", "Post-market reviewer", nobody, yes, not},
	{"kolbeck", "Denise Kolbeck", "cisa", "Vulnerability coordinator", officer, yes, yes},
	{"villaluz", "Hector Villaluz", "cisa", "Sector analyst", nobody, yes, yes},
}
