package web_test

import (
	"encoding/base64"
	"io"
	"net/http"

	"github.com/cordon-isao/cordon/web"
)

func personaOf(key, name, id string) web.Persona {
	return web.Persona{Key: key, Name: name, Org: "Device ISAO Desk", Kind: "isao", Title: "Coordinator", ID: id}
}

func readAnswer(h *house, res *http.Response) answer {
	h.t.Helper()
	b, err := io.ReadAll(res.Body)
	h.ok(err)
	return answer{res.StatusCode, res.Header, string(b)}
}

// assertionOf is a well-formed answer of a passkey that claims to be a person's,
// with a signature that is none.
func assertionOf(person string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	client := b64([]byte(`{"type":"webauthn.get","challenge":"AAAA","origin":"http://localhost","crossOrigin":false}`))
	data := make([]byte, 37)
	data[32] = 0x05 // user present and verified
	return `{"id":"` + b64([]byte("credential")) + `","rawId":"` + b64([]byte("credential")) + `","type":"public-key","response":{"clientDataJSON":"` + client +
		`","authenticatorData":"` + b64(data) + `","signature":"` + b64([]byte("none")) + `","userHandle":"` + b64([]byte(person)) + `"}}`
}
