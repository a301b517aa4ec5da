package furnish

// Discussions of the advisories in the rooms "monitoring", "theatre" and "cardiology".
var monitorThreads = map[string]thread{
	"icsma-17-255-01": talk(
		say("haddadin", "5h", `The odd case here: the worn monitor half re-associates, and the central station may show it as not connected. What does your ward do on "no signal"? Ours silenced it, because it happens twenty times a day.`),
		say("drumm", "1d", `Look at your access points before you blame the monitor: rogue containment and aggressive deauthentication will produce exactly such management frames. We keep containment off on the SSID for telemetry.`),
		say("haddadin", "3d", `It was on. Off now, lost-signal events down from about twenty to four a day on that ward.`).decision(),
	).resolved("haddadin", "3d1h", "Containment off on the telemetry SSID; watching for the software update."),
	"icsma-18-156-01": talk(
		say("sethu", "4h", `Same subnet is enough, no authentication, and fetal monitors are in the list. Our obstetric monitors share a subnet with the ward printers. Yes, I know.`),
		say("osei", "7h", `Move the printers, not the monitors: nobody has to sign off a printer. Then private VLAN or port isolation, so that monitors reach the central station and not one another.`).decision(),
		say("venkat", "1d3h", `One caution from a maker of other monitors: some central stations use multicast or broadcast discovery, and isolation breaks overview between beds. Test bed-to-bed overview and alarm forwarding before you roll it out.`),
		say("sethu", "8d", `Tested. Overview between beds did break until the multicast group was let through. Written up in the working group's notes.`),
	),
	"icsma-18-233-01": talk(
		say("tollefson", "6h", `A flood of UDP makes the central station unresponsive. What do I watch to know that it is happening, other than nurses telephoning?`),
		say("ilieva", "10h", `Two counters from the switch: packets per second on the station's port, and ratio of small UDP to everything else. Storm control at a threshold well above a busy hour stops the crude version.`),
	),
	"icsma-19-022-01": talk(
		say("pryce", "5h", `Reboots until it "falls back" — a patient monitor that restarts in a loop is a patient without a monitor. We rank this above the kiosk escape, whatever the scores say.`),
		say("tranberg", "1d", `Has anybody had unexplained reboots of the models listed? Please look at the logs before you upgrade; an upgrade clears them on many monitors.`),
		say("haddadin", "2d", `Two reboots in six months on 38 units, both during power tests. VF10.1 goes on at the next maintenance round.`).quoting(2),
	),
	"icsma-20-023-01": talk(
		say("osei", "2h", `Six weaknesses, five of them scored 10.0. All of it presumes that somebody reaches the MC or IX network, which by design nobody should. **When did you last check that yours is what the drawing says?**`),
		say("drumm", "5h", `Last week, thanks to this. The drawing showed a firewall; the rack showed a patch cable around it, labelled "temporary 2017".`),
		say("kolbeck", "9h", `Thank you for saying that in the open; it is the commonest finding. If it helps: check for a host with a leg in both networks, for any route to the Internet, and for SMB and remote keyboard services answering from outside.`).decision(),
		say("tollefson", "1d1h", `How? I do not have the tools and I am not going to scan monitors that are in use.`).to(green("community")),
		say("ilieva", "1d3h", `Do not scan. Mirror the uplink for a day and list who talks to the monitoring addresses. Anything that is not the station, the gateway or time is a question. I will look at a capture with you if you wish.`).quoting(4),
		say("noorani", "12d", `Six members checked, four found at least one path that was not on the drawing. Figures only, no names. The check list is the pinned post.`),
	).resolved("noorani", "12d1h", "Six members checked their isolation, four found and closed a path."),
	"icsma-20-049-01": talk(
		say("haddadin", "6h", `BlueKeep in an appliance that nobody thinks of as a Windows computer. XTR 1.2.1 or later. How many other sealed boxes do we own with RDP listening?`),
		say("ilieva", "9h", `In the inventories that we see, about one clinical network in five has something sealed with 3389 open. Block it to and from clinical VLANs; vendors who need it can ask.`),
	),
	"icsma-20-254-01": talk(
		say("venkat", "8h", `Of general interest: the list has **improper certificate revocation checks**. Many devices trust a certificate for its whole life because there is no way for them to learn better. We had the same discussion about our own central station.`),
		say("delacourt", "1d", `Short-lived certificates are often simpler than revocation on a device that is offline half of the time. Renewal then has to work, which is another way to take a monitor down.`),
		say("noorani", "1191d", `Update C, three years on: revocation was implemented for PIC iX and Focal Point in 2023. Worth noting how long such a change takes, when you plan yours.`),
	),
	"icsma-21-152-01": talk(
		say("okoro", "5h", `Fixed versions come product by product, over more than a year. Has anybody a tracker for "partly fixed" that is not a spreadsheet?`),
		say("tembo", "196d", `Still not; until then one row a product with the fixed version in the CSAF file attached. Update B is the one to use.`),
	),
	"icsma-22-244-01": talk(
		say("tollefson", "2h", `We have two of these. They were cheap and they are bedside in the observation room. The advisory offers mitigations, no patch. Do I take them off the network or off the wall?`),
		say("yoon", "5h", `Off the network today: one crafted UDP request can crash the device, and default credentials are the same on all. The USB update has no authentication either, so tape or block the port. A monitor alone at a bedside with a nurse in sight is a different risk from one that a central station depends on.`).decision(),
		say("abara", "8h", `If they are off the network, please make sure that nobody believes they are being watched centrally. That misunderstanding has more harm in it than the UDP request.`),
		say("tollefson", "10h", `Good point. There is a sign on each: LOCAL ALARM ONLY. Replacement is in the budget for January.`).quoting(3),
		say("villaluz", "3d", `How many small sites here run this family? A rough count by private message or in the rural room will do.`),
	).resolved("tollefson", "4d", "Off the network, signed, to be replaced."),
	"icsma-24-151-02": talk(
		say("sethu", "4h", `A default cryptographic key, fixed in 1.52.01, which has been out since October 2023. So the advisory is May and the fix is seven months older: check your version before you open a change.`),
		say("osei", "1d", `Checked: 412 of 455 were already there. The other 43 were on a cart in a basement.`),
	),
	"icsma-21-322-02": talk(
		say("redfearn", "7h", `"BitLocker is enabled by default and should not be disabled." Ours was disabled in 2019 for an image restore and never turned on again. Check.`),
		say("haddadin", "1d", `Two of nine here. Same reason.`),
	),

	"icsma-19-190-01": talk(
		say("pryce", "3h", `Again serial ports on unsecured terminal servers, this time on anesthesia machines: parameters changed and **alarms silenced** remotely. It is the terminal server, not the machine, that opens the door.`),
		say("sethu", "6h", `We found ours with the list from the syringe-pump thread. If you did that hunt in 2018 you have most of the answer.`),
		say("castonguay", "1d", `And if you did it in 2018, do it again; we found a new one, installed for a quality project in spring.`),
		say("dvornik", "14d", `Update A lists more models. Same measure: secure terminal servers, with authentication and encryption, or none.`),
	).resolved("dvornik", "14d1h", "Terminal servers found and closed at three members."),
	"icsma-21-047-01": talk(
		say("rangihuna", "5h", `Speaking as somebody who makes transport ventilators: a configuration file with a checksum is not authenticated; whoever can compute the checksum can write the file. We moved to signatures on ours last year, and the hard part was service in the field, not cryptography.`),
		say("sethu", "9h", `All three need hands on the ventilator. For a transport team that means ambulance bays. We ask crews to report any unit that was out of sight, and swap it.`),
		say("osgood", "1d", `Would you want a maker to show "configuration changed since last check" on the start screen? We are arguing about it.`),
		say("sethu", "1d2h", `Yes. Please. In words, with the date.`).quoting(3),
	),
	"icsma-19-311-02": talk(
		say("pryce", "4h", `Network connections on these generators are off by default. Ours were on, for the usage reports, since commissioning. Nobody reads the usage reports.`),
		say("drumm", "1d", `Same here; unplugged 60 of them. The cheapest patch of the year.`).decision(),
	).resolved("pryce", "2d", "Unplugged where the network was not needed."),
	"icsma-17-332-01": talk(
		say("lindqvist", "1d", `An interesting kind: the check that tells genuine single-use instruments from others can be bypassed. We discussed internally whether that is security or quality. The answer is that a patient does not care which department it is.`),
		say("abara", "2d", `For what it is worth, we read such a report as both.`),
	),
	"icsma-20-170-02": talk(
		say("meneses", "6h", `Dialysis. Hard-coded service password and clear text towards the record system. Which of you sends treatment data over the network at all?`),
		say("carvalhal", "1d", `We do, to one server in the same VLAN, and the switch drops everything else. Service menu is behind a password that we cannot change, so the machines are in view of staff or locked in.`),
	),

	"icsma-19-241-02": talk(
		say("tollefson", "6h", `Support ended in 2013. I have one. It works, the radiologist likes it. What would you do?`),
		say("adeyinka", "1d", `We make ultrasound, not this one. Use it as an island: no network, export to media that are scanned on a computer kept for it. And put a date on its replacement, because the probes will fail before the software does.`),
		say("tollefson", "2d", `An island it is. Date: end of next fiscal year.`),
	).resolved("tollefson", "2d1h", "Taken off the network until it is replaced."),
	"icsma-20-049-02": talk(
		say("redfearn", "5h", `Kiosk escape. Sonographers told me without being asked how they do it, to get at the printer settings.`),
		say("adeyinka", "1d", `Every kiosk on a general operating system has one. What helps: an unprivileged account under the kiosk, application allow-listing, and a printer dialog inside the application, so that nobody needs to break out.`),
		say("dvornik", "1549d", `Update A (May 2024) adds CVE-2024-1486, a privilege escalation through an access list. Four years apart, and the two together are more than each alone.`),
	),
	"icsma-21-161-01": talk(
		say("haddadin", "5h", `File upload by an ordinary user, 9.9. The sentence to show to clinicians is this one: data on the **defibrillator** is the source to trust if the dashboard differs.`),
		say("pryce", "9h", `We had people reading readiness from the dashboard only, so the daily check on the device had lapsed on two wards. It is back.`).decision(),
	),
	"icsma-21-343-01": talk(
		say("osei", "4h", `With single sign-on switched on, the application accepts any AD account that is provisioned, typed in by hand, **without the password being checked**. Is that everybody's reading?`),
		say("benmoshe", "8h", `"Accept manual entry of any AD account provisioned in the application without supplying a password" — yes. Turn single sign-on off in that application until there is an update. A rare case in which it is the safer choice.`),
		say("osei", "1d", `Off at all sites. Two complaints, one of them mine.`),
	).resolved("osei", "1d1h", "Single sign-on off in this application until the update."),
	"icsma-20-177-01": talk(
		say("redfearn", "1d", `The interim measure is about service providers guaranteeing integrity during repairs. In plain words: who was alone with the machine? We sign machines out and in now, with the software version on both lines.`),
	),
}
