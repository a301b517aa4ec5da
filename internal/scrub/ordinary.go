package scrub

import "strings"

// ordinary are words that stand capitalized in titles and product names and
// are hardly anybody's name, in the singular.
var ordinary = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}()

const words = `
a access account accounts acute administration administrator advisory alarm alert all an analysis analytics and any api app
application archive are area as assessment assistant at attack authentication authorization base bed bedside browser bridge
by cable cardiac care center central centre channel chart clinic clinical cloud code communication companion component
computer confidentiality configuration connect connectivity connection console control controller could crisis cyber daily
dashboard data database department device devices diagnostic dialog dicom digital display doctor document driver
education electronic email emergency endpoint engagement engine enterprise entry equipment event experience explorer
external family feature field file flow focus for form framework from function gateway general group guard guide harm has
have health healthcare hl home hospital hub id identification identifier identity if image imaging impact implant in
index infusion information injury input insight instruction insulin integrated integration interface internal internet is it
kiosk lab laboratory law level library link list live local location log login logon main management manager manual may
medical medication message mobile module monitor monitoring multi name navigator network no node not note nurse nursing
number of on online open operating operation option or order organization outpatient package page panel patient pattern
picture platform plugin point policy port portal position practice pressure privacy private process product profile
program programmer protection protocol provider public pump query radio reader record recorder records registration registry remote report
reporting request research response risk room safety scanner schedule scheduler scheduling screen search section secure
security self sensor server service session set setting severity sharing should side simulator site smart software solution
source standard station status storage study suite summary support surgery survey system table tablet team technology
telemetry template temperature terminal test the therapy this to tool touch tracker tracking transfer transport treatment
tutorial unit update use user user's utility vendor version view viewer virtual visit vital vulnerability ward warning was watch web when
who will windows wireless with workflow workstation worklist x xml
who's what where which while these those there then that our your his her its their we you they he she i
january february march april may june july august september october november december monday tuesday wednesday thursday
friday saturday sunday
linux android microsoft philips medtronic baxter siemens dell cisco oracle apple google adobe java python php wordpress
dexcom abbott roche omron hospira fresenius draeger mindray biotronik santesoft
affected attacker attackers authenticated arbitrary bypass command cross denial disclosure execution exploit exposure
improper injection input local missing overflow parameter path privilege remote script scripting sql traversal unauthenticated
unauthorized
`
