package furnish

var organizations = []Organization{
	{"desk", "ISAO Desk", "desk", 9, "Annapolis", "United States", "Keeps the house: vets members, posts advisories, brings people together, asks nobody for more than it needs.", nil, "desk@isao.example", "https://isao.example/.well-known/csaf/provider-metadata.json"},

	{"pumpworks", "Pumpworks Medical", "manufacturer", 640, "Duluth", "United States", "Large-volume and syringe infusion pumps for wards and ambulances.", []string{"Infusion pump A4", "Infusion pump A5", "Syringe pump S2", "Pumpworks Gateway"}, "psirt@pumpworks.example", "https://pumpworks.example/.well-known/csaf/provider-metadata.json"},
	{"aldervane", "Aldervane Health Technologies", "manufacturer", 20000, "Lyon", "France", "Imaging, archives, ultrasound and patient monitoring, in 70 countries.", []string{"Alder PACS", "VaneView monitors", "Alder Sono 7", "Vane Central"}, "product-security@aldervane.example", "https://aldervane.example/.well-known/csaf/provider-metadata.json"},
	{"kestrel", "Kestrel Cardiac Systems", "manufacturer", 3400, "Saint Paul", "United States", "Pacemakers, defibrillators, their programmers and bedside readers.", []string{"Kestrel Merlette ICD", "Perch programmer", "Roost bedside reader"}, "security@kestrelcardiac.example", "https://kestrelcardiac.example/.well-known/csaf/provider-metadata.json"},
	{"brightlane", "Brightlane Diagnostics", "manufacturer", 1200, "Uppsala", "Sweden", "Analyzers and middleware for clinical laboratories.", []string{"Brightlane Hema 300", "Lanekeeper middleware"}, "psirt@brightlane.example", "https://brightlane.example/.well-known/csaf/provider-metadata.json"},
	{"morrow", "Morrow Respiratory", "manufacturer", 260, "Christchurch", "New Zealand", "Transport ventilators and home breathing therapy.", []string{"Morrow Tui ventilator", "Morrow Night CPAP"}, "security@morrow.example", ""},
	{"sugarmaple", "Sugarmaple Diabetes", "manufacturer", 95, "Halifax", "Canada", "A patch insulin pump and the telephone application that steers it.", []string{"Maple patch pump", "Maple app"}, "security@sugarmaple.example", ""},
	{"tinbeck", "Tinbeck Telemetry", "manufacturer", 8, "Galway", "Ireland", "A single-use ECG patch, made by eight people.", []string{"Tinbeck Patch"}, "hello@tinbeck.example", ""},

	{"harborcrest", "Harborcrest Health Network", "provider", 41000, "Baltimore", "United States", "Fourteen hospitals and 190 clinics; 96,000 networked devices.", []string{"infusion pumps", "patient monitors", "PACS", "dispensing cabinets"}, "device-security@harborcrest.example", ""},
	{"brannoc", "St Brannoc University Hospital", "provider", 9800, "Cardiff", "United Kingdom", "Teaching hospital with a cardiac centre and its own device laboratory.", []string{"patient monitors", "imaging", "cardiology"}, "clinical-engineering@brannoc.example", ""},
	{"valedosol", "Hospitais Vale do Sol", "provider", 6200, "Porto", "Portugal", "Five hospitals that share one laboratory.", []string{"laboratory analyzers", "point of care", "dialysis"}, "ciberseguranca@valedosol.example", ""},
	{"northfen", "Northfen Children's Hospital", "provider", 3100, "Toronto", "Canada", "Paediatric hospital; intensive care, transport team, home ventilation.", []string{"infusion pumps", "ventilators", "dispensing cabinets"}, "biomed@northfen.example", ""},
	{"pinefork", "Pine Fork Community Hospital", "provider", 140, "Pine Fork, Montana", "United States", "Twenty-five beds, one person for computers and devices alike.", []string{"infusion pumps", "patient monitors", "ultrasound"}, "it@pinefork.example", ""},

	{"latchwork", "Latchwork Device Security", "vendor", 54, "Austin", "United States", "Finds weaknesses in devices and watches hospital networks for their misuse.", []string{"passive device inventory"}, "research@latchwork.example", ""},
	{"corvid", "Corvid Embedded", "vendor", 310, "Tampere", "Finland", "Operating system and network stack inside other companies' devices.", []string{"CorvidRT", "CorvidNet TCP/IP", "CorvidBLE"}, "psirt@corvid.example", "https://corvid.example/.well-known/csaf/provider-metadata.json"},
	{"glasswing", "Glasswing Wireless", "vendor", 45, "Hsinchu", "Taiwan", "Certified Wi-Fi modules for instruments.", []string{"GW-40 Wi-Fi module"}, "security@glasswing.example", ""},
	{"threadneedle", "Threadneedle Research", "researcher", 1, "Ghent", "Belgium", "One independent researcher of radio protocols in devices.", []string{"radio protocols"}, "report@threadneedle.example", ""},
	{"fda", "FDA CDRH (demo)", "agency", 2100, "Silver Spring", "United States", "Stand-in for a device regulator, with invented staff. Not the agency.", nil, "cyber@fda-demo.example", ""},
	{"cisa", "CISA (demo)", "agency", 3300, "Arlington", "United States", "Stand-in for a national cybersecurity agency, with invented staff. Not the agency.", nil, "medical@cisa-demo.example", ""},
}
