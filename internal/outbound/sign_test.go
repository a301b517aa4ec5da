package outbound

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var secret = []byte("a secret of an invented webhook, long enough")

// vector was made by another program.
const vector = "b6c0db898f8fb7603db44c9f3829cff3e8e26e5202ebe6bcd4b28e894c3c7478"

func TestSign(t *testing.T) {
	at := time.Unix(1_770_000_000, 999)
	body := []byte(`{"event":"alert.sent"}`)
	header := Sign(secret, at, body)
	// The value is what any HMAC-SHA-256 gives for "1770000000." and the body.
	if want := "t=1770000000,v1=" + vector; header != want {
		t.Errorf("it is %s", header)
	}
	other := Sign([]byte("another"), at, body)
	for name, c := range map[string]struct {
		secret []byte
		header string
		body   string
		now    time.Time
		want   error
	}{
		"as sent":                {secret, header, string(body), at, nil},
		"at the end":             {secret, header, string(body), time.Unix(1_770_000_300, 0), nil},
		"a clock behind":         {secret, header, string(body), time.Unix(1_769_999_700, 0), nil},
		"two secrets":            {secret, header + "," + other[len("t=1770000000,"):], string(body), at, nil},
		"two secrets, other way": {secret, other + "," + header[len("t=1770000000,"):], string(body), at, nil},
		"a later version":        {secret, header + ",v2=zz", string(body), at, nil},
		"spaces":                 {secret, "t=1770000000, v1=" + vector, string(body), at, nil},
		"too late":               {secret, header, string(body), time.Unix(1_770_000_301, 0), ErrStale},
		"too early":              {secret, header, string(body), time.Unix(1_769_999_699, 0), ErrStale},
		"another body":           {secret, header, string(body) + " ", at, ErrSignature},
		"another secret":         {secret, other, string(body), at, ErrSignature},
		"another time":           {secret, "t=1770000001,v1=" + vector, string(body), at, ErrSignature},
		"no secret":              {nil, Sign(nil, at, body), string(body), at, ErrSignature},
		"no header":              {secret, "", string(body), at, ErrSignature},
		"no time":                {secret, "v1=" + vector, string(body), at, ErrSignature},
		"two times":              {secret, "t=1770000000," + header, string(body), at, ErrSignature},
		"no signature":           {secret, "t=1770000000", string(body), at, ErrSignature},
		"negative time":          {secret, "t=-1,v1=" + vector, string(body), at, ErrSignature},
		"short":                  {secret, header[:len(header)-2], string(body), at, ErrSignature},
		"not hexadecimal":        {secret, header[:len(header)-2] + "zz", string(body), at, ErrSignature},
		"six":                    {secret, header + ",v1=" + vector + ",v1=" + vector + ",v1=" + vector + ",v1=" + vector + ",v1=" + vector, string(body), at, ErrSignature},
	} {
		if err := Verify(c.secret, c.header, []byte(c.body), c.now, 5*time.Minute); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	at := time.Unix(1_770_000_000, 0)
	f.Add(Sign(secret, at, []byte("x")), []byte("x"))
	f.Add("t=1,v1=", []byte(""))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		_ = Verify(secret, header, body, at, time.Hour)
		if err := Verify(secret, Sign(secret, at, body), body, at, 0); err != nil {
			t.Error(err)
		}
	})
}

// RFC 9110 §10.2.3.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second, "86400": 24 * time.Hour, "86401": 24 * time.Hour, "99999999999999999999999": 24 * time.Hour,
		"Mon, 02 Mar 2026 01:01:00 GMT": time.Minute, "Sun, 01 Mar 2026 01:01:00 GMT": 0, "Mon, 02 Mar 2099 01:01:00 GMT": 24 * time.Hour,
	} {
		if got, ok := RetryAfter(http.Header{"Retry-After": {value}}, now); !ok || got != want {
			t.Errorf("%q is %v, %t", value, got, ok)
		}
	}
	for _, value := range []string{"", "-1", "1.5", "soon", "2026-03-02T01:00:00Z"} {
		if got, ok := RetryAfter(http.Header{"Retry-After": {value}}, now); ok {
			t.Errorf("%q is %v", value, got)
		}
	}
}

func TestNextTry(t *testing.T) {
	least := []time.Duration{}
	for attempt := 1; attempt <= 12; attempt++ {
		least = append(least, NextTry(attempt, 0, 0))
	}
	s, m, h := time.Second, time.Minute, time.Hour
	if d := cmp.Diff([]time.Duration{15 * s, 30 * s, m, 2 * m, 4 * m, 8 * m, 16 * m, 32 * m, 64 * m, 128 * m, 3 * h, 3 * h}, least); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	rapid.Check(t, func(t *rapid.T) {
		attempt := rapid.IntRange(-3, 1<<40).Draw(t, "attempt")
		asked := time.Duration(rapid.Int64Range(-1, int64(100*time.Hour)).Draw(t, "asked"))
		random := rapid.Uint64().Draw(t, "random")
		got := NextTry(attempt, asked, random)
		if got < min(asked, longestAsk) || got < firstWait/2 || got > max(longestTry, min(asked, longestAsk)+longestAsk/10) {
			t.Fatalf("attempt %d, asked for %v: %v", attempt, asked, got)
		}
		if later := NextTry(attempt+1, asked, random); later < got {
			t.Fatalf("attempt %d waits %v, the next %v", attempt, got, later)
		}
	})
	numbers := map[uint64]bool{}
	for range 8 {
		numbers[Random()] = true
	}
	if len(numbers) < 8 {
		t.Error("the random numbers repeat")
	}
}
