package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/policy"
)

// TestMainJobWithoutScript does the main job as a browser without script does:
// pages, forms, cookies and redirects, nothing else (U-12).
func TestMainJobWithoutScript(t *testing.T) {
	browserTest(t)
	w, _ := furnished(t)
	community, err := furnish.Load()
	if err != nil {
		t.Fatal(err)
	}
	advisory := community.Advisories[0]
	pumps := string(policy.OfCircle(w.named(`SELECT c.id FROM visible.circles c WHERE c.name = $1`, "Infusion pump response")))
	northfen := string(policy.OfOrg(w.being("sethu").Org))

	// Signing in is a form, and leads on.
	maker := w.reader("")
	maker.get("/inbox").want(200, "Be somebody in this demonstration")
	maker.send("/demo/sign-in", fill{"persona": {"arendt"}}).want(200, "Inbox", "Tobias Arendt")
	maker.follow("Rooms").want(200, "Infusion pumps")
	maker.follow("Infusion pumps").want(200, "New topic")
	maker.follow("New topic").want(200, "Who will see it")

	// Who will see it can be asked for without sending, and nothing typed is lost.
	const title = "Quillback: a pump that listens"
	written := fill{"title": {title}, "body": {"Close port 5000."}, "tlp": {"AMBER"}, "audience": {pumps, northfen}}
	check := fill{"check": {"1"}}
	for k, v := range written {
		check[k] = v
	}
	maker.send("/topics", check).want(200, "10 people in 4 organizations will see this.", "Send to 10 people in 4 organizations")
	if !strings.Contains(maker.Body, title) || !strings.Contains(maker.Body, "Close port 5000.") {
		t.Error("what was typed is gone after asking who will see it")
	}
	wrong := fill{"title": {title}, "body": {""}, "tlp": {"AMBER"}, "audience": {pumps, northfen}}
	maker.send("/topics", wrong).want(422, "The text is empty")
	if !strings.Contains(maker.Body, title) {
		t.Error("what was typed is gone after a refusal")
	}
	maker.send("/topics", written, upload{"files", advisory.FileName(), string(advisory.CSAF)}).want(200, title, "Close port 5000.", advisory.FileName(), "TLP:AMBER")
	topic := strings.TrimPrefix(maker.Path, "/topics/")

	// The hospital finds it in its inbox, opens the file and answers.
	hospital := w.reader("sethu")
	hospital.get("/inbox").want(200, title)
	hospital.follow(title).want(200, "Close port 5000.")
	at := hospital.Path
	if hospital.follow(advisory.FileName()); hospital.Body != string(advisory.CSAF) || !strings.HasPrefix(hospital.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file comes as %d bytes, %s", len(hospital.Body), hospital.Header.Get("Content-Disposition"))
	}
	hospital.get(at).send("/posts", fill{"body": {"Closed since noon."}}).want(200, "Closed since noon.")
	maker.get("/topics/"+topic).want(200, "Closed since noon.", "Northfen Children")

	// Whoever it is not for gets what a wrong address gets.
	for _, who := range append([]string{""}, outsiders...) {
		other := w.reader(who)
		missing := other.get("/topics/topic_00000000000000000000000000").Body
		if other.get("/topics/" + topic); other.Status != 404 || other.Body != missing {
			t.Errorf("%s gets %d for the topic", orNobody(who), other.Status)
		}
	}

	// Searching, resolving and proving are forms too.
	maker.get("/search?q=quillback").want(200, title)
	maker.get("/topics/"+topic).send("/resolve", fill{"summary": {"Every pump is closed."}}).want(200, "Resolved by Tobias Arendt", "Every pump is closed.")
}

// TestPackWithoutScript takes an evidence pack and has it checked, by forms.
func TestPackWithoutScript(t *testing.T) {
	browserTest(t)
	w, _ := furnished(t)
	topic := w.titled(mainTopic)
	maker := w.reader("arendt")
	maker.get("/topics/"+topic).send("/evidence", nil)
	if maker.Status != 200 || maker.Header.Get("Content-Type") != "application/octet-stream" && maker.Header.Get("Content-Type") != "application/zip" {
		t.Fatalf("the pack comes as %d %s", maker.Status, maker.Header.Get("Content-Type"))
	}
	pack := maker.Body
	report, err := evidence.Verify(strings.NewReader(pack), int64(len(pack)), evidence.Options{Key: w.house.ledger.Public()})
	if err != nil || !report.OK {
		t.Fatalf("the pack does not hold: %+v, %v", report, err)
	}
	path := filepath.Join(t.TempDir(), "pack.zip")
	if err := os.WriteFile(path, []byte(pack), 0o600); err != nil {
		t.Fatal(err)
	}
	anybody := w.reader("")
	anybody.get("/verify").send("/verify", nil, upload{"pack", "pack.zip", pack}).want(200, "The pack is whole", "Mind: It does not prove that anybody read")
	broken := bytes.Clone([]byte(pack))
	broken[len(broken)/2] ^= 1
	anybody.get("/verify").send("/verify", nil, upload{"pack", "pack.zip", string(broken)}).want(200, "The pack does not hold", "Fails:")
}
