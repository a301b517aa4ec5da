package stix

import (
	"maps"
	"slices"
	"strings"
)

// TypeInfo is a type of STIX 2.1, for pages.
type TypeInfo struct {
	Type     string
	Class    Class
	Sentence string // what an object of the type says, in plain words
}

// Types lists every type of STIX 2.1: domain objects, relationships,
// observables, then the rest; each family by name.
func Types() []TypeInfo {
	order := []Class{SDO, SRO, SCO, Meta}
	var all []TypeInfo
	for _, name := range slices.Sorted(maps.Keys(typeTable)) {
		all = append(all, TypeInfo{name, typeTable[name].class, typeTable[name].sentence})
	}
	slices.SortStableFunc(all, func(a, b TypeInfo) int {
		return slices.Index(order, a.Class) - slices.Index(order, b.Class)
	})
	return all
}

type typeEntry struct {
	class    Class
	sentence string
	shape    *shape
}

var typeTable = map[string]typeEntry{
	"attack-pattern":   {SDO, "A way in which attackers work.", attackPattern},
	"campaign":         {SDO, "A series of attacks with one aim over a time.", campaign},
	"course-of-action": {SDO, "What can be done to prevent or to answer an attack.", courseOfAction},
	"grouping":         {SDO, "Objects that belong together while they are looked into.", grouping},
	"identity":         {SDO, "A person, an organization or a kind of them.", identity},
	"incident":         {SDO, "Something that happened to somebody.", incident},
	"indicator":        {SDO, "A pattern by which something malicious can be recognized.", indicator},
	"infrastructure":   {SDO, "Systems that attackers or their victims use.", infrastructure},
	"intrusion-set":    {SDO, "What one attacker is thought to have done under any name.", intrusionSet},
	"location":         {SDO, "A place.", location},
	"malware":          {SDO, "Malicious software, one of it or a family.", malware},
	"malware-analysis": {SDO, "What an analysis of malicious software found.", malwareAnalysis},
	"note":             {SDO, "Something to add to other objects.", note},
	"observed-data":    {SDO, "What was seen, and how often.", observedData},
	"opinion":          {SDO, "Whether somebody agrees with what another said.", opinion},
	"report":           {SDO, "A text on threats, with the objects that it is about.", report},
	"threat-actor":     {SDO, "People who attack.", threatActor},
	"tool":             {SDO, "Ordinary software that attackers use.", tool},
	"vulnerability":    {SDO, "A flaw that can be attacked.", vulnerability},

	"relationship": {SRO, "How one object is tied to another.", relationship},
	"sighting":     {SRO, "That something was seen, where, when and how often.", sighting},

	"artifact":             {SCO, "Any bytes: a file's content, a mail, a capture.", artifact},
	"autonomous-system":    {SCO, "A network of the internet, by its number.", autonomousSystem},
	"directory":            {SCO, "A folder on a disk.", directory},
	"domain-name":          {SCO, "A name of the internet.", domainName},
	"email-addr":           {SCO, "An e-mail address.", emailAddr},
	"email-message":        {SCO, "An e-mail.", emailMessage},
	"file":                 {SCO, "A file, by its name or its hashes.", file},
	"ipv4-addr":            {SCO, "An IPv4 address or a range of them.", ipv4Addr},
	"ipv6-addr":            {SCO, "An IPv6 address or a range of them.", ipv6Addr},
	"mac-addr":             {SCO, "A network card's address.", macAddr},
	"mutex":                {SCO, "A name with which programs keep out of each other's way.", mutex},
	"network-traffic":      {SCO, "Traffic from one address to another.", networkTraffic},
	"process":              {SCO, "A running program.", process},
	"software":             {SCO, "A software product.", software},
	"url":                  {SCO, "A web address.", urlObject},
	"user-account":         {SCO, "An account on a system.", userAccount},
	"windows-registry-key": {SCO, "An entry of a Windows registry.", registryKey},
	"x509-certificate":     {SCO, "A certificate.", certificate},

	"marking-definition":   {Meta, "Who may see what carries it.", markingDefinition},
	"language-content":     {Meta, "Another object's texts in other languages.", languageContent},
	"extension-definition": {Meta, "What additional properties or types mean.", extensionDefinition},
}

// customClass gives the class of a type that the standard does not have: as its
// extension says, else by whether it has versions. ok is false if it is neither
// an "x-" type nor extended.
func (p *parser) customClass(typ string) (c Class, ok bool) {
	if ext := p.get(0, "extensions"); ext >= 0 && p.nodes[ext].kind == '{' {
		for e, end := ext+1, p.nodes[ext].end; e < end; e = p.nodes[e].end {
			if p.nodes[e].kind != '{' || !strings.HasPrefix(p.nodes[e].name, "extension-definition--") {
				continue
			}
			switch p.str(e, "extension_type") {
			case "new-sdo":
				return SDO, true
			case "new-sco":
				return SCO, true
			case "new-sro":
				return SRO, true
			}
		}
	}
	if !strings.HasPrefix(typ, "x-") {
		return "", false
	}
	if p.get(0, "created") < 0 && p.get(0, "modified") < 0 {
		return SCO, true
	}
	return SDO, true
}
