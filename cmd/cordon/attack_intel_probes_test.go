package main

import "maps"

func init() { maps.Copy(probes, intelProbes) }

// The questions of lists of objects, in TAXII's words.
var (
	taxiiPages = []string{"limit=1", "limit=2", "limit=3", "added_after=2026-11-14T09:00:00Z", "match[type]=indicator", "match[type]=indicator,sighting&limit=2", "match[id]={object}",
		"match[version]=all", "match[version]=first&limit=2", "match[spec_version]=2.1", "match[spec_version]=2.0", "next=zz", "limit=0"}
	taxiiOne    = []string{"match[version]=all", "match[version]=first", "match[version]=2026-11-01T00:00:00.000Z"}
	intelSearch = []string{"q=telnet", "q=zebrafish", "q=quokka+telnet", "q=type:indicator", "q=type:indicator+tlp%3C%3Dgreen", "q=pattern:*.example.com", "q=id:{object}", "q=from:%22Shade%22", "q=label:pump+telnet",
		"q=type:sighting", "q=after:2d", "q=technique:T0883", "q=nothing:here"}
)

// eventsOfShares is why a MISP feed is not compared byte for byte here: its events
// are named after shares, which each town makes anew. feeds/misp has twins of its
// own.
var eventsOfShares = []string{"its events are named after shares, which each town makes anew"}

