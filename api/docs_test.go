package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Every line of docs/api.md does what it says.
func TestDocs(t *testing.T) {
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, "")
	dir := t.TempDir()
	h.ok(os.WriteFile(filepath.Join(dir, "advisory.json"), []byte(`{"document":{}}`), 0o600))
	h.ok(os.WriteFile(filepath.Join(dir, "bundle.json"), []byte(bundle(indicator("indicator--00000000-0000-4000-8000-000000000001", "Beacon", "a.example", greenMark))), 0o600))
	h.ok(os.WriteFile(filepath.Join(dir, "table.csv"), []byte("name,model,version\nMonitor,M1,2.0\n"), 0o600))
	h.ok(os.WriteFile(filepath.Join(dir, "inventory.csv"), []byte("maker,model,version,count\nPumpworks,Infuser,4.0,3\n"), 0o600))
	h.ok(os.WriteFile(filepath.Join(dir, "sbom.json"), []byte(aSBOM("leftish", "1.0.0")), 0o600))
	h.ok(os.WriteFile(filepath.Join(dir, "osv.json"), []byte(anOSV("GHSA-aaaa-bbbb-cccc", "leftish", "2.0.0")), 0o600))
	h.index()
	file, err := h.srv.Forum.Upload(t.Context(), h.db, h.as(h.pia), forum.Incoming{Name: "a.txt", Size: 1, From: strings.NewReader("a")})
	h.ok(err)
	var topic, post string
	h.write(h.pia, func(tx *db.Tx) (err error) {
		l := policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfCircle(h.circle))}
		if topic, _, err = h.srv.Forum.StartTopic(tx, h.common, forum.NewTopic{Title: "Old firmware", Body: "Two wards run firmware 4.1.", Label: l, Files: []string{file.ID}}); err != nil {
			return err
		}
		post, _, err = h.srv.Forum.Reply(tx, topic, forum.NewPost{Body: "A fix is near."})
		return err
	})
	env := append(os.Environ(), "CORDON="+h.url, "TOKEN="+h.tokens[h.pia], "ROOM="+h.common, "TOPIC="+topic, "POST="+post, "FILE="+file.ID, "CIRCLE="+h.circle, "ORG="+h.pump,
		"PRODUCT="+h.hiddenCase["product"], "SBOM="+h.hiddenCase["sbom"], "FINDING="+h.hiddenCase["find"], "KNOWN="+h.hiddenCase["known"], "ALERT="+h.hiddenCase["alert"],
		"CASE="+h.hiddenCase["case"], "PARTY="+h.hiddenCase["party"], "VULN="+h.hiddenCase["vuln"], "STIX="+h.hiddenCase["stix"], "BATCH="+h.hiddenCase["batch"],
		"no_proxy=*", "NO_PROXY=*")
	lines := 0
	for i, block := range strings.Split(string(text), "```sh\n") {
		if i == 0 {
			continue
		}
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", "")) {
			cmd := exec.Command("bash", "-o", "pipefail", "-c", line)
			cmd.Dir, cmd.Env = dir, env
			out, err := cmd.CombinedOutput()
			if err != nil || len(out) == 0 && !strings.Contains(line, " -o ") && !strings.Contains(line, "/stream") {
				t.Errorf("%s%v: %s", line, err, out)
			}
			lines++
		}
	}
	if lines < 70 {
		t.Errorf("only %d lines", lines)
	}
	if copied, err := os.ReadFile(filepath.Join(dir, "advisory.copy")); err != nil || string(copied) != "a" {
		t.Errorf("downloaded %q, %v", copied, err)
	}
	for _, name := range []string{"object.json", "one.json"} {
		if raw, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(raw), "zebra.example") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"pack.zip", "case.zip"} {
		if pack, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.HasPrefix(string(pack), "PK") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
