package furnish

// Discussions of the advisories in the rooms "imaging", "laboratory" and "hospital-systems".
var imagingThreads = map[string]thread{
	"icsma-17-215-02": talk(
		say("redfearn", "4h", `Remote code execution through ports 80, 443 and 3465, on scanners that a hospital may not patch itself. What is left is a wall around them. Ours: DICOM to the archive, worklist from the information system, time, and the vendor's tunnel. Nothing else.`),
		say("dhillon", "1d", `Same four here. Beware of the fifth: a shared folder that some research group uses for raw data.`),
	),
	"icsma-18-037-02": talk(
		say("dhillon", "3h", `Twenty-three CVEs of default or hard-coded credentials across imaging. Who has asked for the update that replaces them? It says "upon request", and not for all.`),
		say("redfearn", "1d2h", `Asked. It came with a visit, and the visit needed the scanner for half a day. Book it together with the yearly maintenance and it costs nothing extra.`),
		say("hatakeda", "2d", `From a maker's side, please do ask, in writing, listing models and serial numbers. Requests that can be counted get engineers.`),
		say("drumm", "3d", `Meanwhile: remote login ports closed at the modality VLAN, opened for a named ticket and an hour.`).decision(),
	),
	"icsma-18-312-01": talk(
		say("dhillon", "6h", `Default credentials in third-party software within an archive. When I asked which software, the honest answer from my side was: I have no bill of materials for anything bought before 2016.`),
		say("noorani", "1d", `For the next purchase: ask for the SBOM in the contract, one for each release, machine readable. We have sample wording.`),
	),
	"icsma-20-343-01": talk(
		say("dhillon", "2h", `Two at 9.8 over a list of modalities longer than my screen. Credentials exposed in transport, and default credentials that give access. The remedy is arranged by the vendor. What do you do in the meantime?`),
		say("drumm", "5h", `The modalities' own firewall configuration is part of the remedy here, so network filters in front of them are the same idea a step earlier: FTP, SSH, Telnet and remote shell to modalities only from the service gateway.`).decision(),
		say("villaluz", "1d", `If you see those ports used by anything else, we would like to hear it, marked as you see fit. One line is enough.`),
	),
	"icsma-21-187-01": talk(
		say("redfearn", "3h", `Sixteen entries, many of them in components: Redis, Tomcat's AJP (CVE-2020-1938), an out-of-date certificate. I would like to talk about AJP first: is port 8009 reachable from anywhere but the host itself?`),
		say("yoon", "6h", `That is the right first question. It should listen on loopback, or be off. You can see it without scanning: ask the system administrator for the listening sockets, or look for 8009 in the flow records of the last month.`),
		say("dhillon", "1d", `Loopback on two servers, all interfaces on the third, which was restored from an older image. Closed.`).decision(),
		say("hatakeda", "1d4h", `We ship some of the same components in Alder PACS and have published which we reach and which not, in the component room. Please hold us to it.`),
		say("noorani", "280d", `Update B is out (April 2022). The list of fixed versions is by module: Vue PACS, MyVue, Motion, Speech.`),
	),
	"icsma-22-174-01": talk(
		say("hatakeda", "4h", `A **toolkit**, not a product: DCMTK below 3.6.7, path traversal on receiving and on sending. A great many products link it, ours among them. Alder PACS 9.2 and later are built with 3.6.7; older ones check file names before writing and refuse separators. VEX to follow.`),
		say("redfearn", "8h", `And how do I find who else links it? The advisory cannot know.`),
		say("yoon", "1d", `Strings: look for OFFIS_DCMTK and the version in association requests; the implementation version name is in the clear. A day of DICOM traffic at the archive gives you a list of senders with their versions.`).decision(),
		say("redfearn", "3d", `Eleven senders older than 3.6.7, of which I had expected two. Letters to five makers tonight.`).quoting(3),
	).resolved("redfearn", "40d", "Eleven senders found by their version name; four updated, the rest are limited to the archive."),
	"icsma-23-248-01": talk(
		say("carvalhal", "3h", `Unauthenticated remote code execution in a PACS server. We used it for a teaching collection, reachable from the university. It is behind the VPN since an hour ago; fix v230712 goes on tonight.`),
		say("kolbeck", "5h", `Thank you. To everybody: please look whether yours can be reached from the Internet before you read the rest of the text.`),
	),
	"icsma-23-285-01": talk(
		say("dhillon", "5h", `A viewer that a doctor installed to open a disc from elsewhere. We found it on 60 computers. 12.2.6 is the version to have, but should those computers have it at all?`),
		say("redfearn", "1d", `We opened a web form instead: patients' discs are read on one computer that is rebuilt every night, and the images are sent to the archive. Desktop viewers are off the allow list.`).decision(),
	),
	"icsma-24-023-01": talk(
		say("redfearn", "4h", `Script in a DICOM study, run in the browser of whoever looks at it. It is a reminder that images from outside are documents from strangers. Orthanc 24.1.2 or greater.`),
		say("benmoshe", "1d", `A content-security policy in the proxy before the viewer would have blunted it. Ours at a customer's: no inline script, own origin only. Test it, some viewers are built of inline script.`),
	),
	"icsma-24-060-01": talk(
		say("dhillon", "1d", `Memory corruption when a crafted file is opened. Third desktop viewer within half a year. I will stop patching viewers and remove them.`),
	),
	"icsma-24-163-01": talk(
		say("dhillon", "4h", `Same viewer as in February, and this time the network is in the vector: a link can fetch or plant images, once somebody clicks on it. 2024.2 is out. Anybody against blocking the program?`),
		say("redfearn", "7h", `CWE-939 is about who may call a custom URL scheme. If you cannot remove the program, remove its scheme handler from the registry by policy; that takes the link away.`).decision(),
		say("dhillon", "2d", `Removed from all but two computers, with the handler gone on those.`).quoting(2),
	).resolved("dhillon", "2d1h", "Removed; the scheme handler is blocked on the two computers that keep it."),
	"icsma-24-200-01": talk(
		say("redfearn", "3h", `Thirteen, most of them deserialization in third-party libraries. Our archive is a managed service: the advisory says that releases come as resources allow. What may I do myself?`),
		say("hatakeda", "8h", `In general, for Java archives with such libraries: no clinical workstation needs to reach the management ports, so filter them; log outgoing connections of the application server, because exploitation nearly always calls out; and keep default accounts out of the database.`),
		say("ilieva", "1d", `Outgoing filter from the archive servers is the best hour that you can spend. Ours alerts on any new destination.`).decision(),
		say("abara", "2d", `Please think of image integrity too, not only of confidentiality: a changed or missing prior can lead to a wrong reading. Is anybody checking that what is stored is what was sent?`),
		say("redfearn", "3d", `Storage commitment from the modalities is on, and a nightly count by modality is compared with the worklist. It would not notice a changed pixel.`).quoting(4),
	),

	"icsma-17-082-01": talk(
		say("meneses", "1d", `Hard-coded passwords to the database, to be updated remotely between April and October. Until then: database port from the two application hosts only. On our instrument that was one rule.`),
	),
	"icsma-18-310-01": talk(
		say("meneses", "4h", `Point of care: hundreds of handhelds and their base units. Adjacent network, weak service credentials. What do you do with wireless meters?`),
		say("zielonka", "1d", `From another laboratory maker: a meter talks to one data manager. Let it reach that, and let nothing start a connection **to** a meter. That removes the service interface from the picture.`).decision(),
		say("okoro", "1d5h", `The docking stations too. They were in the same VLAN as the bedside terminals here.`),
	),
	"icsma-22-062-02": talk(
		say("hallberg", "6h", `Hard-coded credentials again, not ours this time, but ours in 2014. What took us longest was the service organization: 200 engineers with one password in their heads. Plan for the people.`),
		say("meneses", "1d", `While the fix is awaited: physical access and no route out of the laboratory. Any reader who runs it connected to the middleware only?`),
	),
	"icsma-23-117-01": talk(
		say("meneses", "2h", `10.0 for sequencers. UCS v2 listens on all addresses. Ours run genomes for oncology; a stopped run costs a tumour board a week. How disruptive are the instructions?`),
		say("castonguay", "6h", `Done on two instruments between runs, twenty minutes each, no revalidation according to our laboratory director. Block the instrument from outside first and you can choose your hour.`).decision(),
		say("tranberg", "1d", `Has anybody evidence of altered or lost results? An answer of "we compared and found none" is helpful; please say over which period.`),
		say("meneses", "4d", `We compared run checksums with the laboratory system since January: no difference.`).quoting(3),
		say("kolbeck", "5d", `Thank you, both. Nothing in this room contradicts what has been published.`),
	).resolved("dvornik", "6d", "Two members applied the instructions between runs; no altered results seen."),
	"icsma-22-151-02": talk(
		say("meneses", "1d", `Sessions that do not expire soon enough at a workstation. In a laboratory with gloves, people leave sessions open on purpose. A badge reader that locks on leaving did more here than any setting.`),
	),
	"icsma-23-331-01": talk(
		say("zielonka", "8h", `Workstation hygiene: no BIOS password, open USB, readable secrets. All need presence. What I take from it for Lanekeeper: the workstation that we sell with the instrument is part of the product.`),
		say("carvalhal", "2d", `As a customer: yes! And please let us put our endpoint protection on it.`),
	),

	"icsma-18-114-01": talk(
		say("okoro", "6h", `KRACK. Cabinets on wireless because the cable was expensive in 2009. Patched through the normal process "for most devices". How do I see which are left?`),
		say("drumm", "1d", `By the fix on the other side: most access points can refuse retransmission of the handshake message, which covers clients that are late. Turn it on and then take your time.`).decision(),
	),
	"icsma-22-062-01": talk(
		say("okoro", "4h", `Access to the file system of a cabinet through hard-coded credentials. If it came to the worst: dispense by override, with paper. When did you last exercise that?`),
		say("swensrud", "9h", `Last winter in earnest, when the server room flooded. The paper forms were from 2011 and listed drugs that we no longer stock.`),
		say("okoro", "1d", `Thank you. That is now on our list as well.`).quoting(2),
	),
	"icsma-22-151-01": talk(
		say("osei", "3h", `Default credentials that may still be in use, possibly shared between servers and cabinets of a site. Has somebody a way to find out without trying passwords?`),
		say("tembo", "6h", `Ask the vendor's service in writing whether yours are on their list; the advisory says that they are working with users whose credentials need an update. That answer is also your evidence later.`),
		say("osei", "9d", `Asked on Tuesday, answered on Friday, changed the week after.`).decision(),
	).resolved("osei", "9d1h", "Credentials changed at all sites after asking the vendor in writing."),
	"icsma-21-215-01": talk(
		say("sethu", "3h", `The tubes. Blood products, laboratory samples and half of the pharmacy travel in them. Version 7.2.5.7 fixes all but one. Who has a plan for a day without tubes?`),
		say("pryce", "7h", `Runners. We did it for 30 hours when a carrier stuck: six people a shift. The laboratory turned out to be the bottleneck, because samples arrive in batches.`),
		say("drumm", "1d", `For the network: panels to the central server, and that is all. Telnet to panels blocked everywhere.`).decision(),
		say("abara", "2d", `A tube system may not be a medical device, and a delay in blood products is still harm. Thank you for treating it so.`),
	),
	"icsma-20-184-01": talk(
		say("villaluz", "5h", `Open-source hospital system, bypass of access controls at 9.4. It is used by clinics that are not at this table. If you support partner clinics abroad, please pass it on; it is CLEAR.`),
		say("castonguay", "1d", `Passed on to two partner hospitals. Both run it open to the Internet. One is behind a VPN now.`),
	),
	"icsma-24-249-01": talk(
		say("osei", "1d", `SQL injection at 10.0 in a hosted portal, and the text says: patched, no user action required, no exploitation known. Then the only step for a customer is to ask for a look at one's own logs. We did.`),
	),
}
