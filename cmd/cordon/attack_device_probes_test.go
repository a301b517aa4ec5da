package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/ids"
)

func init() { maps.Copy(probes, deviceProbes) }

var (
	deviceSearch = []string{"q=pump", "q=zebrafish", "q=quokka+pump", "mine=1", "stage=support"}
	knownSearch  = []string{"q=telnet", "q=zebrafish", "q=ZEBRA-2026-0002", "exploited=1", "source=osv"}
	findingPages = []string{"limit=1", "limit=2"}
)

// Forms and bodies of devices, vulnerabilities and alerts.
const (
	aProduct    = "name=A+pump&models=P1&description=Of+{short}&software=1&stage=support&tlp=AMBER&audience=org:{org}"
	aDeployment = "product={product}&maker=Medley&model=Pump&version=4.1&count=2&zone=Ward&revision=1"
	aWarning    = "title=A+warning&do_now=Stop&what=Of+{topic}&product={product}&range=&class=today&tlp=AMBER&vulns=CVE-2026-1001&do=save&supersedes={alert}&case={case}&revision=1"
	warningJSON = `{"title":"T","do_now":"Stop","affected":[{"product":"{product}"}],"tlp":"AMBER"}`
)

// deviceProbes are the routes of devices, SBOMs, vulnerabilities, findings and
// alerts.
var deviceProbes = map[string]routeProbe{
	"GET /devices":                                        {queries: append([]string{"after=zz"}, deviceSearch...)},
	"POST /devices":                                       {form: aProduct},
	"GET /devices/new":                                    {},
	"GET /devices/contains":                               {queries: []string{"q=lodash", "q=quokka", "q=pkg:npm/lodash", "q=pkg:npm/quokka@1.0.0"}},
	"GET /devices/import":                                 {},
	"POST /devices/import":                                {form: "format=csv&upload=&tlp=AMBER&audience=org:{org}"},
	"POST /devices/import/confirm":                        {form: "format=csv&file=&tlp=AMBER&audience=org:{org}"},
	"GET /devices/template.csv":                           {},
	"GET /devices/{product}":                              {},
	"GET /devices/{product}/edit":                         {},
	"POST /devices/{product}/edit":                        {form: aProduct + "&revision=1"},
	"GET /devices/{product}/findings":                     {queries: []string{"version=4.1", "band=critical", "exploited=1", "open=1"}},
	"GET /devices/{product}/lifecycle":                    {queries: []string{"component=lodash&impact=yes&mitigable=no"}},
	"POST /devices/{product}/stage":                       {form: "stage=limited_support&why="},
	"GET /devices/{product}/versions":                     {},
	"POST /devices/{product}/versions":                    {form: "name=&released=2026-01-01"},
	"GET /devices/{product}/versions/{version}":           {},
	"POST /devices/{product}/versions/{version}":          {form: "name=&note=x"},
	"POST /devices/{product}/aliases":                     {form: "name=Another&why="},
	"POST /devices/{product}/aliases/{alias}/remove":      {form: "why="},
	"GET /devices/{product}/documents":                    {},
	"POST /devices/{product}/documents":                   {form: "kind=mds2&title=T"},
	"GET /devices/{product}/documents/{document}":         {},
	"POST /devices/{product}/documents/{document}/remove": {form: "why="},
	"GET /devices/{product}/relabel":                      {},
	"POST /devices/{product}/relabel":                     {form: "tlp=GREEN&audience=community&why="},
	"POST /devices/{product}/relabels/{relabel}/{word}":   {form: ""},
	"GET /devices/{product}/statements":                   {queries: []string{"history=1"}},
	"POST /devices/{product}/statements":                  {form: "vuln=CVE-2026-1001&status=affected&action="},
	"GET /devices/{product}/vex/{format}":                 {},
	"GET /devices/{product}/sboms/new":                    {},
	"POST /devices/{product}/sboms":                       {form: "version=4.1&tlp=AMBER&audience=org:{org}"},
	"GET /sboms/{sbom}":                                   {queries: []string{"q=quokka", "show=all", "all=1", "after=1"}},
	"GET /sboms/{sbom}/diff":                              {queries: []string{"with={sbom}"}},
	"GET /sboms/{sbom}/file":                              {},
	"GET /sboms/{sbom}/withdraw":                          {},
	"POST /sboms/{sbom}/withdraw":                         {form: "why="},
	"GET /sboms/{sbom}/tighten":                           {},
	"POST /sboms/{sbom}/tighten":                          {form: "tlp=AMBER&audience=circle:{circle}"},
	"GET /findings/{finding}":                             {},
	"POST /findings/{finding}/vex":                        {form: "status=affected&action="},
	"POST /findings/{finding}/answer":                     {form: "state=looking&why=We+look"},
	"GET /deployments":                                    {queries: []string{"q=pump", "q=quokka", "product={product}", "zone=Ward+7", "unknown=1", "stage=retired", "after=zz"}},
	"POST /deployments":                                   {form: aDeployment},
	"GET /deployments.csv":                                {},
	"GET /deployments/new":                                {queries: []string{"product={product}"}},
	"GET /deployments/template.csv":                       {},
	"GET /deployments/import":                             {},
	"POST /deployments/import":                            {form: "upload="},
	"GET /inventories/{upload}":                           {},
	"POST /inventories/{upload}":                          {form: "columns=maker&do=plan"},
	"POST /inventories/{upload}/retire":                   {form: "deployments={deployment}"},
	"GET /deployments/reconcile":                          {queries: []string{"after=zz"}},
	"POST /deployments/reconcile":                         {form: "deployment={deployment}&product={product}"},
	"POST /deployments/reconcile/all":                     {form: "how=name"},
	"GET /deployments/{deployment}":                       {queries: []string{"all=1"}},
	"GET /deployments/{deployment}/edit":                  {},
	"POST /deployments/{deployment}/edit":                 {form: aDeployment},
	"POST /deployments/{deployment}/retire":               {form: ""},
	"GET /exposure":                                       {},
	"GET /exposure/findings":                              {queries: []string{"product={product}", "band=critical", "maker=Shade+Systems&model=Zebrafish+pump", "exploited=1"}},
	"GET /lifecycle":                                      {queries: []string{"stage=support"}},
	"GET /vulnerabilities":                                {queries: append([]string{"severity=90", "after=zz"}, knownSearch...)},
	"GET /vulnerabilities/import":                         {queries: []string{"feed={feed}"}},
	"POST /vulnerabilities/import":                        {form: "kind=osv&tlp=AMBER&audience=org:{org}"},
	"GET /vulnerabilities/batches":                        {queries: []string{"before={vbatch}"}},
	"GET /vulnerabilities/batches/{batch}":                {},
	"POST /vulnerabilities/batches/{batch}/stop":          {form: ""},
	"POST /vulnerabilities/batches/{batch}/resume":        {form: ""},
	"GET /vulnerabilities/{vuln}":                         {},
	"GET /feeds/vulnerabilities":                          {},
	"GET /feeds/vulnerabilities/new":                      {},
	"POST /feeds/vulnerabilities":                         {form: "name=&kind=osv&place=file"},
	"GET /feeds/vulnerabilities/{feed}":                   {},
	"GET /feeds/vulnerabilities/{feed}/edit":              {},
	"POST /feeds/vulnerabilities/{feed}/edit":             {form: "name=&kind=osv&place=file"},
	"POST /feeds/vulnerabilities/{feed}/pause":            {form: ""},
	"POST /feeds/vulnerabilities/{feed}/resume":           {form: ""},
	"POST /feeds/vulnerabilities/{feed}/pull":             {form: ""},
	"POST /feeds/vulnerabilities/{feed}/remove":           {form: ""},
	"GET /alerts":                                         {queries: []string{"state=new", "state=open", "state=done", "show=all", "after=zz"}},
	"POST /alerts":                                        {form: aWarning},
	"GET /alerts/new":                                     {queries: []string{"product={product}", "supersedes={alert}", "case={case}"}},
	"GET /alerts/newest":                                  {},
	"GET /alerts/community":                               {queries: []string{"after=zz"}},
	"GET /alerts/written":                                 {queries: []string{"mine=1", "state=sent", "state=draft", "after=zz"}},
	"GET /alerts/drafts/{alert}":                          {},
	"GET /alerts/{alert}":                                 {},
	"POST /alerts/{alert}/change":                         {form: aWarning},
	"POST /alerts/{alert}/approve":                        {form: "revision=1"},
	"POST /alerts/{alert}/send":                           {form: "revision=1"},
	"POST /alerts/{alert}/withdraw":                       {form: "why="},
	"GET /alerts/notices/{notice}":                        {},
	"POST /alerts/notices/{notice}/answer":                {form: "answer=looking&note=We+look"},
	"POST /alerts/notices/{notice}/archive":               {form: "away=1"},
	"POST /alerts/notices/{notice}/ask":                   {form: "body=Which+firmware"},
	"GET /alerts/inquiries/{inquiry}":                     {},
	"POST /alerts/inquiries/{inquiry}/reply":              {form: "body=This+one"},
	"POST /alerts/inquiries/{inquiry}/close":              {form: ""},
	"POST /alerts/inquiries/{inquiry}/reveal":             {form: ""},
	"GET /cases/{case}/holders":                           {},
	"POST /cases/{case}/holders":                          {form: "title=A+warning&do_now=Stop&affected=Medley+Devices%3B+Infusion+Pump+500&tlp=AMBER&class=today"},
	"POST /cases/{case}/holders/{holders}/approve":        {form: "sure=1"},
	"POST /cases/{case}/holders/{holders}/take":           {form: "reason=wrong"},

	"GET /api/v1/products":                             {queries: append([]string{"limit=1", "limit=2"}, "q=pump", "q=zebrafish", "mine=true", "organization={org}")},
	"POST /api/v1/products":                            {json: `{"name":"","label":{"tlp":"AMBER","audience":["org:{org}"]}}`},
	"POST /api/v1/products/import":                     {queries: []string{"format=csv", "format=csv&dry=true"}},
	"GET /api/v1/products/{product}":                   {},
	"PATCH /api/v1/products/{product}":                 {json: `{"revision":1,"name":"Changed"}`},
	"GET /api/v1/products/{product}/versions":          {},
	"POST /api/v1/products/{product}/versions":         {json: `{"name":""}`},
	"GET /api/v1/versions/{version}":                   {},
	"PATCH /api/v1/versions/{version}":                 {json: `{"note":"Changed"}`},
	"GET /api/v1/products/{product}/aliases":           {},
	"POST /api/v1/products/{product}/aliases":          {json: `{"name":"Another","why":""}`},
	"DELETE /api/v1/aliases/{alias}":                   {},
	"GET /api/v1/products/{product}/documents":         {},
	"POST /api/v1/products/{product}/documents":        {queries: []string{"kind=mds2&name=a.pdf"}},
	"GET /api/v1/documents/{document}":                 {},
	"DELETE /api/v1/documents/{document}":              {},
	"GET /api/v1/products/{product}/stages":            {},
	"POST /api/v1/products/{product}/stage":            {json: `{"stage":"limited_support","why":""}`},
	"GET /api/v1/products/{product}/gaps":              {},
	"GET /api/v1/products/{product}/metrics":           {},
	"POST /api/v1/products/{product}/relabel":          {json: `{"label":{"tlp":"GREEN","audience":["community"]},"why":""}`},
	"GET /api/v1/product-relabels":                     {},
	"POST /api/v1/product-relabels/{relabel}/approve":  {},
	"POST /api/v1/product-relabels/{relabel}/refuse":   {},
	"POST /api/v1/product-relabels/{relabel}/withdraw": {},
	"POST /api/v1/sboms":                               {queries: []string{"product={product}&version=4.1&name=bom.json"}},
	"GET /api/v1/sboms":                                {queries: []string{"limit=1"}},
	"GET /api/v1/products/{product}/sboms":             {},
	"GET /api/v1/sboms/{sbom}":                         {},
	"GET /api/v1/sboms/{sbom}/file":                    {},
	"GET /api/v1/sboms/{sbom}/components":              {queries: []string{"limit=1", "q=quokka"}},
	"GET /api/v1/sboms/{sbom}/tree":                    {queries: []string{"component=1"}},
	"GET /api/v1/sboms/{sbom}/diff":                    {queries: []string{"from={sbom}"}},
	"POST /api/v1/sboms/{sbom}/tighten":                {json: `{"label":{"tlp":"AMBER","audience":["org:{org}"]}}`},
	"POST /api/v1/sboms/{sbom}/withdraw":               {json: `{"reason":""}`},
	"GET /api/v1/contains":                             {queries: []string{"q=lodash", "q=quokka"}},
	"GET /api/v1/deployments":                          {queries: []string{"limit=1", "q=quokka", "product={product}"}},
	"POST /api/v1/deployments":                         {json: `{"product":"{product}","count":2}`},
	"POST /api/v1/deployments/import":                  {queries: []string{"dry=true"}},
	"GET /api/v1/deployments/export":                   {},
	"GET /api/v1/deployments/numbers":                  {},
	"GET /api/v1/deployments/suggestions":              {queries: []string{"limit=1"}},
	"POST /api/v1/deployments/suggestions/accept":      {json: `{"how":"name"}`},
	"GET /api/v1/deployments/{deployment}":             {},
	"PATCH /api/v1/deployments/{deployment}":           {json: `{"revision":1,"product":"{product}"}`},
	"POST /api/v1/deployments/{deployment}/retire":     {},
	"GET /api/v1/deployments/{deployment}/suggestions": {},
	"POST /api/v1/deployments/{deployment}/product":    {json: `{"product":"{product}"}`},
	"GET /api/v1/deployments/{deployment}/gaps":        {},
	"GET /api/v1/products/{product}/findings":          {queries: findingPages},
	"GET /api/v1/sboms/{sbom}/findings":                {queries: findingPages},
	"GET /api/v1/deployments/{deployment}/findings":    {queries: findingPages},
	"GET /api/v1/exposure/findings":                    {queries: findingPages},
	"GET /api/v1/exposure":                             {},
	"GET /api/v1/findings/{find}":                      {},
	"GET /api/v1/findings/{find}/path":                 {},
	"POST /api/v1/findings/{find}/answer":              {json: `{"state":"looking"}`},
	"POST /api/v1/findings/{find}/vex":                 {json: `{"status":"affected"}`},
	"GET /api/v1/products/{product}/vex":               {},
	"POST /api/v1/products/{product}/vex":              {json: `{"vulnerability":"CVE-2026-1001","status":"affected"}`},
	"POST /api/v1/products/{product}/vex/import":       {},
	"GET /api/v1/products/{product}/vex/export":        {queries: []string{"format=openvex", "format=csaf", "format=cyclonedx"}},
	"GET /api/v1/vex/{vex}":                            {},
	"GET /api/v1/vulns":                                {queries: append([]string{"limit=1", "limit=2"}, knownSearch[:3]...)},
	"GET /api/v1/vulns/{known}":                        {},
	"GET /api/v1/vulns/{known}/findings":               {queries: findingPages},
	"POST /api/v1/vuln-batches":                        {queries: []string{"kind=none&name=a.json"}},
	"GET /api/v1/vuln-batches":                         {queries: []string{"limit=1"}},
	"GET /api/v1/vuln-batches/{vbatch}":                {},
	"POST /api/v1/vuln-batches/{vbatch}/stop":          {},
	"POST /api/v1/vuln-batches/{vbatch}/resume":        {},
	"GET /api/v1/vuln-feeds":                           {},
	"POST /api/v1/vuln-feeds":                          {json: `{"name":"","kind":"osv","place":"file"}`},
	"GET /api/v1/vuln-feeds/{feed}":                    {},
	"PATCH /api/v1/vuln-feeds/{feed}":                  {json: `{"name":"F"}`},
	"DELETE /api/v1/vuln-feeds/{feed}":                 {},
	"POST /api/v1/vuln-feeds/{feed}/pause":             {},
	"POST /api/v1/vuln-feeds/{feed}/resume":            {},
	"POST /api/v1/vuln-feeds/{feed}/pull":              {},
	"GET /api/v1/alert-notices":                        {queries: []string{"limit=1", "state=new", "state=done"}},
	"GET /api/v1/alert-notices/volume":                 {},
	"GET /api/v1/alert-notices/{notice}":               {},
	"POST /api/v1/alert-notices/{notice}/open":         {},
	"POST /api/v1/alert-notices/{notice}/answer":       {json: `{"answer":"looking"}`},
	"POST /api/v1/alert-notices/{notice}/archive":      {json: `{"away":true}`},
	"POST /api/v1/alert-notices/{notice}/inquiries":    {json: `{"body":"Which firmware"}`},
	"GET /api/v1/inquiries":                            {},
	"GET /api/v1/inquiries/{inquiry}":                  {},
	"POST /api/v1/inquiries/{inquiry}/messages":        {json: `{"body":"This one"}`},
	"POST /api/v1/inquiries/{inquiry}/close":           {},
	"POST /api/v1/inquiries/{inquiry}/reveal":          {},
	"GET /api/v1/alerts":                               {queries: []string{"limit=1", "state=sent", "mine=true"}},
	"POST /api/v1/alerts":                              {json: `{"text":` + warningJSON + `,"class":"today"}`},
	"GET /api/v1/alerts/community":                     {queries: []string{"limit=1"}},
	"GET /api/v1/alerts/reach":                         {queries: []string{"product={product}"}},
	"GET /api/v1/alerts/{alert}":                       {},
	"PATCH /api/v1/alerts/{alert}":                     {json: `{"text":` + warningJSON + `,"class":"today","revision":1}`},
	"POST /api/v1/alerts/{alert}/approve":              {json: `{"revision":1}`},
	"POST /api/v1/alerts/{alert}/send":                 {json: `{"revision":1}`},
	"POST /api/v1/alerts/{alert}/withdraw":             {json: `{"reason":""}`},
	"GET /api/v1/alerts/{alert}/funnel":                {},
	"PUT /api/v1/bom":                                  {json: `{"projectName":"No such","projectVersion":"1","bom":"e30="}`},
	"POST /api/v1/bom":                                 {},
	"GET /api/v1/bom/token/{sbom}":                     {},
	"GET /api/v1/event/token/{sbom}":                   {},
	"GET /api/v1/findings":                             {queries: []string{"product=Infusion+Pump+500", "product=Zebrafish+pump", "product=Shade+monitor&version=1.0"}},
	"GET /api/v1/alerts/{alert}/inquiries":             {},
	"GET /api/v1/cases/{case}/holder-notices":          {},
	"POST /api/v1/cases/{case}/holder-notices":         {json: `{"text":{"title":"A warning","do_now":"Stop","affected":[{"product":"{product}"}],"tlp":"AMBER"},"class":"today"}`},
	"GET /api/v1/holder-notices/{holders}":             {},
	"POST /api/v1/holder-notices/{holders}/approve":    {json: `{"drafted_at":"2026-11-14T08:00:00Z"}`},
	"POST /api/v1/holder-notices/{holders}/withdraw":   {json: `{"reason":"wrong"}`},
}

