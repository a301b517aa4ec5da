package intel

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/seal"
)

// A cursor names the last object that its reader was given: its id, version and
// date, which he has seen, and not its place, which would tell how much came that
// he may not see. It is sealed for one reader and one question, and always the
// same for the same, so that equal answers have equal bytes (T-01).
type cursorKeys struct{ mac, enc [seal.KeySize]byte }

func newCursorKeys(box *seal.Box) cursorKeys {
	return cursorKeys{box.Secret("intel cursor mac"), box.Secret("intel cursor")}
}

// errCursor is told for every cursor that was not given to this reader for this
// question.
var errCursor = fault.InvalidField("next", "This cursor is not one that was given to you for this question. Begin again without it.")

func (k cursorKeys) seal(reader, question, id string, version, added int64) string {
	plain := []byte(id + " " + strconv.FormatInt(version, 36) + " " + strconv.FormatInt(added, 36))
	tag := k.tag(reader, question, plain)
	out := make([]byte, len(tag)+len(plain))
	copy(out, tag)
	k.stream(tag).XORKeyStream(out[len(tag):], plain)
	return base64.RawURLEncoding.EncodeToString(out)
}

func (k cursorKeys) open(reader, question, cursor string) (id string, version, added int64, err error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(sealed) <= aes.BlockSize || len(sealed) > 400 {
		return "", 0, 0, errCursor
	}
	tag, plain := sealed[:aes.BlockSize], sealed[aes.BlockSize:]
	k.stream(tag).XORKeyStream(plain, plain)
	if !hmac.Equal(tag, k.tag(reader, question, plain)) {
		return "", 0, 0, errCursor
	}
	parts := strings.Split(string(plain), " ")
	if len(parts) != 3 {
		return "", 0, 0, errCursor
	}
	version, err1 := strconv.ParseInt(parts[1], 36, 64)
	added, err2 := strconv.ParseInt(parts[2], 36, 64)
	if err1 != nil || err2 != nil {
		return "", 0, 0, errCursor
	}
	return parts[0], version, added, nil
}

func (k cursorKeys) tag(reader, question string, plain []byte) []byte {
	h := hmac.New(sha256.New, k.mac[:])
	for _, part := range []string{reader, question} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	h.Write(plain)
	return h.Sum(nil)[:aes.BlockSize]
}

func (k cursorKeys) stream(iv []byte) cipher.Stream {
	block, err := aes.NewCipher(k.enc[:])
	if err != nil {
		panic("intel: AES refused a 32-byte key: " + err.Error())
	}
	return cipher.NewCTR(block, iv)
}

// after is the place behind the object that a cursor names, even when the object
// was deleted or its label changed since.
func (x *Intel) after(v *db.View, question, cursor string) (int64, error) {
	id, version, added, err := x.cursor.open(v.Viewer().Actor(), question, cursor)
	if err != nil {
		return 0, err
	}
	sys := v.As(system)
	n, err := db.One(sys, db.Value[int64], `SELECT o.n FROM visible.intel_objects o WHERE o.id = $1 AND o.version = $2 AND o.added = $3`, id, version, added)
	if fault.Is(err, fault.Missing) {
		n, err = db.One(sys, db.Value[int64], `SELECT g.n FROM intel_gone g WHERE g.id = $1 AND g.version = $2 AND g.added = $3`, id, version, added)
	}
	if fault.Is(err, fault.Missing) {
		return 0, errCursor
	}
	return n, err
}
