package ui

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// TestPasskeyForm lets the script register a passkey and sign in with it at
// Chromium's virtual authenticator. What the server makes of the answers is
// tested where it is done; here only the script's part: options in, credential
// out, onward, and a clear sentence when it fails.
func TestPasskeyForm(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h, url := newHouse(t)
	url = strings.Replace(url, "127.0.0.1", "localhost", 1) // passkeys belong to a name, not to an address
	var mu sync.Mutex
	finished := map[string]string{} // kind → type of what came
	labels, refuse := "", false
	for _, kind := range []string{"register", "signin"} {
		h.mux.HandleFunc("GET /"+kind, func(w http.ResponseWriter, r *http.Request) {
			h.write(w, r, within(PublicPage(Frame{Title: kind, Community: "Device ISAO"}), TitleRow(Heading{Title: kind}),
				PasskeyForm(Passkey{Kind: kind, BeginURL: "/" + kind + "/begin", FinishURL: "/" + kind + "/finish", Button: "Go on", Fields: []Field{{Name: "label", Label: "Name", Value: "Laptop"}}})))
		})
		h.mux.HandleFunc("POST /"+kind+"/begin", func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			labels += r.FormValue("label") + " "
			if refuse {
				w.WriteHeader(http.StatusConflict)
				io.WriteString(w, `{"detail":"The link was used already."}`)
				return
			}
			if kind == "register" {
				io.WriteString(w, `{"publicKey":{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","rp":{"id":"localhost","name":"Device ISAO"},"user":{"id":"AQID","name":"osei","displayName":"R. Osei"},"pubKeyCredParams":[{"type":"public-key","alg":-7}],"authenticatorSelection":{"residentKey":"required","userVerification":"required"}}}`)
				return
			}
			io.WriteString(w, `{"publicKey":{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","rpId":"localhost","userVerification":"required"}}`)
		})
		h.mux.HandleFunc("POST /"+kind+"/finish", func(w http.ResponseWriter, r *http.Request) {
			var c struct {
				Type     string
				Response map[string]any
			}
			if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			what := c.Type
			for _, field := range []string{"attestationObject", "signature", "userHandle"} {
				if s, _ := c.Response[field].(string); s != "" {
					what += " " + field
				}
			}
			mu.Lock()
			finished[kind] = what
			mu.Unlock()
			io.WriteString(w, `{"next":"/gallery/empty"}`)
		})
	}
	ctx := browser(t)
	if err := chromedp.Do(ctx); err != nil { // starts the browser
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	press := chromedp.Click(chromedp.CSS("form[data-passkey] button"))
	for _, c := range []struct{ kind, want string }{
		{"register", "public-key attestationObject"}, {"signin", "public-key signature userHandle"},
	} {
		if err := chromedp.Do(ctx, chromedp.Navigate(url+"/"+c.kind), press); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			mu.Lock()
			got := finished[c.kind]
			mu.Unlock()
			if got != "" {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		mu.Lock()
		if finished[c.kind] != c.want {
			t.Errorf("%s finished with %q, want %q", c.kind, finished[c.kind], c.want)
		}
		mu.Unlock()
		if err := chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS(".empty"))); err != nil {
			t.Errorf("%s did not go on: %v", c.kind, err)
		}
	}
	mu.Lock()
	if labels != "Laptop Laptop " {
		t.Errorf("begin was sent %q, want the form's field twice", labels)
	}
	refuse = true
	mu.Unlock()

	if err := chromedp.Do(ctx, chromedp.Navigate(url+"/register"), press, chromedp.WaitVisible(chromedp.CSS(".form-state.bad"))); err != nil {
		t.Fatal(err)
	}
	got, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS(".form-state")))
	if err != nil || got != "Nothing was changed. The link was used already." {
		t.Errorf("a refusal reads %q (%v)", got, err)
	}
	if v := h.violations(); len(v) > 0 {
		t.Errorf("%d reports against the policy, first: %s", len(v), v[0])
	}
}
