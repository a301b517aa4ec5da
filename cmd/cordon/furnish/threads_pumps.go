package furnish

// Discussions of the advisories in the room "infusion".
var pumpThreads = map[string]thread{
	"icsma-17-017-02": talk(
		say("salcedo", "6h", `We run 8015 units on most wards. Both weaknesses need hands on the device, and the first one is about the **external Wi-Fi card**: pull it and read the network credentials.

So the question is not "can somebody hack the pump" but "what does that credential open". Ours is a shared key on the pump network. Who has moved to per-device certificates?`),
		say("drumm", "1d2h", `We did, at two sites. EAP-TLS with a certificate a device, and the pump network reaches the pump server and nothing else. A stolen card is then one revocation instead of a new key for 4,000 units. Start with the segmentation; it helps on the day you finish it.`).decision(),
		say("tollefson", "2d", `For a hospital my size: the spare-pump closet had no lock. It has one now. Also asked that pumps sent for service or sold go out with the wireless settings cleared.`),
		say("noorani", "3d5h", `Summary for those who come later: lock up spares and retired units, clear network settings before a device leaves, keep the pump network to its own server, and plan for per-device credentials.`),
		say("dvornik", "1519d", `Update B (March 2021): software before 9.19 is at end of life. The controls above stay right.`),
	).resolved("dvornik", "1519d1h", "Compensating controls agreed; see the pinned post."),
	"icsma-17-250-02a": talk(
		say("castonguay", "4h", `Eight vulnerabilities in a syringe pump that we use in neonatal intensive care. Before I take anything off the wireless: do the pumps go on infusing if the communications module is cut off? I want that from our own bench, not from a slide.`),
		say("sethu", "1d", `Tried on the bench with our units: network off, infusion goes on, drug-library updates and status reports stop. That is *our* configuration; please test your own before you copy us.`),
		say("viitala", "1d7h", `A note from somebody who writes network code for a living: the buffer overflows are described as being in a **third-party component**. Whoever makes pumps and reads this should check which stacks they ship before somebody else does. Several of us share suppliers.`),
		say("tranberg", "2d3h", `Has anybody seen, or been told of, patient harm or an unexplained change of a delivery connected with this? "No" is a useful answer; please say what you looked at.`),
		say("castonguay", "2d9h", `No. We looked at twelve months of pump event reports and complaint tickets for the affected model.`).quoting(4),
		say("dvornik", "96d", `Update A was published in December: version 1.6.1 mitigates the vulnerabilities. Sites that disconnected pumps can plan their way back.`),
	).resolved("dvornik", "96d1h", "Fixed version is out; sites that cut the radio can plan their return."),
	"icsma-18-235-01": talk(
		say("osei", "3h", `The precondition matters: the pump must be connected to a **terminal server by its serial port**. The advisory says it does not work through the gateway docking station. So this is a hunt for serial-to-network boxes. How do you find them?`),
		say("ilieva", "20h", `On the wire they give themselves away: telnet-like banners, raw TCP on high ports, maker's MAC prefixes. We list the prefixes of the common makers and look for hosts in clinical VLANs that accept a connection and then say nothing. Then somebody walks.`),
		say("salcedo", "2d", `Walked. Found three, all from a study that ended two years ago. Unplugged all three, nobody has missed them.`).decision(),
	),
	"icsma-19-164-01": talk(
		say("abara", "2h", `A 10.0 with "changed scope" on a workstation that pumps dock into. Please tell us here if you operate affected versions and cannot isolate them; a count is enough.`),
		say("pryce", "9h", `Two wards. The firmware file arrives over SMB, so: SMB blocked from everywhere except the one service laptop, by MAC and switch port. The web interface only from the clinical engineering network. Took an afternoon.`),
		say("okoro", "1d4h", `The weak part of that plan is the service laptop. Ours is on the corporate domain and reads mail.`),
		say("pryce", "1d6h", `> The weak part of that plan is the service laptop.

Fair. It is now a laptop that does nothing else, lives in a cupboard and gets its updates by hand.`).quoting(3),
	),
	"icsma-20-170-04": talk(
		say("tollefson", "5h", `I read: Telnet with hard-coded credentials in the wireless battery module **when connected to specific SSIDs**, and FTP in the factory-default wireless configuration. Does that mean that a module which has been configured for our network is all right?`),
		say("yoon", "1d", `Do not conclude that from the text. What it does say: reboot the module after configuring it (take it off for 10–15 seconds), use the strongest wireless security you can, put the pumps in a VLAN of their own. Then check from that VLAN that 21 and 23 are closed, on a spare, not on one in use.`),
		say("arendt", "1d3h", `From another pump maker: hard-coded service passwords for the keypad menus are an industry habit, and we had them too until our A4. If your biomed menus open with a number that everybody knows, the lock is the door of the room.`),
		say("tollefson", "6d", `Checked nine spares: all closed after the reboot, two had FTP open before it. Thank you.`).decision(),
	).resolved("tollefson", "6d1h", "Spares checked; the reboot step is in our set-up sheet now."),
	"icsma-20-170-06": talk(
		say("drumm", "7h", `This is one of the Linux TCP weaknesses of 2019 (small MSS, CVE-2019-11479), and the worst case given is that the unit drops off the wireless. Dropping connections that announce a tiny MSS, on the firewall in front of the pump VLAN, costs one line. It does nothing against a host inside that VLAN.`),
		say("kallionpaa", "1d", `Worth repeating for makers: a kernel weakness in 2019, in a device advisory in 2020. An SBOM a release would have answered "are we affected" in a minute. Ours do so since we were embarrassed by exactly this.`),
	),
	"icsma-20-296-02": talk(
		say("sethu", "3h", `Eleven weaknesses in the communication devices, among them an XPath injection without authentication. I have SpaceCom in racks in two units. Is anybody blocking the web interface altogether?`),
		say("carvalhal", "1d2h", `We are. The pumps send to the gateway; nobody needs to browse to the rack. Web ports are denied to the whole VLAN, with one jump host that records sessions. No complaint in two weeks.`),
		say("kolbeck", "2d", `Note that software numbers differ between the United States and Canada, and elsewhere, and that the battery pack has two lines by serial number. Please quote the serial range when you say "updated".`),
		say("dvornik", "5d", `I made a small table from the advisory: device, region, serial range, fixed software. It is short enough to print and tick.`),
	),
	"icsma-20-317-01": talk(
		say("osei", "4h", `If I read it rightly: redirect the session between the pump unit and Systems Manager, and the unit loses its wireless. Programming continues at the bedside by hand. So the harm path is workload and missing drug-library updates, not delivery.`),
		say("swensrud", "8h", `"By hand" is not nothing on a night shift with two nurses. Interoperability is why the five-rights check works. Please count it.`),
		say("osei", "9h", `You are right, and I should have said so. We have put a manual double check into the downtime sheet for high-alert drugs.`).quoting(2),
	),
	"icsma-21-294-01": talk(
		say("castonguay", "2h", `CVE-2021-33885 at 9.0, and the text says malicious data "in place of the correct data". Several weaknesses in a row. Which of them do you cut first?`),
		say("benmoshe", "6h", `The first step. All of the chain starts with reaching the communication module over the network, so anything that keeps ordinary hosts from talking to it breaks the chain whole. Then update to the fixed software; then worry about the rest.`).decision(),
		say("salcedo", "1d", `And the bedside habit: nurses confirm rate and volume on the pump's own display after a start or a library update. We reminded everybody without saying why, which was awkward. Could the desk write two lines that may be shown to wards?`),
		say("noorani", "1d3h", `Two lines: "Check the rate and the volume to be infused on the pump's display whenever a pump is started or reconnected. If it differs from the order, stop, keep the pump, and call clinical engineering." That says nothing that is not public.`).to(public()),
		say("abara", "3d", `Thank you for keeping that line fit for the public. No reports of harm have been mentioned to us in this room; please correct me if you know otherwise.`),
	).resolved("noorani", "9d", "Segmentation first, then the fixed software; ward note is above."),
	"icsma-21-355-01": talk(
		say("meneses", "5h", `Client-side authentication in a management application. In 2021. Anyway: Link+ v3.0 (D16 or later) and the Wi-Fi module D29 or later. Has anybody done the module update? How long does a pump stay out?`),
		say("sethu", "2d", `Different pumps here, but for any Wi-Fi module update: count 20 minutes a pump with the test, and do it when it comes for its yearly check. In between, the management server sits behind a proxy that demands our own sign-on.`),
		say("carvalhal", "3d", `Good idea, the proxy. It also gives TLS with our certificates in front of whatever the box offers. We did the same; note that a proxy helps only if the box accepts connections from nowhere else.`),
	),
	"icsma-22-251-01": talk(
		say("tollefson", "4h", `Wireless battery modules keep network credentials **unencrypted**. We trade modules between pumps all day and sold four last spring. How far back do I have to go?`),
		say("osei", "11h", `As far as you can, then change the key. The advisory has steps to erase a module before it is decommissioned. What is already gone is gone: rotate whatever secret was on it.`),
		say("tollefson", "1d", `Rotating the pre-shared key means touching 31 pumps. Doing it Sunday.`),
		say("tollefson", "4d", `Done. 31 pumps, 3 hours 40, one pump that was in a ceiling. Erase-before-sale is on the disposal form now.`).decision(),
	).resolved("tollefson", "4d1h", "Key rotated on all pumps; erase step on the disposal form."),
	"icsma-22-335-01": talk(
		say("pell", "8h", `Serial port that accepts configuration. As firmware people we keep debating whether such a port needs authentication when it is under a rubber flap. This is my exhibit that the answer is yes.`),
		say("okoro", "1d5h", `We use ambulatory pumps at home, where "physical access" means the family, the neighbours and the bus. Please do not assume a locked ward.`),
	),
	"icsma-23-047-01": talk(
		say("dvornik", "1d", `The advisory stresses that patient health data is not stored in this database and that the vendor is contacting the small group of customers concerned. If you run versions 1.1 to 1.3.2 and have heard nothing, ask.`),
		say("carvalhal", "2d", `And change the database password whatever the version: an installation log is the first thing that an intruder searches.`),
	),
	"icsma-23-194-01": talk(
		say("salcedo", "3h", `Eight at once. The one that I would not have thought of: the Guardrails **data set file** can be tampered with in Systems Manager and is then distributed to the pumps. Does anybody compare what is on a pump with what pharmacy approved?`),
		say("okoro", "8h", `We do, by hand: after each release, pharmacy prints the limits of ten high-alert drugs and a nurse reads them off three pumps. Half an hour. It has found one honest mistake and no attack.`).decision(),
		say("tranberg", "1d2h", `That check deserves to be known. May I cite it, without the hospital's name, in a talk?`),
		say("okoro", "1d4h", `Yes, without the name.`).quoting(3),
		say("noorani", "105d", `The October update says 12.3 is available where authorized, and that some CVEs stay open on the PCU at 12.3.1. Read the list before you close your ticket.`),
	),
}
