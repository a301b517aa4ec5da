package furnish

var (
	a5Audience   = amber("circle:pumps", "org:northfen")
	toHarbor     = strict("org:harborcrest", "org:latchwork")
	early        = strict("circle:stack")
	imagingNotes = amber("circle:imaging")
)

// shares are the topics that members began about invented products; times are "ago".
var shares = []share{
	{key: "a5-library", room: "infusion", title: "Infusion pump A4/A5: a drug library can be accepted before its signature is checked", label: a5Audience,
		lines: []line{
			say("arendt", "6d2h", `We share this with the pump circle and with Northfen, because Northfen runs A5 on its transport team.

**What:** on A5 before 4.3.1 (and A4 before 3.9.6) the pump writes a new drug library to its second slot and marks the slot *valid* before the signature has been verified. If power is cut in between, the unverified library is loaded at the next start.

**Who could use it:** somebody who can speak for the Gateway on the pump VLAN **and** cut the power at the right moment, or who can hold the pump.

**What it would do:** other soft and hard limits. Rate and volume programmed at the bedside are not touched.

**Until the update:** allow library traffic from the Gateway's address only; check the library's version and *signed on* date on the start screen.

We learned of it 9 days ago, from Latchwork. Draft CSAF to follow here.`),
			say("salcedo", "6d", `1,140 A5 in three hospitals. The start screen shows the version but on ours not the date (4.2.x). Is the version alone enough to tell?`),
			say("arendt", "5d22h", `No. The version is taken from the library itself. On 4.2.x use *Settings, About, Library*, which shows the fingerprint; the right one for your current library is in your Gateway under *Releases*.`),
			say("castonguay", "5d20h", `Northfen: 44 on the transport team. Power cuts are our normal case, pumps move between ambulance and ward supply twenty times a day. Can it happen **without** an attacker, with a half-written library?`),
			say("pell", "5d18h", `Good question; it took us the afternoon. A half-written library fails its own checksum, which *is* checked before loading, and the pump falls back to the old slot. So by accident: no. With a complete, unsigned library: yes.`).edited("5d17h", `Good question; it took us the afternoon. A half-written library fails its CRC, which *is* checked before loading, and the pump falls back to the old slot with a "library not updated" message. So by accident: no. With a complete, unsigned library and a loss of power before verification: yes. Tested on 4.2.0, 4.2.7 and 4.3.0.`),
			say("castonguay", "5d16h", `> So by accident: no.

That is what I had to know; the team keeps its pumps.`).quoting(5),
			say("lindqvist", "5d", `**Decided:** library traffic limited to the Gateway's address at all sites by Friday; no library releases before 4.3.1 is installed; 4.3.1 to Harborcrest and Northfen first, 12 days from now; publication together with the CSAF on the date in the case. Objections here, please.`).decision(),
			say("salcedo", "2d3h", `Filter is in at all three. Checked 1,140 fingerprints from the Gateway's report, none differs.`),
			say("castonguay", "1d1h", `Filter in, 44 of 44 fingerprints as expected.`),
		}},
	{key: "a5-case", room: "case-a5", title: "A5: dates, credit and who says what", label: red("circle:a5case"),
		lines: []line{
			say("maas", "8d20h", `Parties: Pumpworks (maker), Latchwork (finder), Harborcrest (first site), FDA CDRH (demo). Everything here is RED: not outside these people.

Proposed publication: 45 days after Latchwork's report.`),
			say("yoon", "8d18h", `Agreed from our side. Credit to Latchwork as a company, please. We have a demonstration on one pump and will not publish its code.`),
			say("tranberg", "8d", `Two questions for the record: has any site been harmed or changed therapy because of it, and on which day did Pumpworks learn of it?`),
			say("lindqvist", "7d22h", `No harm known, after going through 18 months of complaints for A4 and A5. We learned of it on the day of Latchwork's report, at 16:40 our time; the message is in our ticket.`).quoting(3),
			say("arendt", "7d4h", `Here is the list of serial numbers for the first wave.`).deleted("7d3h", "Posted in the wrong topic; it belongs to the sites."),
			say("maas", "6d3h", `**Agreed by all four:** telling the pump circle and Northfen today, in AMBER; publication on day 45; no demonstration code.`).decision(),
		}},
	{key: "a4-battery", room: "pump-response", title: "A4 battery message looks like a security message", label: amber("circle:pumps"),
		lines: []line{
			say("okoro", "20d", `After 3.9.5 the A4 shows "Integrity warning 12" when its battery is old. Nurses took two out of service as "hacked". Can the text change?`),
			say("pell", "19d20h", `It can. "12" is *charge estimate not plausible*; the wording came from a table meant for us. 3.9.6 will say "Battery needs service".`),
			say("mirza", "19d", `Label change only, no change of function; documented, no submission needed in our reading.`),
			say("okoro", "12d", `Seen on the test unit. Thank you.`),
		}, end: &ending{"okoro", "11d23h", "Text changed in 3.9.6."}},
	{key: "alder-pacs-dcmtk", room: "imaging", title: "Alder PACS and DCMTK: which versions write where", label: imagingNotes,
		lines: []line{
			say("hatakeda", "31d", `For the imaging circle, ahead of our VEX: Alder PACS **9.0 and 9.1** still link a DCMTK before 3.6.7 in the *import tool*, not in the archive itself. The archive checks names before writing; the tool does not. 9.2 is clean in both.`),
			say("dhillon", "30d20h", `We use the import tool for discs from elsewhere, of course. 9.1. What can I do before 9.2?`),
			say("hatakeda", "30d18h", `Run it under its own account, which may write to the import folder only. The service script does that if *isolated=yes* is set; it has been in the manual since 8.4 and nobody found it.`).decision(),
			say("redfearn", "30d", `Set. It also needs the right to read the disc drive; otherwise it says "no patient found", which cost me an hour.`),
			say("rousselin", "12d", `9.2.1 is out and carries that note in its release text.`),
		}, end: &ending{"hatakeda", "11d", "9.2.1 released; isolation described."}},
	{key: "vane-central-restart", room: "monitoring", title: "Vane Central 5.1: restart loop with two time servers that disagree", label: amber("circle:monitoring", "org:brannoc"),
		lines: []line{
			say("venkat", "15d4h", `If two time servers differ by more than 400 ms, Vane Central 5.1 restarts its alarm service each time it changes its mind. Bedside alarms are not concerned; **forwarding to telephones** pauses for 8 to 11 seconds. Anybody on the network who can answer NTP can cause it.`),
			say("haddadin", "15d2h", `We saw that and blamed the telephones. 14 pauses on 3 October.`),
			say("sethu", "15d", `Interim: one time server?`),
			say("venkat", "14d23h", `Two from the same source, or one. And filter NTP to the station from anywhere else. 5.1.2 next week.`).decision(),
			say("haddadin", "6d", `5.1.2 installed, 6 days without a pause. I would like to keep this open until day 14.`).edited("5d22h", `5.1.2 installed, no pause since. I would like to keep this open until day 14.`),
		}},
	{key: "corvidnet-early", room: "components", title: "CorvidNet 7.x: length check in DHCPv6 option parsing (early warning)", label: early,
		lines: []line{
			say("viitala", "4d6h", `For those who ship CorvidNet 7.0 to 7.4 with **DHCPv6 enabled**. A reply with a nested option of length 0xFFFF makes the parser read past the buffer: a crash for certain, not more as far as we can see, but please do not rely on that.

Needs a host on the same link. 7.4.3 is in your portals. Public in 10 days.`),
			say("pell", "4d3h", `A4/A5 are built without IPv6. We will say *vulnerable code not present*, not merely "not affected".`),
			say("farrant", "4d", `Tinbeck's dock has it on, because it was on in the example project. Building with 7.4.3 now.`),
			say("kallionpaa", "3d22h", `Thank you for the hint about the example project. It is off there from today.`).quoting(3),
			say("venkat", "3d", `VaneView: present and enabled on 6.x. Patch in test. Please keep the date.`),
		}},
	{key: "gw40-defaults", room: "components", title: "GW-40 Wi-Fi module: management off by default from firmware 3.1", label: green("community"),
		lines: []line{
			say("chiahsin", "41d", `From 3.1 the web management of the GW-40 is off until the host turns it on with *AT+MGMT=1*. If your production line configures modules over the web page, it will stop working. Notes for both ways are on our support page.`),
			say("zielonka", "40d", `Hema 300 sets everything by AT commands; tested with 3.1rc2, nothing to do.`),
			say("osei", "39d", `Please put the firmware version of the **module** into your SBOM; we cannot see it from outside.`),
			say("hallberg", "38d", `It is in ours from release 8: one component of type firmware.`).quoting(3),
		}, end: &ending{"chiahsin", "30d", "3.1 is released."}},
	{key: "harborcrest-beacon", room: "monitoring", title: "A monitor gateway that calls out at night", label: toHarbor,
		lines: []line{
			say("osei", "2d9h", `AMBER+STRICT, for Latchwork and ourselves only. One of our integration gateways opened 31 connections to an address in a hosting network between 02:00 and 04:00, every 240 seconds. It has never done so before. It is isolated; disk image taken.`),
			say("benmoshe", "2d8h", `Received. Please do not restart it. Caleb looks at the image; Teodora at whether the pattern is anywhere else.`),
			say("yoon", "1d20h", `It is the vendor's remote-service agent after a failed certificate renewal: it falls back to a second address. Clumsy, not hostile. Signed binary, same hash as on the two other gateways.`),
			say("osei", "1d19h", `Relief. I will still block it, and ask the maker in the open, without our addresses.`).decision(),
		}, end: &ending{"osei", "1d18h", "A remote-service agent's fallback, not an intrusion."}},
	{key: "merlette-wakeup", room: "implants", title: "Merlette ICD: wake-up limit and follow-up intervals", label: amber("circle:implants"),
		lines: []line{
			say("brodnik", "25d", `Before we publish: the wake-up limit in Merlette firmware 2.8 counts per hour. With two readers at home (we met a patient who has one in each house) the second can be refused. Therapy is not affected; a nightly transmission may be missed.`),
			say("pryce", "24d20h", `How would the clinic notice?`),
			say("quintanar", "24d18h", `"Reader reached, device busy" in the transmission list. Three of those in a week should be a telephone call.`),
			say("delacourt", "24d", `Is the refusal visible to somebody listening? If so it tells that there is an implant near.`),
			say("brodnik", "23d20h", `It was. 2.8.1 stays silent when it refuses. Thank you.`).quoting(4),
			say("tranberg", "22d", `Please include in the publication what a patient with two readers should do.`),
			say("vasquez", "10d", `**For 2.8.1:** silent refusal, limit by reader, one sentence for patients ("use one reader for the night"). Clinics told on the same day.`).decision(),
		}},
	{key: "maple-pairing", room: "home", title: "Maple app: pairing can be repeated while a pod is worn", label: amber("circle:home", "org:northfen"),
		lines: []line{
			say("parvaneh", "9d", `On Android before 3.12 the app offers "pair again" while a pod is worn. The pod refuses, correctly, but the app shows a bolus as delivered that was not. A wrong history leads to a wrong dose by the person.`),
			say("castonguay", "8d20h", `How many of our families are on it? We can send a message today if you give us a sentence.`),
			say("thibodeau", "8d19h", `Of your 212 users 37 are below 3.12. Sentence: "Do not choose *Pair again* while you wear a pod. Update the Maple app to 3.12 from the store."`),
			say("castonguay", "8d", `Sent to all 212, because some telephones are shared. 29 have updated by this morning.`),
			say("parvaneh", "3d", `36 of 37. The last one is on a telephone too old for 3.12; he gets a loan telephone from us.`).decision(),
		}, end: &ending{"castonguay", "2d20h", "All families reached; one on a loan telephone."}},
	{key: "tui-service-port", room: "theatre", title: "Morrow Tui: service port answers during transport mode", label: strict("org:morrow", "org:northfen"),
		lines: []line{
			say("rangihuna", "11d", `To Northfen only for now: on Tui 1.8 the service port under the handle answers while transport mode is on. Reading is open, writing needs our key. You have 12 units and you found it; thank you for telling us first.`),
			say("sethu", "10d20h", `We noticed because a data logger worked that should not have. Can reading slow the ventilation task?`),
			say("osgood", "10d", `Tested for 72 hours with a reader at full speed: no breath late by more than 2 ms. Report attached to the ticket, I can send it.`),
			say("rangihuna", "4d", `1.8.2 switches the port off in transport mode. May we tell the community, without your name, when it is out?`).decision(),
			say("sethu", "3d22h", `Yes, and with our name if you like.`),
		}},
	{key: "hema-lis", room: "laboratory", title: "Hema 300 and Lanekeeper: results signed end to end from release 8", label: green("community"),
		lines: []line{
			say("hallberg", "52d", `From release 8 the analyzer signs each result and Lanekeeper verifies it, so that something between the two cannot change a value. Old middleware ignores the signature. Feedback from laboratories before we switch verification on by default?`),
			say("meneses", "51d", `What happens to a result whose signature fails? If it vanishes we will turn it off on the first Monday.`),
			say("zielonka", "50d20h", `It is held with a red bar and the reason, and needs two people to release. It does not vanish.`).decision(),
			say("meneses", "50d", `Then yes.`).quoting(3),
		}},
	{key: "rural-first-hour", room: "rural", title: "One page for the first hour", label: amber("circle:rural"),
		lines: []line{
			say("tollefson", "17d", `I keep a single page next to the switch: who to call, which cable to pull, which pumps and monitors go on by themselves. Want it? It has our names in it, so AMBER.`),
			say("meneses", "16d20h", `Yes please. We are five hospitals and each has its own folder of forty pages.`),
			say("villaluz", "16d", `It is very good. If you take out the names we would gladly point other small hospitals to it.`),
			say("swensrud", "15d", `One addition from nursing: where the paper charts are, and who has the key.`).decision(),
		}},
	{key: "makers-one-person", room: "makers", title: "Response team of one: what do you do about holidays?", label: green("kind:manufacturer"),
		lines: []line{
			say("corrigan", "28d", `Eight people. Security mail is me. I was on a boat for nine days in August.`),
			say("osgood", "27d", `We have an arrangement with a maker twice our size: they read our mailbox for acknowledgement only, and telephone if it burns. A page of agreement, no money.`),
			say("rousselin", "26d", `Aldervane could do that for a few small members; let me ask. We answer within a working day anyhow.`),
			say("corrigan", "25d", `I would take that offer.`).quoting(3),
		}},
	{key: "late-notice", room: "practice", title: "We heard of it from the press: what went wrong", label: green("community-private"),
		lines: []line{
			say("osei", "60d", `A maker (not a member) told its distributors, and the distributors told nobody. We learned of a recall from a journalist. What would have helped: a contact for security that does not change when the buyer changes job.`),
			say("carvalhal", "59d", `The same here. We now write a role address into each purchase contract and test it twice a year.`),
			say("lindqvist", "58d", `And makers should test from their side: of 300 addresses we wrote to last year, 61 came back.`).decision(),
		}},
	{key: "liaison-harm", room: "liaison", title: "How should members answer the question about harm?", label: amber("circle:liaison"),
		lines: []line{
			say("abara", "35d", `We ask "is any patient harm known?" in many threads. Short answers differ so much that we cannot compare them. Would a form of three fields be acceptable?`),
			say("mirza", "34d20h", `Which three? We would want to say **what was looked at**, because "none known" after five minutes and after five weeks read the same.`),
			say("abara", "34d", `Exactly: known harm (yes, no, being examined); sources looked at; period looked at.`).quoting(2),
			say("quintanar", "33d", `Kestrel can do that. Not as a substitute for a report where one is due.`),
			say("maas", "20d", `**From now on** the desk asks with those three fields, and says in the same line that an answer here replaces no statutory report.`).decision(),
		}, end: &ending{"maas", "19d", "Three fields: harm, sources, period."}},
	{key: "desk-handover", room: "desk", title: "Hand-over, this week", label: strict("circle:deskroom"),
		lines: []line{
			say("noorani", "3d", `Waiting: Northfen's question on publication of the Tui case; two applications (one sponsor missing on the second); CorvidNet goes public in ten days, text is drafted.`),
			say("ellerby", "2d20h", `Backup restored to the spare machine on Sunday, verified against the checkpoint: whole.`),
			say("tembo", "1d", `Second sponsor found. I take the vetting call on Thursday with Pavel.`),
		}},
	{key: "cell-gateway", room: "cell", title: "Scanning for integration gateways from a hosting network", label: red("circle:cell"),
		lines: []line{
			say("kolbeck", "5d8h", `RED. We see a campaign of scanning for device-integration gateways on two ports. No exploitation observed. Ports and first addresses follow by telephone to each of you.`),
			say("osei", "5d6h", `Seen at the edge since Tuesday, 40 probes an hour, all dropped.`),
			say("noorani", "5d4h", `Proposal: tell providers in AMBER tonight "check that no integration gateway is reachable from outside", with no more detail.`),
			say("kolbeck", "5d3h", `Agreed.`).quoting(3),
			say("maas", "5d2h", `**Agreed by all:** that sentence, tonight, to providers. Details stay here.`).decision(),
		}},
	{key: "gateway-check", room: "monitoring", title: "Please check today: no integration gateway reachable from outside", label: amber("org:harborcrest", "org:brannoc", "org:valedosol", "org:northfen", "org:pinefork", "org:desk"),
		lines: []line{
			say("tembo", "5d1h", `To the named recipients of care providers. Please check **today** that no device-integration gateway of yours can be reached from the Internet, and answer here with one word: *checked*, *closed* or *help*.`),
			say("tollefson", "4d23h", `Closed. One rule, from a trial in 2022.`),
			say("pryce", "4d20h", `Checked.`),
			say("osei", "4d20h", `Checked, all fourteen.`),
			say("carvalhal", "4d18h", `Help: two addresses that we cannot assign to a box.`),
			say("castonguay", "4d17h", `Checked.`),
			say("noorani", "4d16h", `Telephoning you now.`).quoting(5),
			say("carvalhal", "4d12h", `Closed. It was a test system in a cupboard.`),
			say("tembo", "4d11h", `Five of five in under 14 hours. Thank you.`).decision(),
		}, end: &ending{"tembo", "4d10h", "All five providers answered within 14 hours."}},
	{key: "welcome", room: "front-porch", title: "How to reach us, and what we publish", label: public(),
		lines: []line{
			say("maas", "90d", `This page is TLP:CLEAR, for everybody. If you have found a weakness in a medical device, write to the desk; you do not have to be a member, and we answer within one working day. What our members share stays among those whom they chose.`),
			say("tembo", "40d", `Applications are answered within ten days: two of us talk with you, a member may sponsor you, and an officer of yours accepts the participation agreement.`),
		}},
}
