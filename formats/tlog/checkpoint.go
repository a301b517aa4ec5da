package tlog

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	xtlog "golang.org/x/mod/sumdb/tlog"

	"golang.org/x/mod/sumdb/note"
)

// MaxCheckpoint is the largest checkpoint that is read, in bytes: room for a
// hundred cosignatures.
const MaxCheckpoint = 64 << 10

// Checkpoint is what a log commits to: that its first Size leaves have this Root.
type Checkpoint struct {
	Origin string // the log's unique name; also its key's name
	Size   int64  // leaves
	Root   Hash
}

// SignCheckpoint writes and signs a checkpoint (C2SP tlog-checkpoint). The
// origin must be the signer's name, as the specification recommends, so that a
// verifier pinned for one log cannot be satisfied by another.
func SignCheckpoint(signer note.Signer, origin string, size int64, root Hash) ([]byte, error) {
	if err := checkName(origin); err != nil {
		return nil, err
	}
	if signer.Name() != origin {
		return nil, fmt.Errorf("the key is named %q, the log %q", signer.Name(), origin)
	}
	if size < 0 || size > maxSize {
		return nil, fmt.Errorf("tree size %d is out of range", size)
	}
	text := origin + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint of size %d: %w", size, err)
	}
	return msg, nil
}

// ParseCheckpoint verifies a signed checkpoint and returns what it says. It
// must carry a good signature by verifier and name verifier's log; signatures
// by keys that are not known (witnesses) and extension lines are allowed and
// ignored, as the specification asks.
func ParseCheckpoint(verifier note.Verifier, text []byte) (Checkpoint, error) {
	if len(text) > MaxCheckpoint {
		return Checkpoint{}, fmt.Errorf("a checkpoint of %d bytes is over the limit of %d", len(text), MaxCheckpoint)
	}
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		var unverified *note.UnverifiedNoteError
		if errors.As(err, &unverified) {
			return Checkpoint{}, fmt.Errorf("the checkpoint carries no signature by %q", verifier.Name())
		}
		return Checkpoint{}, fmt.Errorf("reading the checkpoint: %w", err)
	}
	// One spelling of each signature: the bits that base64 leaves over must be
	// zero, or a byte of the text could change and go unnoticed.
	for _, sig := range n.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, errors.New("the checkpoint's signature is not in its one spelling")
		}
	}
	c, err := parseCheckpointText(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != verifier.Name() {
		return Checkpoint{}, fmt.Errorf("the checkpoint is of the log %q, not of %q", c.Origin, verifier.Name())
	}
	return c, nil
}

func parseCheckpointText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	// A note's text ends in a newline, so the last element is empty.
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return Checkpoint{}, errors.New("the checkpoint has fewer than three lines")
	}
	for _, ext := range lines[3 : len(lines)-1] {
		if ext == "" {
			return Checkpoint{}, errors.New("the checkpoint has an empty extension line")
		}
	}
	if err := checkName(lines[0]); err != nil {
		return Checkpoint{}, err
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > maxSize || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("the checkpoint's size is not a plain decimal number")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(raw) != HashSize || len(lines[2]) != base64.StdEncoding.EncodedLen(HashSize) {
		return Checkpoint{}, errors.New("the checkpoint's root is not 32 bytes of base64")
	}
	c := Checkpoint{Origin: lines[0], Size: size}
	copy(c.Root[:], raw)
	if size == 0 {
		if empty, err := xtlog.TreeHash(0, nil); err != nil || !bytes.Equal(raw, empty[:]) {
			return Checkpoint{}, errEmptyTree
		}
	}
	return c, nil
}

// checkName applies the rule of C2SP signed-note to a key name or origin: not
// empty, no Unicode space, no plus sign; and no control characters.
func checkName(name string) error {
	if name == "" || len(name) > 255 || !utf8.ValidString(name) {
		return errors.New("a log's name is 1 to 255 bytes of UTF-8")
	}
	for _, r := range name {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' {
			return errors.New("a log's name has no spaces, control characters or plus signs")
		}
	}
	return nil
}
