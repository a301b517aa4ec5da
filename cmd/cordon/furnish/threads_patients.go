package furnish

// Discussions of the advisories in the rooms "implants", "home" and "components".
var patientThreads = map[string]thread{
	"icsma-17-009-01a": talk(
		say("pryce", "6h", `The endpoints of the channel are not verified, and the update to 8.2.2 comes by itself **if the transmitter is plugged in and connected**. So the task for a clinic is not technical: telephone those whose transmitters have been silent.`),
		say("quintanar", "1d", `That matches what any maker of remote monitoring knows: a tenth of the units are in a drawer. We keep a list "not heard from for 14 days", and clinics that work through it catch rhythm problems as well.`),
		say("pryce", "16d", `Called 61 patients, 48 plugged it back in while we talked. A good use of two mornings.`).decision(),
	).resolved("pryce", "30d", "Silent transmitters called; the update does the rest."),
	"icsma-17-241-01": talk(
		say("pryce", "3h", `A firmware update for pacemakers that are **in people**. The risk of the update has to be weighed against the risk of a nearby attacker, patient by patient. How are you preparing the conversation?`),
		say("vasquez", "8h", `As a maker of other devices: a one-page sheet with both risks in the same unit, and the words "not now" as a respectable answer. Patients who depend on pacing should have it where backup pacing is at hand, if at all.`),
		say("tranberg", "1d", `I would underline that. Please report any update that did not complete, with the device's state before it.`),
		say("brodnik", "2d", `On the engineering: unlimited wake-up commands drain the battery. Rate limits on wake-up are cheap at design time and impossible later. Put them on your design check list this week.`).decision(),
	),
	"icsma-18-058-01": talk(
		say("brodnik", "1d", `Per-product credentials in a recoverable format, and a directory traversal behind them. Lesson for ourselves, and we have changed the Perch programmer for it: trust the **signature of the package**, not the network that it came through.`),
		say("pryce", "702d", `Update C (January 2020) says that the network-based update mechanism has been disabled, VPN and all. We update by hand now, and log who and when.`),
	),
	"icsma-18-347-01": talk(
		say("carvalhal", "1d", `Programmers keep reports with patients' names, unencrypted. Ours are lent between hospitals in the same car as the coffee. Deleting reports at the end of a clinic is on the closing list now; the end-of-life model is in the scrap cage.`),
	),
	"icsma-19-080-01": talk(
		say("delacourt", "2h", `No authentication or authorization in the telemetry protocol, within short range, while the radio is on. For those who will be asked today: distance is short, the radio listens in limited windows, and the advisory describes further controls. It is serious **and** it is no reason to switch off monitoring.`).edited("3h", `No authentication or authorization in the telemetry protocol, within short range and while the radio is on. For those who will be asked today: the advisory itself limits it to adjacent short-range access and to times when the radio is on, and describes added controls for monitoring and response. It is serious **and** it is no reason to switch off monitoring.`),
		say("pryce", "4h", `May I use those sentences with the heart-failure nurses? They have six calls already.`),
		say("delacourt", "5h", `Of course; I have reworded them closer to the advisory's text.`).quoting(2),
		say("abara", "1d", `Benefit of remote monitoring outweighs the risk for most patients; we say so in general and it is for each clinic to judge. No harm has been mentioned in this room.`).decision(),
		say("quintanar", "2d", `We published a question-and-answer sheet for our own patients, since they ask us as well. Anybody may copy its structure.`),
		say("dvornik", "750d", `Update C, April 2021. The list of models with a patch has grown; patches are installed at regular visits.`),
	).resolved("dvornik", "750d1h", "Keep monitoring on; patches come at regular visits."),
	"icsma-20-345-01": talk(
		say("brodnik", "5h", `Race condition in the update of a reader: unsigned firmware may be accepted between the check and the use. If your updater checks a file and then opens it **again**, you have the same. Ours did, until 2018.`),
		say("farrant", "9h", `Ours does. I mean: did, as of this morning. Copy to memory that nobody else writes, check the copy, flash the copy.`),
		say("brodnik", "1d", `Exactly that.`).quoting(2),
	),
	"icsma-21-273-01": talk(
		say("pryce", "6h", `Old programmer, not networked, five weaknesses that need it in one's hands. Lock and key, keep the replacement date. What do you do with the disk when it goes?`),
		say("carvalhal", "1d", `Removed before it leaves and shredded with a certificate. The vendor accepted units without a disk when we asked.`).decision(),
	),
	"icsma-23-180-01": talk(
		say("pryce", "2h", `9.8 in the clinic system, only if the optional messaging service is on. It was on. Nobody remembers why.`),
		say("dhillon", "5h", `It was on here for pager messages that ended in 2020. Service stopped, message queuing removed as described, nothing missed. v1.12 is booked.`).decision(),
		say("quintanar", "1d", `Please confirm after the change that transmissions are still reaching the clinic: send one from a test device.`),
		say("pryce", "1d5h", `Sent, arrived, logged.`).quoting(3),
	).resolved("pryce", "20d", "Messaging service off, v1.12 installed, test transmission arrived."),
	"icsma-20-170-05": talk(
		say("delacourt", "1d", `Home transmitter; somebody would need it in their hands or be next to it, and no security update is planned, only compensating controls. It is the class of finding in which a newspaper headline and the risk to a patient are furthest apart. Could we agree on a sentence for that?`),
		say("vasquez", "2d", `"An attacker would need to have your transmitter in their hands. Your implant goes on working without it." The second half only if it is true of the model.`),
	),

	"icsma-18-219-02": talk(
		say("castonguay", "5h", `The easy bolus and remote bolus options, which are off by default, make the replay possible. Do our families know which setting they have? Old remotes get handed down.`),
		say("parvaneh", "1d", `Ask at the yearly visit: "do you use a remote, or did you get one from somebody?" Many parents bought them second-hand.`),
		say("tembo", "1155d", `Update A (October 2021): all users are asked to stop using the remote controllers, to disable the remote option on the pump and to return the remotes.`),
	),
	"icsma-19-178-01": talk(
		say("castonguay", "4h", `Pumps that cannot be updated. For a child whose loop was built at home around exactly this pump, "change to a newer model" is a hard sentence. How do others say it?`),
		say("parvaneh", "8h", `Honestly: what could happen, how near one would have to be, what the family gains from the old pump, and that the choice is theirs with their doctor. And ordinary care, which we ask of our own users too: watch for unintended boluses, do not share the serial number, do not connect unknown devices.`),
		say("abara", "1d", `We would like such families to keep reporting to the programme, whatever they choose. A report is not an accusation.`),
	),
	"icsma-20-079-01": talk(
		say("parvaneh", "6h", `We make a patch pump ourselves. The weakness is the radio protocol between pump and manager: neither authentication nor authorization done properly. We went through ours with this text in hand, and I am glad that we did. One session counter was 16 bits.`),
		say("delacourt", "1d", `Which is the sort of sentence that this community exists for. Did it wrap?`),
		say("parvaneh", "1d3h", `In 45 days of one pairing. A pod lives for three. We made it 32 all the same.`).quoting(2),
	),
	"icsma-21-012-01": talk(
		say("delacourt", "5h", `Keys derived deterministically, checks done in the app, a PIN that can be read over Bluetooth. It is a good catalogue of what not to do in a companion app: **the pump has to decide, never the telephone**.`).decision(),
		say("thibodeau", "9h", `Printed and hung over my desk. Our app had one check that the pod did not repeat. It does now.`),
	),
	"icsma-22-263-01": talk(
		say("castonguay", "5h", `Only while components are being paired, and from nearby; and the advisory notes that with the remote bolus feature off, no remote bolus is possible. "Pair it in private, leave remote bolus off unless you use it" is a sentence nurses can teach. We added it to the training day.`),
		say("thibodeau", "1d", `Hint for makers: put it on the pairing screen. "Pair where nobody can overhear you" looked silly to us for about a day.`),
	),
	"icsma-24-254-01": talk(
		say("corrigan", "1d", `A scale is not an ECG, but it is the same Bluetooth. Clear text, no integrity. We are eight people; pairing with authentication took one of them five weeks. For a small maker that is the honest number.`),
		say("villaluz", "2d", `Thank you for the number. The advisory also says that the vendor has not responded to requests. If any member has a working contact, please tell the desk.`),
	),
	"icsma-17-227-01": talk(
		say("rangihuna", "1d", `Sleep apnoea at home. We make CPAP too. Bad input can crash the Wi-Fi module, and devices released after 1 July 2017 have it corrected. What helped us with this class was a fuzzer on each parser as part of the build, not a penetration test a year later.`),
	),

	"icsma-18-128-01": talk(
		say("chiahsin", "6h", `We make such modules (not these). The interesting part is the update account that is **off by default**, so that the POST needs no authentication. A default that is safe in the office can be unsafe on a ward.`),
		say("pell", "1d", `As a customer of modules: please ship them with management off, and make us turn it on.`),
		say("chiahsin", "4d", `GW-40 firmware 3.1 will. Decided on Friday.`).quoting(2),
	),
	"icsma-18-240-01": talk(
		say("viitala", "4h", `CVE-**2014**-9222 in a 2018 advisory: the cookie weakness in an embedded web server, four years later, in a device gateway. Nobody was careless on the day; nobody had a list.`),
		say("hallberg", "1d", `We have a list now and still needed three days for the question "do we ship it", because two suppliers did not.`),
		say("kallionpaa", "1d5h", `Then ask your suppliers for theirs in CycloneDX or SPDX, by contract, and match at night. We deliver one with each build.`).decision(),
	),
	"icsma-19-274-01": talk(
		say("viitala", "2h", `Eleven in one TCP/IP stack that was licensed, bought and forked for twenty years. CorvidNet is **not** derived from it; we checked the provenance of each file and will put that in writing.`),
		say("osei", "4h", `From the other side: I have 96,000 devices and not one of them says which stack it has on the label. How do I start?`),
		say("ilieva", "8h", `By behaviour: malformed urgent pointers and option handling differ between stacks and can be told passively from ordinary traffic in many cases. A candidate list, not a proof. We will share ours with any member who asks.`),
		say("lindqvist", "1d", `Pumpworks: A4 and A5 use CorvidNet, S2 has no network. We will say so in a statement that a machine can read.`),
		say("kolbeck", "3d", `Makers: please send such statements, "not affected" included. The second most useful answer is "we do not know yet, and will on Thursday".`).decision(),
		say("noorani", "98d", `Update D. Summary of answers in this room: 9 makers answered, 2 affected products, 21 not affected, none unknown any more.`),
	).resolved("noorani", "98d1h", "All makers here have answered for all products."),
}
