package stix

// Domain, relationship and meta objects: property tables of STIX 2.1 §4, §5, §7.

// notDomain are the types that a relationship or a sighting cannot be about.
var notDomain = []string{"relationship", "sighting", "bundle", "marking-definition", "language-content"}

var domainTypes = []string{
	"attack-pattern", "campaign", "course-of-action", "grouping", "identity", "incident", "indicator",
	"infrastructure", "intrusion-set", "location", "malware", "malware-analysis", "note", "observed-data", "opinion",
	"report", "threat-actor", "tool", "vulnerability",
}

var (
	attackPattern = &shape{
		props: of(map[kind][]string{
			text: {"name", "description"},
		}, map[string]rule{
			"aliases":           {kind: texts, maybe: true},
			"kill_chain_phases": list(killChainPhase),
		}),
		required: []string{"name"},
	}
	campaign = &shape{
		props: of(map[kind][]string{
			text:    {"name", "description", "objective"},
			texts:   {"aliases"},
			instant: {"first_seen", "last_seen"},
		}, nil),
		required: []string{"name"},
		check:    notBefore("last_seen", "first_seen"),
	}
	courseOfAction = &shape{
		props:    of(map[kind][]string{text: {"name", "description"}}, nil),
		required: []string{"name"},
	}
	grouping = &shape{
		props: of(map[kind][]string{
			text: {"name", "description", "context"},
			refs: {"object_refs"},
		}, nil),
		required: []string{"context", "object_refs"},
	}
	identity = &shape{
		props: of(map[kind][]string{
			text:  {"name", "description", "identity_class", "contact_information"},
			texts: {"roles", "sectors"},
		}, nil),
		required: []string{"name"},
	}
	incident = &shape{
		props:    of(map[kind][]string{text: {"name", "description"}}, nil),
		required: []string{"name"},
	}
	indicator = &shape{
		props: of(map[kind][]string{
			text:    {"name", "description", "pattern", "pattern_type", "pattern_version"},
			texts:   {"indicator_types"},
			instant: {"valid_from", "valid_until"},
		}, map[string]rule{
			"kill_chain_phases": list(killChainPhase),
		}),
		required: []string{"pattern", "pattern_type", "valid_from"},
		check:    after("valid_until", "valid_from"),
	}
	infrastructure = &shape{
		props: of(map[kind][]string{
			text:    {"name", "description"},
			texts:   {"infrastructure_types", "aliases"},
			instant: {"first_seen", "last_seen"},
		}, map[string]rule{
			"kill_chain_phases": list(killChainPhase),
		}),
		required: []string{"name"},
		check:    notBefore("last_seen", "first_seen"),
	}
	intrusionSet = &shape{
		props: of(map[kind][]string{
			text:    {"name", "description", "resource_level", "primary_motivation"},
			texts:   {"aliases", "goals", "secondary_motivations"},
			instant: {"first_seen", "last_seen"},
		}, nil),
		required: []string{"name"},
		check:    notBefore("last_seen", "first_seen"),
	}
	location = &shape{
		props: of(map[kind][]string{
			text: {"name", "description", "region", "country", "administrative_area", "city",
				"street_address", "postal_code"},
			number: {"latitude", "longitude", "precision"},
		}, nil),
		check: checkLocation,
	}
	malware = &shape{
		props: of(map[kind][]string{
			text: {"name", "description"},
			texts: {"malware_types", "aliases", "architecture_execution_envs", "implementation_languages",
				"capabilities"},
			boolean: {"is_family"},
			instant: {"first_seen", "last_seen"},
		}, map[string]rule{
			"kill_chain_phases":     list(killChainPhase),
			"operating_system_refs": refList("software"),
			"sample_refs":           refList("artifact", "file"),
		}),
		required: []string{"is_family"},
		check:    checkMalware,
	}
	malwareAnalysis = &shape{
		props: of(map[kind][]string{
			text: {"product", "version", "configuration_version", "analysis_engine_version",
				"analysis_definition_version", "result_name", "result"},
			texts:   {"modules"},
			instant: {"submitted", "analysis_started", "analysis_ended"},
		}, map[string]rule{
			"host_vm_ref":             ref("software"),
			"operating_system_ref":    ref("software"),
			"installed_software_refs": refList("software"),
			"analysis_sco_refs":       notRefList(domainTypes...),
			"sample_ref":              ref("artifact", "file", "network-traffic"),
		}),
		required: []string{"product"},
		some:     []string{"result", "analysis_sco_refs"},
	}
	note = &shape{
		props: of(map[kind][]string{
			text:  {"abstract", "content"},
			texts: {"authors"},
			refs:  {"object_refs"},
		}, nil),
		required: []string{"content", "object_refs"},
	}
	observedData = &shape{
		props: of(map[kind][]string{
			instant: {"first_observed", "last_observed"},
		}, map[string]rule{
			"number_observed": within(1, 999_999_999),
			"objects":         {kind: dictOf, each: &rule{kind: part, shape: oldObservable}},
			"object_refs":     notRefList(domainTypes...),
		}),
		required: []string{"first_observed", "last_observed", "number_observed"},
		check:    checkObserved,
	}
	// oldObservable is an observable within observed-data, a form of STIX 2.0
	// that 2.1 still allows (§4.14). Its references are keys, not ids.
	oldObservable = &shape{
		props:    of(map[kind][]string{text: {"type"}}, map[string]rule{"object_marking_refs": anyCommon["object_marking_refs"]}),
		required: []string{"type"},
	}
	opinion = &shape{
		props: of(map[kind][]string{
			text:  {"explanation"},
			texts: {"authors"},
			refs:  {"object_refs"},
		}, map[string]rule{
			"opinion": closed("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"),
		}),
		required: []string{"opinion", "object_refs"},
	}
	report = &shape{
		props: of(map[kind][]string{
			text:    {"name", "description"},
			texts:   {"report_types"},
			instant: {"published"},
			refs:    {"object_refs"},
		}, nil),
		required: []string{"name", "published", "object_refs"},
	}
	threatActor = &shape{
		props: of(map[kind][]string{
			text: {"name", "description", "sophistication", "resource_level", "primary_motivation"},
			texts: {"threat_actor_types", "aliases", "roles", "goals", "secondary_motivations",
				"personal_motivations"},
			instant: {"first_seen", "last_seen"},
		}, nil),
		required: []string{"name"},
		check:    notBefore("last_seen", "first_seen"),
	}
	tool = &shape{
		props: of(map[kind][]string{
			text:  {"name", "description", "tool_version"},
			texts: {"tool_types", "aliases"},
		}, map[string]rule{
			"kill_chain_phases": list(killChainPhase),
		}),
		required: []string{"name"},
	}
	vulnerability = &shape{
		props:    of(map[kind][]string{text: {"name", "description"}}, nil),
		required: []string{"name"},
	}

	relationship = &shape{
		props: of(map[kind][]string{
			text:    {"description"},
			instant: {"start_time", "stop_time"},
		}, map[string]rule{
			"relationship_type": tested(badRelationshipType),
			"source_ref":        notRef(notDomain...),
			"target_ref":        notRef(notDomain...),
		}),
		required: []string{"relationship_type", "source_ref", "target_ref"},
		check:    after("stop_time", "start_time"),
	}
	sighting = &shape{
		props: of(map[kind][]string{
			text:    {"description"},
			instant: {"first_seen", "last_seen"},
			boolean: {"summary"},
		}, map[string]rule{
			"count":              within(0, 999_999_999),
			"sighting_of_ref":    notRef(notDomain...),
			"observed_data_refs": refList("observed-data"),
			"where_sighted_refs": refList("identity", "location"),
		}),
		required: []string{"sighting_of_ref"},
		check:    notBefore("last_seen", "first_seen"),
	}

	markingDefinition = &shape{
		props: of(map[kind][]string{
			text: {"name", "definition_type"},
			dict: {"definition"},
		}, nil),
		check: checkMarking,
	}
	languageContent = &shape{
		props: of(map[kind][]string{
			instant: {"object_modified"},
		}, map[string]rule{
			"object_ref": notRef("bundle", "language-content"),
			"contents":   {kind: dictOf, each: &rule{kind: dict}},
		}),
		required: []string{"object_ref", "contents"},
		check:    checkLanguages,
	}
	extensionDefinition = &shape{
		props: of(map[kind][]string{
			text:  {"name", "description", "schema", "version"},
			texts: {"extension_properties"},
		}, map[string]rule{
			"extension_types": {kind: texts, values: extensionTypes.values},
		}),
		required: []string{"name", "schema", "version", "extension_types"},
		check:    checkExtensionDefinition,
	}
)
