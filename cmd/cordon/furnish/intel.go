package furnish

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// intelFiles are bundles of invented threat intelligence, by name.
//
//go:embed intel/*.json
var intelFiles embed.FS

// attack is ATT&CK for ICS (intel/SOURCE.md).
//
//go:embed intel/ics-attack-18.1.json.gz
var attack []byte

// AttackName is how the file with ATT&CK is called.
const AttackName = "ics-attack-18.1.json"

// AttackReleased is after the newest of its objects was modified: before that day
// they would be refused as from the future.
var AttackReleased = time.Date(2025, 11, 14, 0, 0, 0, 0, time.UTC)

// Attack opens ATT&CK for ICS, a STIX 2.1 bundle. The caller closes it.
func Attack() (io.ReadCloser, error) {
	r, err := gzip.NewReader(bytes.NewReader(attack))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", AttackName, err)
	}
	return r, nil
}

// ago is a time in a bundle: so many days back, at an hour.
var ago = regexp.MustCompile(`"@(-?[0-9]{1,3})d([0-9]{2}:[0-9]{2})"`)

// Intelligence is one of the bundles with its times filled in: when says when an
// hour was, so many days back. caseID is how the case that some speak of is called.
func Intelligence(name, caseID string, when func(days int, hour string) time.Time) ([]byte, error) {
	text, err := intelFiles.ReadFile("intel/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no bundle %q", name)
	}
	text = ago.ReplaceAllFunc(text, func(b []byte) []byte {
		m := ago.FindSubmatch(b)
		days, _ := strconv.Atoi(string(m[1])) // the expression lets nothing else through
		return []byte(`"` + when(days, string(m[2])).UTC().Format("2006-01-02T15:04:05.000Z") + `"`)
	})
	out := strings.ReplaceAll(string(text), "@case", caseID)
	if strings.Contains(out, `"@`) {
		return nil, fmt.Errorf("the bundle %q has something that is not filled in", name)
	}
	return []byte(out), nil
}

// IntelligenceNames are the bundles' names, in order.
func IntelligenceNames() ([]string, error) {
	files, err := intelFiles.ReadDir("intel")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".json"))
	}
	return names, nil
}
