package httpkit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
)

// T-45, T-46: on the routes of the drop neither address nor cookie tells askers
// apart: all have one budget, and whoever uses it up uses up nobody's elsewhere.
func TestUnnamed(t *testing.T) {
	clk := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	h := Limit(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), clk)
	ask := func(path string, n int) int {
		r := httptest.NewRequest("POST", path, nil)
		r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:4000", n/250, n%250)
		r.Header.Set("Authorization", fmt.Sprintf("Bearer %d", n))
		r.AddCookie(&http.Cookie{Name: "cordon", Value: fmt.Sprint(n)})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for n := range burst {
		if code := ask("/report/return", n); code != 200 {
			t.Fatalf("request %d: %d", n, code)
		}
	}
	for _, path := range []string{"/report", "/report/return", "/report/file", "/.well-known/security.txt"} {
		if code := ask(path, 9999); code != http.StatusTooManyRequests {
			t.Errorf("%s has a budget of its own: %d", path, code)
		}
	}
	for _, path := range []string{"/", "/reports", "/reporting"} {
		if code := ask(path, 9999); code != 200 {
			t.Errorf("%s shares the drop's budget: %d", path, code)
		}
	}
}