// ofDevices reports whether a route came with devices, vulnerabilities and alerts.
func ofDevices(r httpkit.Route) bool {
	_, ok := deviceProbes[r.Method+" "+r.Path]
	return ok
}

// kindOn is the kind of thing that a place names on a route, where the same name
// means something else elsewhere.
func kindOn(r httpkit.Route, kind string) string {
	switch {
	case kind == "find" || kind == "finding":
		return "find"
	case kind == "vuln" && strings.HasPrefix(r.Path, "/vulnerabilities/"):
		return "known"
	case kind == "batch" && strings.HasPrefix(r.Path, "/vulnerabilities/"):
		return "vbatch"
	case kind == "notice" && (strings.HasPrefix(r.Path, "/alerts/") || strings.HasPrefix(r.Path, "/api/v1/alert-notices/")):
		return "told"
	}
	return kind
}

// deviceThings is the ids of a kind of this part that are not kept under w.things
// by that kind, or that share the name of a kind with others.
func (w *town) deviceThings(kind string, hidden bool) []string {
	switch kind {
	case "finding":
		return w.caseThings("find", hidden)
	case "vuln":
		return w.caseThings("known", hidden)
	case "batch":
		return w.caseThings("vbatch", hidden)
	case "notice":
		return w.caseThings("told", hidden)
	case "format":
		if !hidden {
			return []string{"openvex", "csaf", "cyclonedx"}
		}
	case "word":
		if !hidden {
			return []string{"approve", "refuse", "withdraw"}
		}
	}
	return nil
}

// unknownDeviceThing is an id that nothing has, of kinds whose ids are not ours or
// are called otherwise.
func unknownDeviceThing(kind string) string {
	switch kind {
	case "known":
		return "CVE-1999-987654"
	case "finding":
		return ids.New("find")
	case "told":
		return ids.New("notice")
	case "format":
		return "no-such-format"
	case "word":
		return "no-such-word"
	case "upload":
		return "no-such-upload"
	}
	return ""
}

// devicesHiddenFromDesk is what not even the desk sees: what is of the shade, and
// what is any hospital's own.
func (w *town) devicesHiddenFromDesk(kind string) (list []string) {
	of := map[string]string{"finding": "find", "vuln": "known", "batch": "vbatch", "notice": "told"}[kind]
	if of == "" {
		of = kind
	}
	own := slices.Contains([]string{"deployment", "told"}, of)
	if !own && !slices.Contains([]string{"product", "version", "alias", "document", "sbom", "find", "vex", "known", "vbatch", "inquiry"}, of) {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(w.things[of])) {
		if own || strings.HasPrefix(name, "shade") || of == "inquiry" {
			list = append(list, w.things[of][name])
		}
	}
	return list
}