// intelProbes are the routes of threat intelligence.
var intelProbes = map[string]routeProbe{
	"GET /intel":                          {queries: intelSearch},
	"GET /intel/objects/{object}":         {queries: []string{"x=1", "form=bundle"}},
	"GET /intel/objects/{object}/sight":   {},
	"POST /intel/objects/{object}/sight":  {form: "count=-1"},
	"GET /intel/objects/{object}/remark":  {},
	"POST /intel/objects/{object}/remark": {form: "kind=note&text="},
	"GET /intel/objects/{object}/delete":  {},
	"POST /intel/objects/{object}/delete": {form: ""},
	"GET /intel/graph":                    {queries: []string{"ids={object}", "ids={object}&ids={stix}", "ids={object}&to={stix}", "q=telnet"}},
	"GET /intel/matrix":                   {queries: []string{"matrix=x"}},
	"GET /intel/saved":                    {},
	"POST /intel/saved":                   {form: "name=&q=telnet"},
	"GET /intel/saved/{saved}":            {},
	"POST /intel/saved/{saved}/rename":    {form: "name=Anew"},
	"POST /intel/saved/{saved}/forget":    {form: ""},
	"POST /intel/devices":                 {form: "devices=pump"},
	"POST /intel/devices/seen":            {form: ""},
	"GET /intel/pattern":                  {queries: []string{"id={object}", "object={object}"}},
	"POST /intel/pattern":                 {form: "pattern=%5Burl:value='x'%5D&data=%7B%7D"},

	"GET /intel/import":                                           {},
	"POST /intel/import":                                          {form: "name=&text=x"},
	"POST /intel/import/preview":                                  {form: "unmarked=AMBER&amber=circle:{circle}"},
	"GET /intel/batches":                                          {queries: []string{"before={batch}"}},
	"GET /intel/batches/{batch}":                                  {},
	"POST /intel/batches/{batch}/columns":                         {form: "column=0"},
	"POST /intel/batches/{batch}/stop":                            {form: ""},
	"POST /intel/batches/{batch}/resume":                          {form: ""},
	"GET /intel/held":                                             {queries: []string{"after={held}"}},
	"GET /intel/held/{held}":                                      {},
	"POST /intel/held/{held}":                                     {form: "decide=discard&why="},
	"GET /intel/sources":                                          {},
	"GET /intel/sources/new":                                      {},
	"POST /intel/sources":                                         {form: "name="},
	"GET /intel/sources/{source}":                                 {},
	"GET /intel/sources/{source}/edit":                            {},
	"POST /intel/sources/{source}/edit":                           {form: "name="},
	"POST /intel/sources/{source}/pause":                          {form: ""},
	"POST /intel/sources/{source}/resume":                         {form: ""},
	"POST /intel/sources/{source}/pull":                           {form: ""},
	"POST /intel/sources/{source}/trust":                          {form: ""},
	"POST /intel/sources/{source}/remove":                         {form: ""},
	"GET /intel/hooks":                                            {},
	"GET /intel/hooks/new":                                        {},
	"POST /intel/hooks":                                           {form: "name="},
	"GET /intel/hooks/{hook}":                                     {},
	"GET /intel/hooks/{hook}/edit":                                {},
	"POST /intel/hooks/{hook}/edit":                               {form: "name="},
	"POST /intel/hooks/{hook}/on":                                 {form: ""},
	"POST /intel/hooks/{hook}/off":                                {form: ""},
	"POST /intel/hooks/{hook}/secret":                             {form: ""},
	"POST /intel/hooks/{hook}/test":                               {form: ""},
	"POST /intel/hooks/{hook}/deliveries/{delivery}":              {form: ""},
	"POST /intel/hooks/{hook}/remove":                             {form: ""},
	"GET /intel/export":                                           {queries: []string{"q=telnet", "q=type:indicator&format=csv"}},
	"POST /intel/export":                                          {form: "q=telnet&format=csv"},
	"GET /api/v1/intel":                                           {queries: append([]string{"limit=1", "limit=2"}, intelSearch...)},
	"GET /api/v1/intel/facets":                                    {queries: intelSearch},
	"GET /api/v1/intel/markings":                                  {},
	"GET /api/v1/intel/objects/{stix}":                            {},
	"GET /api/v1/intel/objects/{stix}/raw":                        {},
	"GET /api/v1/intel/objects/{stix}/versions":                   {},
	"GET /api/v1/intel/objects/{stix}/referring":                  {queries: []string{"limit=1"}},
	"GET /api/v1/intel/objects/{stix}/sightings":                  {},
	"POST /api/v1/intel/objects/{stix}/sightings":                 {json: `{"count":1}`},
	"POST /api/v1/intel/objects/{stix}/remarks":                   {json: `{"text":"Seen."}`},
	"DELETE /api/v1/intel/objects/{stix}":                         {},
	"GET /api/v1/intel/export":                                    {queries: []string{"format=stix", "format=csv&q=telnet", "format=misp", "format=list"}},
	"POST /api/v1/intel/batches":                                  {queries: []string{"name=a.json"}},
	"GET /api/v1/intel/batches":                                   {},
	"GET /api/v1/intel/batches/{batch}":                           {},
	"POST /api/v1/intel/batches/{batch}/stop":                     {},
	"POST /api/v1/intel/batches/{batch}/resume":                   {},
	"GET /api/v1/intel/held":                                      {},
	"GET /api/v1/intel/held/{held}":                               {},
	"POST /api/v1/intel/held/{held}/decide":                       {json: `{"accept":false,"why":""}`},
	"GET /api/v1/intel/sources":                                   {},
	"POST /api/v1/intel/sources":                                  {json: `{"name":""}`},
	"GET /api/v1/intel/sources/{source}":                          {},
	"PATCH /api/v1/intel/sources/{source}":                        {json: `{"name":"S","kind":"taxii","url":"https://taxii.example/api/","keep":true,"terms":{"floor":"AMBER"}}`},
	"DELETE /api/v1/intel/sources/{source}":                       {},
	"POST /api/v1/intel/sources/{source}/pause":                   {},
	"POST /api/v1/intel/sources/{source}/resume":                  {},
	"POST /api/v1/intel/sources/{source}/pull":                    {},
	"POST /api/v1/intel/sources/{source}/trust":                   {json: `{"fingerprint":"sha256:00"}`},
	"GET /api/v1/intel/hooks":                                     {},
	"POST /api/v1/intel/hooks":                                    {json: `{"name":""}`},
	"GET /api/v1/intel/hooks/{hook}":                              {},
	"PATCH /api/v1/intel/hooks/{hook}":                            {json: `{"name":"H","url":"https://hook.example/in"}`},
	"DELETE /api/v1/intel/hooks/{hook}":                           {},
	"POST /api/v1/intel/hooks/{hook}/turn":                        {json: `{"on":true}`},
	"POST /api/v1/intel/hooks/{hook}/secret":                      {},
	"POST /api/v1/intel/hooks/{hook}/test":                        {},
	"GET /api/v1/intel/hooks/{hook}/deliveries":                   {},
	"POST /api/v1/intel/hooks/{hook}/deliveries/{delivery}/again": {},

	"GET /feeds/misp/manifest.json":       {refs: eventsOfShares},
	"GET /feeds/misp/hashes.csv":          {refs: eventsOfShares},
	"GET /feeds/misp/{event}":             {refs: eventsOfShares},
	"GET /feeds/misp/amber/manifest.json": {refs: eventsOfShares},
	"GET /feeds/misp/amber/hashes.csv":    {refs: eventsOfShares},
	"GET /feeds/misp/amber/{event}":       {refs: eventsOfShares},
	"GET /servers/getVersion":             {},
	"GET /feeds/intel.atom":               {},

	"GET /taxii2/{$}":                                                              {},
	"POST /taxii2/certificate/{$}":                                                 {},
	"DELETE /taxii2/certificate/{$}":                                               {},
	"GET /taxii2/public/{$}":                                                       {},
	"GET /taxii2/public/markings/{$}":                                              {},
	"GET /taxii2/public/collections/{$}":                                           {},
	"GET /taxii2/public/collections/{collection}/{$}":                              {},
	"GET /taxii2/public/collections/{collection}/manifest/{$}":                     {queries: taxiiPages},
	"GET /taxii2/public/collections/{collection}/objects/{$}":                      {queries: taxiiPages},
	"GET /taxii2/public/collections/{collection}/objects/{object}/{$}":             {queries: taxiiOne},
	"GET /taxii2/public/collections/{collection}/objects/{object}/versions/{$}":    {},
	"GET /taxii2/community/{$}":                                                    {},
	"GET /taxii2/community/markings/{$}":                                           {},
	"GET /taxii2/community/status/{status}/{$}":                                    {},
	"GET /taxii2/community/collections/{$}":                                        {},
	"GET /taxii2/community/collections/{collection}/{$}":                           {},
	"GET /taxii2/community/collections/{collection}/manifest/{$}":                  {queries: taxiiPages},
	"GET /taxii2/community/collections/{collection}/objects/{$}":                   {queries: taxiiPages},
	"POST /taxii2/community/collections/{collection}/objects/{$}":                  {json: `{"objects":[]}`},
	"GET /taxii2/community/collections/{collection}/objects/{object}/{$}":          {queries: taxiiOne},
	"DELETE /taxii2/community/collections/{collection}/objects/{object}/{$}":       {},
	"GET /taxii2/community/collections/{collection}/objects/{object}/versions/{$}": {},
}

// intelThings is the ids of a kind of threat intelligence that are not kept under
// w.things by that kind.
func (w *town) intelThings(kind string, hidden bool) []string {
	switch kind {
	case "stix":
		return w.caseThings("object", hidden)
	case "status":
		return w.caseThings("batch", hidden)
	case "collection":
		if hidden {
			return []string{w.circles["shade"], w.circles["shade-red"]}
		}
		return []string{"everything", "indicators", "sightings", w.circles["pumps"], w.circles["red"]}
	}
	return nil
}

// unknownIntelThing is an id that nothing has, of kinds whose ids are not ours.
func unknownIntelThing(kind string) string {
	switch kind {
	case "object", "stix":
		return stixID("indicator", 999_999)
	case "collection":
		return "00000000-0000-5000-8000-000000000000"
	}
	return ""
}
