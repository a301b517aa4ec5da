package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
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
	maker.Get("/inbox").Want(200, "Be somebody in this demonstration")
	maker.Send("/demo/sign-in", reader.Fill{"persona": {"arendt"}}).Want(200, "Inbox", "Tobias Arendt")
	maker.Follow("Rooms").Want(200, "Infusion pumps")
	maker.Follow("Infusion pumps").Want(200, "New topic")
	maker.Follow("New topic").Want(200, "Who will see it")

	// Who will see it can be asked for without sending, and nothing typed is lost.
	const title = "Quillback: a pump that listens"
	written := reader.Fill{"title": {title}, "body": {"Close port 5000."}, "tlp": {"AMBER"}, "audience": {pumps, northfen}}
	check := reader.Fill{"check": {"1"}}
	for k, v := range written {
		check[k] = v
	}
	maker.Send("/topics", check).Want(200, "10 people in 4 organizations will see this.", "Send to 10 people in 4 organizations")
	if !strings.Contains(maker.Body, title) || !strings.Contains(maker.Body, "Close port 5000.") {
		t.Error("what was typed is gone after asking who will see it")
	}
	wrong := reader.Fill{"title": {title}, "body": {""}, "tlp": {"AMBER"}, "audience": {pumps, northfen}}
	maker.Send("/topics", wrong).Want(422, "The text is empty")
	if !strings.Contains(maker.Body, title) {
		t.Error("what was typed is gone after a refusal")
	}
	maker.Send("/topics", written, reader.File("files", advisory.FileName(), string(advisory.CSAF))).Want(200, title, "Close port 5000.", advisory.FileName(), "TLP:AMBER")
	topic := strings.TrimPrefix(maker.Path, "/topics/")

	// The hospital finds it in its inbox, opens the file and answers.
	hospital := w.reader("sethu")
	hospital.Get("/inbox").Want(200, title)
	hospital.Follow(title).Want(200, "Close port 5000.")
	at := hospital.Path
	if hospital.Follow(advisory.FileName()); hospital.Body != string(advisory.CSAF) || !strings.HasPrefix(hospital.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file comes as %d bytes, %s", len(hospital.Body), hospital.Header.Get("Content-Disposition"))
	}
	hospital.Get(at).Send("/posts", reader.Fill{"body": {"Closed since noon."}}).Want(200, "Closed since noon.")
	maker.Get("/topics/"+topic).Want(200, "Closed since noon.", "Northfen Children")

	// Whoever it is not for gets what a wrong address gets.
	for _, who := range append([]string{""}, outsiders...) {
		other := w.reader(who)
		missing := other.Get("/topics/topic_00000000000000000000000000").Body
		if other.Get("/topics/" + topic); other.Status != 404 || other.Body != missing {
			t.Errorf("%s gets %d for the topic", orNobody(who), other.Status)
		}
	}

	// Searching, resolving and proving are forms too.
	maker.Get("/search?q=quillback").Want(200, title)
	maker.Get("/topics/"+topic).Send("/resolve", reader.Fill{"summary": {"Every pump is closed."}}).Want(200, "Resolved by Tobias Arendt", "Every pump is closed.")
}

// TestPackWithoutScript takes an evidence pack and has it checked, by forms.
func TestPackWithoutScript(t *testing.T) {
	browserTest(t)
	w, _ := furnished(t)
	topic := w.titled(mainTopic)
	maker := w.reader("arendt")
	maker.Get("/topics/"+topic).Send("/evidence", nil)
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
	anybody.Get("/verify").Send("/verify", nil, reader.File("pack", "pack.zip", pack)).Want(200, "The pack is whole", "Mind: It does not prove that anybody read")
	broken := bytes.Clone([]byte(pack))
	broken[len(broken)/2] ^= 1
	anybody.Get("/verify").Send("/verify", nil, reader.File("pack", "pack.zip", string(broken))).Want(200, "The pack does not hold", "Fails:")
}
