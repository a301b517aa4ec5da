package stix

// Observables: property tables of STIX 2.1 §6, their predefined extensions
// within.

var addresses = []string{"ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"}

var (
	artifact = &shape{
		props: of(map[kind][]string{
			text:       {"mime_type", "url", "decryption_key"},
			base64Text: {"payload_bin"},
			hashes:     {"hashes"},
		}, map[string]rule{
			"encryption_algorithm": closed("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"),
		}),
		some:  []string{"payload_bin", "url"},
		check: checkArtifact,
	}
	autonomousSystem = &shape{
		props:    of(map[kind][]string{integer: {"number"}, text: {"name", "rir"}}, nil),
		required: []string{"number"},
	}
	directory = &shape{
		props: of(map[kind][]string{
			text:    {"path", "path_enc"},
			instant: {"ctime", "mtime", "atime"},
		}, map[string]rule{
			"contains_refs": refList("file", "directory"),
		}),
		required: []string{"path"},
	}
	domainName = &shape{
		props: map[string]rule{
			"value":            tested(badDomain),
			"resolves_to_refs": refList("ipv4-addr", "ipv6-addr", "domain-name"),
		},
		required: []string{"value"},
	}
	emailAddr = &shape{
		props: map[string]rule{
			"value":          tested(badEmail),
			"display_name":   {kind: text},
			"belongs_to_ref": ref("user-account"),
		},
		required: []string{"value"},
	}
	emailMessage = &shape{
		props: of(map[kind][]string{
			boolean: {"is_multipart"},
			instant: {"date"},
			text:    {"content_type", "message_id", "subject", "body"},
			dict:    {"additional_header_fields"},
		}, map[string]rule{
			"from_ref":       ref("email-addr"),
			"sender_ref":     ref("email-addr"),
			"to_refs":        refList("email-addr"),
			"cc_refs":        refList("email-addr"),
			"bcc_refs":       refList("email-addr"),
			"received_lines": {kind: texts, maybe: true},
			"raw_email_ref":  ref("artifact"),
			"body_multipart": list(&shape{
				props: of(map[kind][]string{text: {"body", "content_type", "content_disposition"}},
					map[string]rule{"body_raw_ref": ref("artifact", "file")}),
				some: []string{"body", "body_raw_ref"},
			}),
		}),
		required: []string{"is_multipart"},
		check:    checkMail,
	}
	file = &shape{
		props: of(map[kind][]string{
			hashes:  {"hashes"},
			text:    {"name", "name_enc", "mime_type"},
			hexText: {"magic_number_hex"},
			instant: {"ctime", "mtime", "atime"},
		}, map[string]rule{
			"size":                 within(0, safeInteger),
			"parent_directory_ref": ref("directory"),
			"contains_refs":        notRefList(domainTypes...),
			"content_ref":          ref("artifact"),
		}),
		some: []string{"hashes", "name"},
		exts: map[string]*shape{
			"archive-ext": {
				props:    map[string]rule{"contains_refs": refList("file", "directory"), "comment": {kind: text}},
				required: []string{"contains_refs"},
			},
			"ntfs-ext": {
				props: map[string]rule{"sid": {kind: text}, "alternate_data_streams": list(&shape{
					props:    map[string]rule{"name": {kind: text}, "hashes": {kind: hashes}, "size": within(0, safeInteger)},
					required: []string{"name"},
				})},
				some: []string{"*"},
			},
			"pdf-ext": {
				props: of(map[kind][]string{
					text: {"version", "pdfid0", "pdfid1"}, boolean: {"is_optimized"}, dict: {"document_info_dict"},
				}, nil),
				some: []string{"*"},
			},
			"raster-image-ext": {
				props: of(map[kind][]string{
					integer: {"image_height", "image_width", "bits_per_pixel"}, dict: {"exif_tags"},
				}, nil),
				some: []string{"*"},
			},
			"windows-pebinary-ext": {
				props: of(map[kind][]string{
					text:    {"pe_type", "imphash"},
					hexText: {"machine_hex", "pointer_to_symbol_table_hex", "characteristics_hex"},
					integer: {"number_of_sections", "number_of_symbols", "size_of_optional_header"},
					instant: {"time_date_stamp"},
					hashes:  {"file_header_hashes"},
				}, map[string]rule{
					"optional_header": object(peHeader),
					"sections": list(&shape{
						props: map[string]rule{"name": {kind: text}, "size": within(0, safeInteger),
							"entropy": {kind: number}, "hashes": {kind: hashes}},
						required: []string{"name"},
					}),
				}),
				required: []string{"pe_type"},
			},
		},
	}
	peHeader = &shape{
		props: of(map[kind][]string{
			hexText: {"magic_hex", "win32_version_value_hex", "checksum_hex", "subsystem_hex",
				"dll_characteristics_hex", "loader_flags_hex"},
			integer: {"major_linker_version", "minor_linker_version", "size_of_code", "size_of_initialized_data",
				"size_of_uninitialized_data", "address_of_entry_point", "base_of_code", "base_of_data", "image_base",
				"section_alignment", "file_alignment", "major_os_version", "minor_os_version",
				"major_image_version", "minor_image_version", "major_subsystem_version",
				"minor_subsystem_version", "size_of_image", "size_of_headers", "size_of_stack_reserve",
				"size_of_stack_commit", "size_of_heap_reserve", "size_of_heap_commit",
				"number_of_rva_and_sizes"},
			hashes: {"hashes"},
		}, nil),
		some: []string{"*"},
	}
	ipv4Addr = &shape{
		props: map[string]rule{"value": tested(badIPv4),
			"resolves_to_refs": refList("mac-addr"), "belongs_to_refs": refList("autonomous-system")},
		required: []string{"value"},
	}
	ipv6Addr = &shape{
		props: map[string]rule{"value": tested(badIPv6),
			"resolves_to_refs": refList("mac-addr"), "belongs_to_refs": refList("autonomous-system")},
		required: []string{"value"},
	}
	macAddr = &shape{
		props:    map[string]rule{"value": tested(badMAC)},
		required: []string{"value"},
	}
	mutex = &shape{
		props:    map[string]rule{"name": {kind: text}},
		required: []string{"name"},
	}
	networkTraffic = &shape{
		props: of(map[kind][]string{
			instant: {"start", "end"},
			boolean: {"is_active"},
			texts:   {"protocols"},
			dict:    {"ipfix"},
		}, map[string]rule{
			"src_ref": ref(addresses...), "dst_ref": ref(addresses...),
			"src_port": within(0, 65535), "dst_port": within(0, 65535),
			"src_byte_count": within(0, safeInteger), "dst_byte_count": within(0, safeInteger),
			"src_packets": within(0, safeInteger), "dst_packets": within(0, safeInteger),
			"src_payload_ref": ref("artifact"), "dst_payload_ref": ref("artifact"),
			"encapsulates_refs": refList("network-traffic"), "encapsulated_by_ref": ref("network-traffic"),
		}),
		required: []string{"protocols"},
		some:     []string{"src_ref", "dst_ref"},
		check:    checkTraffic,
		exts: map[string]*shape{
			"http-request-ext": {
				props: of(map[kind][]string{
					text:    {"request_method", "request_value", "request_version"},
					dict:    {"request_header"},
					integer: {"message_body_length"},
				}, map[string]rule{"message_body_data_ref": ref("artifact")}),
				required: []string{"request_method", "request_value"},
			},
			"icmp-ext": {
				props:    of(map[kind][]string{hexText: {"icmp_type_hex", "icmp_code_hex"}}, nil),
				required: []string{"icmp_type_hex", "icmp_code_hex"},
			},
			"socket-ext": {
				props: of(map[kind][]string{
					boolean: {"is_blocking", "is_listening"}, dict: {"options"}, integer: {"socket_handle"},
				}, map[string]rule{
					"address_family": closed("AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS",
						"AF_INET6", "AF_IRDA", "AF_BTH"),
					"socket_type": closed("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM",
						"SOCK_SEQPACKET"),
					"socket_descriptor": within(0, safeInteger),
				}),
				required: []string{"address_family"},
			},
			"tcp-ext": {
				props: of(map[kind][]string{hexText: {"src_flags_hex", "dst_flags_hex"}}, nil),
				some:  []string{"*"},
			},
		},
	}
	process = &shape{
		props: of(map[kind][]string{
			boolean: {"is_hidden"},
			integer: {"pid"},
			instant: {"created_time"},
			text:    {"cwd", "command_line"},
			dict:    {"environment_variables"},
		}, map[string]rule{
			"opened_connection_refs": refList("network-traffic"),
			"creator_user_ref":       ref("user-account"),
			"image_ref":              ref("file"),
			"parent_ref":             ref("process"),
			"child_refs":             refList("process"),
		}),
		some: []string{"*", "extensions"},
		exts: map[string]*shape{
			"windows-process-ext": {
				props: of(map[kind][]string{
					boolean: {"aslr_enabled", "dep_enabled"},
					text:    {"priority", "owner_sid", "window_title"},
					dict:    {"startup_info"},
				}, map[string]rule{"integrity_level": closed("low", "medium", "high", "system")}),
				some: []string{"*"},
			},
			"windows-service-ext": {
				props: of(map[kind][]string{
					text:  {"service_name", "display_name", "group_name"},
					texts: {"descriptions"},
				}, map[string]rule{
					"start_type": closed("SERVICE_AUTO_START", "SERVICE_BOOT_START", "SERVICE_DEMAND_START",
						"SERVICE_DISABLED", "SERVICE_SYSTEM_ALERT"),
					"service_dll_refs": refList("file"),
					"service_type": closed("SERVICE_KERNEL_DRIVER", "SERVICE_FILE_SYSTEM_DRIVER",
						"SERVICE_WIN32_OWN_PROCESS", "SERVICE_WIN32_SHARE_PROCESS"),
					"service_status": closed("SERVICE_CONTINUE_PENDING", "SERVICE_PAUSE_PENDING",
						"SERVICE_PAUSED", "SERVICE_RUNNING", "SERVICE_START_PENDING",
						"SERVICE_STOP_PENDING", "SERVICE_STOPPED"),
				}),
				some: []string{"*"},
			},
		},
	}
	software = &shape{
		props: of(map[kind][]string{
			text:  {"name", "swid", "vendor", "version"},
			texts: {"languages"},
		}, map[string]rule{"cpe": tested(badCPE)}),
		required: []string{"name"},
	}
	urlObject = &shape{
		props:    map[string]rule{"value": tested(badURL)},
		required: []string{"value"},
	}
	userAccount = &shape{
		props: of(map[kind][]string{
			text:    {"user_id", "credential", "account_login", "account_type", "display_name"},
			boolean: {"is_service_account", "is_privileged", "can_escalate_privs", "is_disabled"},
			instant: {"account_created", "account_expires", "credential_last_changed", "account_first_login",
				"account_last_login"},
		}, nil),
		some: []string{"*", "extensions"},
		exts: map[string]*shape{
			"unix-account-ext": {
				props: of(map[kind][]string{integer: {"gid"}, texts: {"groups"}, text: {"home_dir", "shell"}}, nil),
				some:  []string{"*"},
			},
		},
	}
	registryKey = &shape{
		props: of(map[kind][]string{
			text:    {"key"},
			instant: {"modified_time"},
			integer: {"number_of_subkeys"},
		}, map[string]rule{
			"creator_user_ref": ref("user-account"),
			"values": list(&shape{
				props: of(map[kind][]string{text: {"name", "data"}}, map[string]rule{
					"data_type": closed("REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD",
						"REG_DWORD_BIG_ENDIAN", "REG_DWORD_LITTLE_ENDIAN", "REG_LINK", "REG_MULTI_SZ",
						"REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTION",
						"REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD", "REG_INVALID_TYPE"),
				}),
				some: []string{"*"},
			}),
		}),
		some: []string{"*"},
	}
	certificate = &shape{
		props: of(map[kind][]string{
			boolean: {"is_self_signed"},
			hashes:  {"hashes"},
			text: {"version", "serial_number", "signature_algorithm", "issuer", "subject",
				"subject_public_key_algorithm", "subject_public_key_modulus"},
			instant: {"validity_not_before", "validity_not_after"},
			integer: {"subject_public_key_exponent"},
		}, map[string]rule{
			"x509_v3_extensions": object(&shape{
				props: of(map[kind][]string{
					text: {"basic_constraints", "name_constraints", "policy_constraints", "key_usage",
						"extended_key_usage", "subject_key_identifier", "authority_key_identifier",
						"subject_alternative_name", "issuer_alternative_name",
						"subject_directory_attributes", "crl_distribution_points", "inhibit_any_policy",
						"certificate_policies", "policy_mappings"},
					instant: {"private_key_usage_period_not_before", "private_key_usage_period_not_after"},
				}, nil),
				some: []string{"*"},
			}),
		}),
		some: []string{"*"},
	}
)
