// Package names folds what people call things, so that two texts that name the
// same maker, product or component can be looked up by one key.
//
// CISA's medical advisories carry no product identifiers, so a device is
// found by the names of its maker and product. Spelling, legal forms, trade marks
// and renamed firms differ; [Vendor] knows the last from a table with provenance
// (makers.tsv). A key never says that two things are the same: it says that they
// are worth comparing.
package names
