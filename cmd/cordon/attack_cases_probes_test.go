package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/ids"
)

func init() { maps.Copy(probes, caseProbes) }

// packHoldsPlaces is why a pack is not compared byte for byte.
var packHoldsPlaces = []string{"a pack holds positions in the ledger, which are its proofs"}

// caseProbes are the routes of coordinated disclosure. Bodies are such that a
// stranger's would be refused for what it names, and a participant's is taken.
var caseProbes = map[string]routeProbe{
	"GET /cases":                                                     {queries: []string{"q=pump", "q=zebrafish", "stage=triage", "all=1", "after=zz"}},
	"GET /cases/new":                                                 {queries: []string{"report={report}", "manufacturer={org}"}},
	"POST /cases":                                                    {form: "title=A+case&manufacturer={org}&safety=unknown&share=1"},
	"GET /cases/import":                                              {},
	"POST /cases/import":                                             {form: "package=x"},
	"GET /cases/{case}":                                              {queries: []string{"before=10", "all=1"}},
	"GET /cases/{case}/edit":                                         {},
	"POST /cases/{case}/edit":                                        {form: "title=Named+anew&summary=Of+{topic}&safety=unknown"},
	"POST /cases/{case}/assign":                                      {form: "person={person}"},
	"GET /cases/{case}/stage":                                        {},
	"POST /cases/{case}/stage":                                       {form: "stage=mitigating&reason=so"},
	"GET /cases/{case}/share":                                        {},
	"POST /cases/{case}/share":                                       {form: "note=Please+take+it"},
	"GET /cases/{case}/happened":                                     {},
	"POST /cases/{case}/happened":                                    {form: "event=exploit&at=2026-11-14&source=A+list"},
	"GET /cases/{case}/invite":                                       {queries: []string{"q=vendor"}},
	"POST /cases/{case}/parties":                                     {form: "orgs={org}&role=vendor&note=You+may+use+it"},
	"GET /cases/{case}/parties/{party}":                              {},
	"POST /cases/{case}/parties/{party}/remove":                      {form: "reason=by+mistake"},
	"POST /cases/{case}/parties/{party}/statuses":                    {form: "status-{vulnerability}=affected&source=them"},
	"GET /cases/{case}/ours":                                         {},
	"POST /cases/{case}/acknowledge":                                 {},
	"POST /cases/{case}/report":                                      {form: "event=validate&reason=so"},
	"POST /cases/{case}/update":                                      {form: "text=We+work+on+it"},
	"POST /cases/{case}/fix":                                         {form: "planned=2026-12-24"},
	"POST /cases/{case}/statement":                                   {form: "statement=We+are+not+affected"},
	"GET /cases/{case}/statuses":                                     {},
	"POST /cases/{case}/statuses":                                    {form: "status-{vulnerability}=affected"},
	"POST /cases/{case}/seats":                                       {form: "people={person}"},
	"POST /cases/{case}/seats/{person}/remove":                       {form: "reason=left"},
	"POST /cases/{case}/leave":                                       {form: "reason="}, // a reason would end the attack
	"GET /cases/{case}/threads":                                      {},
	"GET /cases/{case}/threads/new":                                  {queries: []string{"with={party}"}},
	"POST /cases/{case}/threads":                                     {form: "title=Aside&body=Of+{post}&audience=circle:{circle}"},
	"GET /cases/{case}/technical":                                    {},
	"GET /cases/{case}/vulnerabilities/new":                          {},
	"POST /cases/{case}/vulnerabilities":                             {form: "title=Telnet+is+open&cwe=CWE-306"},
	"GET /cases/{case}/vulnerabilities/{vulnerability}":              {},
	"GET /cases/{case}/vulnerabilities/{vulnerability}/cve.json":     {},
	"POST /cases/{case}/vulnerabilities/{vulnerability}/edit":        {form: "title=Telnet&cwe=CWE-306"},
	"POST /cases/{case}/vulnerabilities/{vulnerability}/withdraw":    {form: "reason="},
	"POST /cases/{case}/vulnerabilities/{vulnerability}/kev":         {form: "which=kev&listed=no&source=CISA&as_of=2026-11-14"},
	"POST /cases/{case}/vulnerabilities/{vulnerability}/epss":        {form: "which=epss&probability=0.1&percentile=0.5&as_of=2026-11-14"},
	"POST /cases/{case}/vulnerabilities/{vulnerability}/cve-request": {form: "to=A+numbering+authority"},
	"POST /cases/{case}/vulnerabilities/{vulnerability}/cve":         {form: "cve=CVE-2026-12345"},
	"GET /cases/{case}/decisions":                                    {},
	"GET /cases/{case}/embargo":                                      {},
	"POST /cases/{case}/embargo":                                     {form: "until=2026-12-20&terms=Nothing+is+passed+on"},
	"POST /cases/{case}/embargo/end":                                 {form: "reason=It+is+known"},
	"POST /cases/{case}/embargo/{proposal}/agree":                    {},
	"POST /cases/{case}/embargo/{proposal}/accept":                   {},
	"POST /cases/{case}/embargo/{proposal}/reject":                   {form: "reason=too+long"},
	"POST /cases/{case}/embargo/{proposal}/keep":                     {form: "reason=no+reason+to+end+it"},
	"GET /cases/{case}/publish":                                      {},
	"POST /cases/{case}/publish":                                     {form: "title=Telnet&body=It+was+open&reference="},
	"POST /cases/{case}/publish/{publication}/approve":               {form: "sure=1"},
	"POST /cases/{case}/publish/{publication}/withdraw":              {form: "reason=wrong"},
	"GET /cases/{case}/evidence":                                     {},
	"POST /cases/{case}/evidence":                                    {refs: packHoldsPlaces},
	"POST /cases/{case}/handover":                                    {form: "to=Another+coordinator"},
	"GET /cases/{case}/grants":                                       {},
	"POST /cases/{case}/grants":                                      {form: "person={person}&seat=patient-harm&purpose=Harm&basis=21+USC+360i"},
	"GET /need-to-know":                                              {queries: []string{"after=zz"}},
	"GET /grants/{grant}":                                            {},
	"POST /grants/{grant}/approve":                                   {},
	"POST /grants/{grant}/revoke":                                    {form: "reason=over"},
	"POST /grants/{grant}/open":                                      {},
	"POST /grants/{grant}/answer":                                    {form: "answer=No+harm+is+known"},
	"GET /invited/{party}":                                           {},
	"POST /invited/{party}/accept":                                   {form: "agree=0&people={person}"},
	"POST /invited/{party}/decline":                                  {form: "reason="},

	"GET /clocks":                                             {queries: []string{"all=1"}},
	"GET /clocks.csv":                                         {},
	"GET /cases/{case}/clocks":                                {queries: []string{"party={party}"}},
	"GET /cases/{case}/clocks.csv":                            {},
	"GET /cases/{case}/clocks/{clock}":                        {},
	"POST /cases/{case}/clocks/{clock}/waive":                 {form: "reason=not+ours"},
	"GET /cases/{case}/facts/new":                             {queries: []string{"kind=plan-made"}},
	"POST /cases/{case}/facts":                                {form: "kind=information&at=2026-11-14&text=Of+{post}&evidence={file}&party={party}"},
	"GET /cases/{case}/facts/{fact}":                          {},
	"POST /cases/{case}/facts/{fact}/withdraw":                {form: "reason=wrong"},
	"GET /cases/{case}/harm":                                  {},
	"POST /cases/{case}/harm":                                 {form: "party={party}&at=2026-11-14&event=death&reporter=manufacturer&text=x"},
	"GET /cases/{case}/pma/{row}":                             {},
	"GET /cases/{case}/risk":                                  {},
	"POST /cases/{case}/risk":                                 {form: "rows=0&vulnerability={vulnerability}&exploitability=low&harm=inconvenience&rationale=so"},
	"GET /cases/{case}/risk/new":                              {queries: []string{"vulnerability={vulnerability}"}},
	"GET /cases/{case}/risk/{determination}":                  {},
	"GET /cases/{case}/risk/ssvc/{vulnerability}":             {queries: []string{"table=deployer"}},
	"POST /cases/{case}/risk/ssvc/{vulnerability}":            {form: "table=deployer&do=try"},
	"GET /cases/{case}/risk/known/{vulnerability}":            {},
	"POST /cases/{case}/risk/known/{vulnerability}":           {form: "which=kev&listed=no"},
	"GET /risk-matrix":                                        {},
	"POST /risk-matrix":                                       {form: "m_0_0=controlled"},
	"GET /calculators":                                        {},
	"GET /calculators/{calculator}":                           {},
	"POST /calculators/{calculator}":                          {form: "do=try"},
	"GET /cases/{case}/notices":                               {},
	"POST /cases/{case}/notices":                              {form: "subject=To+our+customers&impact=An+open+port&do=save"},
	"GET /cases/{case}/notices/new":                           {},
	"GET /cases/{case}/notices/{notice}":                      {},
	"GET /cases/{case}/notices/{notice}/edit":                 {},
	"POST /cases/{case}/notices/{notice}/edit":                {form: "subject=To+our+customers&impact=A+port&do=save"},
	"GET /cases/{case}/notices/{notice}/send":                 {},
	"POST /cases/{case}/notices/{notice}/send":                {form: "via=E-mail&evidence={file}&incomplete=in+haste"},
	"GET /cases/{case}/notices/{notice}/notice.txt":           {},
	"GET /cases/{case}/notices/{notice}/notice.eml":           {},
	"GET /notices":                                            {queries: []string{"after=zz"}},
	"GET /notices/{notice}":                                   {},
	"GET /participation":                                      {queries: []string{"period=2026-Q3"}},
	"GET /participation/{org}":                                {queries: []string{"period=2026"}},
	"POST /participation/{org}/certificates":                  {form: "period=2026-Q3"},
	"POST /participation/attest":                              {form: "kind=process&from=2026-10-01&text=Ours&file={file}&title=Officer"},
	"POST /participation/attestations/{attestation}/withdraw": {form: "reason=wrong"},
	"GET /participation/trace":                                {queries: []string{"case={case}", "topic={topic}"}},
	"POST /participation/trace":                               {form: "object={case}&kind=risk-assessment&target=RA-7"},
	"GET /certificates/{certificate}":                         {},
	"POST /certificates/{certificate}/file":                   {},

	"GET /report":                        {},
	"POST /report":                       {form: "form={token}&description=Telnet+is+open&products%5B0%5D.name=Pump"},
	"GET /report/return":                 {},
	"POST /report/return":                {form: "receipt=" + wrongReceipt},
	"POST /report/file":                  {form: "receipt=" + wrongReceipt + "&file={cfile}"},
	"GET /.well-known/security.txt":      {},
	"GET /disclosures":                   {queries: []string{"after=zz"}},
	"GET /disclosures/{statement}":       {},
	"GET /reports":                       {},
	"GET /reports/new":                   {queries: []string{"case={case}"}},
	"POST /reports":                      {form: "description=Telnet+is+open&products%5B0%5D.name=&no_patient_data=1&upload={cfile}"},
	"GET /reports/{report}":              {},
	"POST /reports/{report}/messages":    {form: "text=More+of+it&upload={cfile}"},
	"GET /reports/{report}/files/{file}": {},
	"GET /triage":                        {queries: []string{"q=zebrafish", "all=1", "severity=4", "assignee={person}"}},
	"GET /triage/{report}":               {},
	"POST /triage/{report}/severity":     {form: "severity=4"},
	"POST /triage/{report}/assign":       {form: "person={person}"},
	"POST /triage/{report}/acknowledge":  {},
	"POST /triage/{report}/messages":     {form: "text=Thank+you"},
	"POST /triage/{report}/merge":        {form: "into={report}&reason=the+same"},
	"POST /triage/{report}/decide":       {form: "decision=coordinate&reason=so&into={case}"},
	"POST /triage/{report}/reopen":       {form: "reason=so"},

	"GET /api/v1/cases":                                {queries: []string{"limit=1", "limit=2", "q=zebrafish", "open=true", "stage=triage", "cursor=zz"}},
	"POST /api/v1/cases":                               {json: `{"title":"A case","manufacturer":"{org}","learned_at":"2026-11-14T08:00:00Z","label":{"tlp":"AMBER","audience":["circle:{circle}"]}}`},
	"POST /api/v1/cases/import":                        {json: `{"case":"{case}"}`},
	"GET /api/v1/cases/{case}":                         {},
	"PATCH /api/v1/cases/{case}":                       {json: `{"title":"Named anew"}`},
	"POST /api/v1/cases/{case}/stage":                  {json: `{"stage":"mitigating","reason":"so"}`},
	"POST /api/v1/cases/{case}/assign":                 {json: `{"person":"{person}"}`},
	"POST /api/v1/cases/{case}/share":                  {json: `{"note":"Please take it."}`},
	"POST /api/v1/cases/{case}/happened":               {json: `{"what":"exploit","at":"2026-11-14T08:00:00Z","source":"A list"}`},
	"GET /api/v1/cases/{case}/timeline":                {queries: []string{"limit=2", "limit=5", "cursor=zz"}},
	"GET /api/v1/cases/{case}/threads":                 {},
	"POST /api/v1/cases/{case}/threads":                {json: `{"title":"Aside","body":"Of {post}","label":{"tlp":"AMBER","audience":["circle:{circle}"]},"files":["{file}"]}`},
	"GET /api/v1/cases/{case}/matrix":                  {},
	"GET /api/v1/cases/{case}/vulnerabilities":         {},
	"POST /api/v1/cases/{case}/vulnerabilities":        {json: `{"title":"Telnet is open","cwe":"CWE-306"}`},
	"GET /api/v1/vulnerabilities/{vuln}":               {},
	"PATCH /api/v1/vulnerabilities/{vuln}":             {json: `{"title":"Telnet"}`},
	"POST /api/v1/vulnerabilities/{vuln}/withdraw":     {json: `{"reason":""}`},
	"POST /api/v1/vulnerabilities/{vuln}/kev":          {json: `{"listed":false,"source":"CISA","as_of":"2026-11-14"}`},
	"POST /api/v1/vulnerabilities/{vuln}/epss":         {json: `{"probability":"0.1","source":"FIRST","as_of":"2026-11-14"}`},
	"POST /api/v1/vulnerabilities/{vuln}/ssvc":         {json: `{"table":"supplier","values":{}}`},
	"POST /api/v1/vulnerabilities/{vuln}/cve/request":  {json: `{"to":"A numbering authority"}`},
	"POST /api/v1/vulnerabilities/{vuln}/cve/assign":   {json: `{"cve":"CVE-2026-12345"}`},
	"GET /api/v1/vulnerabilities/{vuln}/cve":           {},
	"GET /api/v1/cases/{case}/publications":            {},
	"POST /api/v1/cases/{case}/publications":           {json: `{"title":"Telnet","body":"It was open."}`},
	"POST /api/v1/publications/{statement}/approve":    {},
	"POST /api/v1/publications/{statement}/withdraw":   {json: `{"reason":"wrong"}`},
	"GET /api/v1/statements":                           {queries: []string{"limit=1", "cursor=zz"}},
	"GET /api/v1/statements/{statement}":               {},
	"GET /api/v1/cases/{case}/hand-over":               {},
	"POST /api/v1/cases/{case}/hand-over":              {json: `{"to":"Another coordinator"}`},
	"GET /api/v1/cases/{case}/parties":                 {},
	"POST /api/v1/cases/{case}/parties":                {json: `{"organizations":["{org}"],"role":"vendor","note":"You may use it."}`},
	"GET /api/v1/parties/{party}":                      {},
	"POST /api/v1/parties/{party}/remove":              {json: `{"reason":"by mistake"}`},
	"GET /api/v1/invitations":                          {},
	"GET /api/v1/invitations/{party}":                  {},
	"POST /api/v1/invitations/{party}/accept":          {json: `{"agree":"0","people":["{person}"]}`},
	"POST /api/v1/invitations/{party}/decline":         {json: `{"reason":""}`},
	"POST /api/v1/cases/{case}/leave":                  {json: `{"reason":""}`},
	"GET /api/v1/parties/{party}/seats":                {},
	"POST /api/v1/cases/{case}/seats":                  {json: `{"people":["{person}"]}`},
	"DELETE /api/v1/cases/{case}/seats/{person}":       {},
	"POST /api/v1/cases/{case}/acknowledge":            {},
	"POST /api/v1/cases/{case}/handle":                 {json: `{"event":"validate"}`},
	"POST /api/v1/cases/{case}/updates":                {json: `{"text":"We work on it."}`},
	"POST /api/v1/cases/{case}/fix":                    {json: `{"event":"ready"}`},
	"POST /api/v1/cases/{case}/plan-fix":               {json: `{"at":"2026-12-24"}`},
	"POST /api/v1/cases/{case}/statement":              {json: `{"statement":"We are not affected."}`},
	"GET /api/v1/cases/{case}/statuses":                {},
	"POST /api/v1/parties/{party}/statuses":            {json: `{"statuses":[{"vulnerability":"{vuln}","status":"affected"}]}`},
	"GET /api/v1/cases/{case}/embargo":                 {},
	"POST /api/v1/cases/{case}/embargo":                {json: `{"until":"2026-12-20T00:00:00Z","terms":"Nothing is passed on."}`},
	"POST /api/v1/cases/{case}/embargo/terminate":      {json: `{"reason":"It is known."}`},
	"POST /api/v1/cases/{case}/embargo/breach":         {json: `{"breach":"adversary_knows","source":"A list"}`},
	"POST /api/v1/embargoes/{embargo}/consent":         {},
	"POST /api/v1/embargoes/{embargo}/accept":          {},
	"POST /api/v1/embargoes/{embargo}/reject":          {json: `{"reason":"too long"}`},
	"POST /api/v1/embargoes/{embargo}/keep":            {json: `{"reason":"no reason to end it"}`},
	"GET /api/v1/cases/{case}/obligations":             {},
	"GET /api/v1/obligations":                          {queries: []string{"limit=1", "limit=3"}},
	"POST /api/v1/obligations/{clock}/waive":           {json: `{"reason":"not ours"}`},
	"GET /api/v1/cases/{case}/facts":                   {},
	"POST /api/v1/cases/{case}/facts":                  {json: `{"party":"{party}","kind":"information","at":"2026-11-14T08:00:00Z","detail":{"text":"x"},"evidence":["{file}"]}`},
	"GET /api/v1/facts/{fact}":                         {},
	"POST /api/v1/facts/{fact}/withdraw":               {json: `{"reason":"wrong"}`},
	"GET /api/v1/cases/{case}/serious-harm":            {},
	"POST /api/v1/cases/{case}/serious-harm":           {json: `{"party":"{party}","at":"2026-11-14T08:00:00Z","event":"death"}`},
	"GET /api/v1/cases/{case}/determinations":          {},
	"POST /api/v1/cases/{case}/determinations":         {json: `{"party":"{party}","vulnerability":"{vuln}","exploitability":"low","harm":{"inconvenience":true},"rationale":"so"}`},
	"POST /api/v1/determinations/try":                  {json: `{"exploitability":"low","harm":{"inconvenience":true},"rationale":"so"}`},
	"GET /api/v1/risk-matrix":                          {},
	"POST /api/v1/risk-matrix":                         {json: `{"matrix":[],"note":"ours"}`},
	"GET /api/v1/cases/{case}/notices":                 {},
	"POST /api/v1/cases/{case}/notices":                {json: `{"party":"{party}","subject":"To our customers","impact":"A port"}`},
	"GET /api/v1/notices":                              {queries: []string{"limit=1"}},
	"GET /api/v1/notices/{notice}":                     {},
	"PATCH /api/v1/notices/{notice}":                   {json: `{"subject":"To our customers"}`},
	"POST /api/v1/notices/{notice}/send":               {json: `{"via":"E-mail","evidence":["{file}"],"incomplete":"in haste"}`},
	"GET /api/v1/notices/{notice}/eml":                 {},
	"GET /api/v1/parties/{party}/pma":                  {},
	"GET /api/v1/reports":                              {},
	"POST /api/v1/reports":                             {json: `{"title":"Telnet","products":[{"name":"Pump"}],"description":"It is open.","no_patient_data":true,"files":["{cfile}"]}`},
	"POST /api/v1/reports/files":                       {queries: []string{"name=a.txt"}},
	"GET /api/v1/reports/files/{cfile}":                {},
	"GET /api/v1/reports/{report}":                     {},
	"POST /api/v1/reports/{report}/messages":           {json: `{"text":"More of it.","files":["{cfile}"]}`},
	"GET /api/v1/reports/anonymous":                    {},
	"POST /api/v1/reports/anonymous":                   {json: `{"description":"It is open.","products":[{"name":"Pump"}],"form":"{token}"}`},
	"POST /api/v1/reports/anonymous/fetch":             {json: `{"receipt":"` + strings.ReplaceAll(wrongReceipt, "+", " ") + `"}`},
	"POST /api/v1/reports/anonymous/file":              {json: `{"receipt":"` + strings.ReplaceAll(wrongReceipt, "+", " ") + `","file":"{cfile}"}`},
	"GET /api/v1/triage":                               {queries: []string{"limit=1", "q=zebrafish", "open=true"}},
	"GET /api/v1/triage/{report}":                      {},
	"POST /api/v1/triage/{report}/severity":            {json: `{"severity":4}`},
	"POST /api/v1/triage/{report}/assign":              {json: `{"person":"{person}"}`},
	"POST /api/v1/triage/{report}/acknowledge":         {},
	"POST /api/v1/triage/{report}/merge":               {json: `{"into":"{report}","reason":"the same"}`},
	"POST /api/v1/triage/{report}/decide":              {json: `{"decision":"coordinate","reason":"so","into":"{case}"}`},
	"POST /api/v1/triage/{report}/reopen":              {json: `{"reason":"so"}`},
	"GET /api/v1/cases/{case}/grants":                  {},
	"POST /api/v1/cases/{case}/grants":                 {json: `{"person":"{person}","purpose":"Harm","basis":"21 USC 360i"}`},
	"GET /api/v1/cases/{case}/openings":                {},
	"GET /api/v1/register":                             {queries: []string{"limit=1"}},
	"GET /api/v1/grants":                               {},
	"GET /api/v1/grants/{grant}":                       {},
	"POST /api/v1/grants/{grant}/approve":              {},
	"POST /api/v1/grants/{grant}/open":                 {},
	"POST /api/v1/grants/{grant}/answer":               {json: `{"answer":"No harm is known."}`},
	"POST /api/v1/grants/{grant}/revoke":               {json: `{"reason":"over"}`},
	"GET /api/v1/cases/{case}/evidence":                {refs: packHoldsPlaces},
	"GET /api/v1/members/{org}/participation":          {queries: []string{"period=2026-Q3"}},
	"GET /api/v1/members/{org}/attestations":           {},
	"POST /api/v1/attestations":                        {json: `{"kind":"process","from":"2026-10-01","file":"{file}","title":"Officer"}`},
	"POST /api/v1/attestations/{attestation}/withdraw": {json: `{"reason":"wrong"}`},
	"GET /api/v1/traces":                               {queries: []string{"object={case}", "object={topic}"}},
	"POST /api/v1/traces":                              {json: `{"object":"{case}","kind":"risk-assessment","target":"RA-7"}`},
	"GET /api/v1/certificates":                         {queries: []string{"organization={org}"}},
	"POST /api/v1/certificates":                        {json: `{"organization":"{org}","period":"2026-Q3"}`},
	"GET /api/v1/certificates/{certificate}":           {},
	"GET /vince/comm/api/cases/{$}":                    {},
	"GET /vince/comm/api/case/{case}/{$}":              {},
	"GET /vince/comm/api/case/{case}/posts/{$}":        {},
	"GET /vince/comm/api/case/{case}/report/{$}":       {},
	"GET /vince/comm/api/case/{case}/vuls/{$}":         {},
	"GET /vince/comm/api/case/{case}/vendors/{$}":      {},
}

