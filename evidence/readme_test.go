package evidence_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// README.txt tells how to check a pack without Cordon. This does so, step by
// step, with nothing of this program (T-33: a third-party verifier agrees).
func TestReadmeSteps(t *testing.T) {
	h := newHouse(t, "")
	ms := unzip(t, h.pack(pia, h.story()))
	var p struct {
		Entries []struct {
			Index             int64
			Leaf, Salt, Event string
			Proof             []string
		}
		Texts []struct{ SHA256, Text string }
	}
	h.ok(json.Unmarshal([]byte(ms["evidence.json"]), &p))
	raw := func(s string) []byte {
		b, err := base64.StdEncoding.DecodeString(s)
		h.ok(err)
		return b
	}

	key, _, _ := bytes.Cut([]byte(ms["key.txt"]), []byte("\n"))
	verifier, err := note.NewVerifier(string(key))
	h.ok(err)
	n, err := note.Open([]byte(ms["checkpoint"]), note.VerifierList(verifier))
	h.ok(err)
	lines := bytes.Split([]byte(n.Text), []byte("\n"))
	var size int64
	h.ok(json.Unmarshal(lines[1], &size))
	root := tlog.Hash(raw(string(lines[2])))

	named := map[string]bool{}
	for _, e := range p.Entries {
		leaf := raw(e.Leaf)
		var proof tlog.RecordProof
		for _, s := range e.Proof {
			proof = append(proof, tlog.Hash(raw(s)))
		}
		if err := tlog.CheckRecord(proof, size, root, e.Index, tlog.Hash(sha256.Sum256(append([]byte{0}, leaf...)))); err != nil {
			t.Errorf("entry %d: %v", e.Index, err)
		}
		var ev struct {
			Actor, Object string
			Data          map[string]any
		}
		h.ok(json.Unmarshal([]byte(e.Event), &ev))
		want := []byte("cdn1")
		for _, c := range [][2]string{{"cordon/event/v1", e.Event}, {"cordon/actor/v1", ev.Actor}, {"cordon/object/v1", ev.Object}} {
			mac := hmac.New(sha256.New, raw(e.Salt))
			mac.Write([]byte(c[0] + "\x00" + c[1]))
			want = mac.Sum(want)
		}
		if !bytes.Equal(want, leaf) {
			t.Errorf("entry %d does not make its leaf", e.Index)
		}
		if d, ok := ev.Data["body_sha256"].(string); ok {
			named[d] = true
		}
	}
	for _, x := range p.Texts {
		sum := sha256.Sum256([]byte(x.Text))
		if hex.EncodeToString(sum[:]) != x.SHA256 || !named[x.SHA256] {
			t.Errorf("the text %q is not the recorded one", x.Text)
		}
	}
	if len(p.Entries) < 6 || len(p.Texts) != 3 {
		t.Errorf("%d entries, %d texts", len(p.Entries), len(p.Texts))
	}
}
