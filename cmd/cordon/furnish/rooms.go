package furnish

var rooms = []Room{
	{"front-porch", "Front porch", "What the community says to everybody.", public(), []string{"How do I report a weakness in a device?", "How does an organization join?"}},
	{"infusion", "Infusion pumps", "Large-volume, syringe and ambulatory pumps, their gateways and drug libraries.", green("community"), []string{"Which ports does this gateway really need?", "Has anybody pushed this update without taking pumps off the ward?", "Does a pump keep infusing when its radio drops?"}},
	{"monitoring", "Patient monitoring & telemetry", "Bedside and worn monitors, central stations, telemetry, neurology and sleep recorders, device integration.", green("community"), []string{"How do you keep the monitoring network apart and still feed the record?", "What happens to alarms while the central station restarts?"}},
	{"imaging", "Imaging & radiology", "Modalities, PACS, radiology information systems and DICOM viewers.", green("community"), []string{"Can the service account be changed without voiding support?", "Which of our viewers open files from outside?"}},
	{"implants", "Implants & programmers", "Implanted devices, their programmers, readers and clinic systems.", green("community"), []string{"What do we tell patients who read about it in the newspaper?", "How are programmers locked away at your site?"}},
	{"laboratory", "Laboratory & pathology", "Analyzers, sequencers, middleware, point of care.", green("community"), []string{"Does this patch need revalidation?", "Which instruments still talk to the vendor?"}},
	{"theatre", "Surgery, anesthesia & ventilation", "Generators, anesthesia machines, ventilators, dialysis and other therapy at the bedside.", green("community"), []string{"Is the serial port on a terminal server anywhere?", "Who may touch the configuration menu?"}},
	{"hospital-systems", "Hospital systems & dispensing", "Dispensing and compounding, beds, transport tubes, medical gas, records and portals.", green("community"), []string{"Are the cabinets in the domain?", "What does the ward do while the tubes are down?"}},
	{"cardiology", "Ultrasound & cardiology", "Ultrasound, ECG, stress testing, defibrillators and cardiology archives.", green("community"), []string{"Which carts run an operating system nobody patches any more?", "Does single sign-on change the exposure?"}},
	{"home", "Diabetes & home care", "Insulin delivery, breathing therapy and everything that goes home with a patient.", green("community"), []string{"What do we ask patients to switch off?", "How does a recall reach people who moved house?"}},
	{"components", "Components & SBOM", "Operating systems, stacks, modules and libraries inside devices; SBOM and VEX.", green("community"), []string{"Which products carry this component, and is the code reached?", "What do you put in a VEX justification?"}},
	{"makers", "Manufacturers", "Product-security practice between manufacturers.", green("kind:manufacturer"), []string{"How do you staff a response team of one?", "Which clock starts when?"}},
	{"practice", "Disclosure practice", "Members without the agencies: how we do coordinated disclosure, and what went badly.", green("community-private"), []string{"How long is an embargo that works?", "Who told you too late?"}},
	{"pump-response", "Pump response", "The pump circle's own room.", amber("circle:pumps"), []string{"Who runs this firmware on transport pumps?", "Is the compensating control possible on your wards?"}},
	{"rural", "Small and rural hospitals", "Short answers for people with nobody to delegate to.", amber("circle:rural"), []string{"What is the one thing to do first?", "Is there a template?"}},
	{"liaison", "Regulators' liaison", "Questions between agencies and members, answered on the record.", amber("circle:liaison"), []string{"Is any patient harm known?", "Which sites have been told, and when?"}},
	{"desk", "Desk", "The desk's hand-over book.", strict("circle:deskroom"), []string{"What is waiting for an answer?", "Who is on call?"}},
	{"case-a5", "A5 case", "The parties to the A5 case, and nobody else.", red("circle:a5case"), []string{"Are we still on the agreed date?"}},
	{"cell", "Coordination cell", "Exploitation under way.", red("circle:cell"), []string{"What do we know, and how?"}},
}
