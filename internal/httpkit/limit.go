package httpkit

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cordon-isao/cordon/internal/clock"
)

// Limits of one asker (a session, a token or, without either, an address; for
// [Unnamed] requests everybody together). They
// are far above what people and well-behaved programs do; they bound what a
// runaway or a guesser can (T-57).
const (
	perSecond      = 200 // requests
	burst          = 2000
	guessPerSecond = 1 // requests to doors that can be guessed at: sign-in, invitations
	guessBurst     = 60
)

// Unnamed reports whether a request is for a route whose askers are told apart by
// nothing, not even in memory: the public form for reports and what belongs to it
// ([Anonymous]). All of them share one budget.
func Unnamed(r *http.Request) bool {
	if r.URL.Path == "/api/v1/reports/anonymous" || strings.HasPrefix(r.URL.Path, "/api/v1/reports/anonymous/") {
		return true
	}
	return r.URL.Path == "/report" || strings.HasPrefix(r.URL.Path, "/report/") || r.URL.Path == "/.well-known/security.txt"
}

// Limit answers 429 to an asker who is faster than the limits. Each asker has a
// budget of its own, so nobody can use up another's.
func Limit(next http.Handler, clk clock.Clock) http.Handler {
	all := &budget{clock: clk, every: perSecond, burst: burst}
	guess := &budget{clock: clk, every: guessPerSecond, burst: guessBurst}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := asker(r)
		wait := all.take(key)
		if wait == 0 && key != unnamed && guessable(r) {
			wait = guess.take("guess " + address(r))
		}
		if wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusTooManyRequests)
			w.Write([]byte(`{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"You are asking faster than is allowed. Nothing was changed; wait a moment."}` + "\n"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guessable reports whether a request tries a secret without being anybody yet.
func guessable(r *http.Request) bool {
	if r.Method == http.MethodGet {
		return strings.HasPrefix(r.URL.Path, "/invitations/") || strings.HasPrefix(r.URL.Path, "/first-run/")
	}
	return strings.HasPrefix(r.URL.Path, "/sign-in/") || strings.HasPrefix(r.URL.Path, "/invitations/") || strings.HasPrefix(r.URL.Path, "/first-run/")
}

// unnamed is the budget of [Unnamed] requests.
const unnamed = "nobody"

// asker names whose budget a request uses.
func asker(r *http.Request) string {
	if Unnamed(r) {
		return unnamed
	}
	if t := Bearer(r); t != "" {
		return "t " + t
	}
	if _, t, ok := r.BasicAuth(); ok && strings.HasPrefix(r.URL.Path, "/taxii2/") { // the same token, said in the other way
		return "t " + t
	}
	for _, name := range []string{"__Host-cordon", "cordon"} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" {
			return "c " + c.Value
		}
	}
	return "a " + address(r)
}

// address is the asker's address; of IPv6 the /64 that one customer has.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := net.ParseIP(host)
	if ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}

// budget is a set of token buckets, forgotten when full again.
type budget struct {
	clock clock.Clock
	every rate.Limit
	burst int

	mu      sync.Mutex
	askers  map[string]*rate.Limiter
	sweepAt time.Time
}

// take takes one request from an asker's budget, or tells how long to wait.
func (b *budget) take(key string) time.Duration {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.askers == nil || now.After(b.sweepAt) {
		fresh := map[string]*rate.Limiter{}
		for k, l := range b.askers {
			if l.TokensAt(now) < float64(b.burst) {
				fresh[k] = l
			}
		}
		b.askers, b.sweepAt = fresh, now.Add(time.Minute)
	}
	l := b.askers[key]
	if l == nil {
		l = rate.NewLimiter(b.every, b.burst)
		b.askers[key] = l
	}
	if l.AllowN(now, 1) {
		return 0
	}
	return time.Duration((1 - l.TokensAt(now)) / float64(b.every) * float64(time.Second))
}

// Hosts answers only under the given names, so that a name which somebody else
// points at this address (DNS rebinding) opens nothing.
func Hosts(next http.Handler, names []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(names, strings.ToLower(r.Host)) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusMisdirectedRequest)
			w.Write([]byte(`{"type":"about:blank","title":"Misdirected Request","status":421,"detail":"This server does not answer under that name. Use the address it printed, or set --origin."}` + "\n"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