// wrongReceipt has the form of a receipt; no report has it.
const wrongReceipt = "abandon+ability+able+about+above+absent+1234"

// costly are the routes that look a receipt up: each derives it, which takes a
// large part of a second by design, and all share one budget (T-45).
var costly = regexp.MustCompile(`^POST (/report/return|/report/file|/api/v1/reports/anonymous/(fetch|file))$`)

// placeKinds is the kind of thing that a place of a route's path names, where the
// place has another name.
var placeKinds = map[string]string{"vulnerability": "vuln", "publication": "statement", "proposal": "embargo", "row": "party"}

// unknownCaseThing is an id of a kind of coordinated disclosure that nothing has;
// "" for another kind.
func unknownCaseThing(kind string) string {
	switch kind {
	case "cfile":
		return ids.New("file")
	case "row":
		return ids.New("party") + ".csv"
	case "calculator":
		return "no-such-sum"
	}
	if k, ok := placeKinds[kind]; ok {
		return ids.New(k)
	}
	return ""
}

// caseThings is the ids of a kind of coordinated disclosure: those that some
// subject may see, or those hidden from all of them.
func (w *town) caseThings(kind string, hidden bool) (list []string) {
	if kind == "calculator" {
		if hidden {
			return nil
		}
		return []string{"cvss-3.1", "rubric", "ssvc-deployer"}
	}
	of := kind
	if k, ok := placeKinds[kind]; ok {
		of = k
	}
	for _, name := range slices.Sorted(maps.Keys(w.things[of])) {
		id := w.things[of][name]
		if strings.HasPrefix(name, "shade") == hidden && id != "" {
			if kind == "row" {
				id += ".csv"
			}
			list = append(list, id)
		}
	}
	return list
}

// jointThing is something of the joint case in which mia takes part.
func (w *town) jointThing(kind string) string {
	switch kind {
	case "row":
		return w.things["party"]["joint"] + ".csv"
	case "clock":
		return w.things["clock"]["joint-0"]
	case "calculator":
		return "rubric"
	case "report", "cfile":
		return w.things[kind]["mia"]
	case "attestation":
		return w.things[kind]["med"]
	}
	if k, ok := placeKinds[kind]; ok {
		kind = k
	}
	return w.things[kind]["joint"]
}

// hiddenFromDesk is what not even the desk sees: the shade's own case, and what is
// its own in the joint one.
func (w *town) hiddenFromDesk(kind string) (list []string) {
	of := kind
	if k, ok := placeKinds[kind]; ok {
		of = k
	}
	prefix := map[string]string{"case": "shade-own", "party": "shade-own", "fact": "shade-own", "determination": "shade-own", "clock": "shade-own", "notice": "shade-own"}[of]
	for _, name := range slices.Sorted(maps.Keys(w.things[of])) {
		if prefix != "" && (strings.HasPrefix(name, prefix) || strings.HasPrefix(name, "shade-joint")) {
			list = append(list, w.things[of][name])
		}
	}
	switch kind {
	case "topic", "post", "file", "room", "circle", "relabel", "id":
		from := map[string]map[string]string{"topic": w.topics, "post": w.posts, "file": w.files, "room": w.rooms, "circle": w.circles, "relabel": w.relabels, "id": w.relabels}[kind]
		for _, name := range slices.Sorted(maps.Keys(from)) {
			if strings.HasPrefix(name, "shade") && !strings.HasPrefix(name, "shade-aside") && !strings.HasPrefix(name, "shade-side") {
				list = append(list, from[name])
			}
		}
	case "row":
		for i := range list {
			list[i] += ".csv"
		}
	}
	return append(list, w.devicesHiddenFromDesk(kind)...)
}
