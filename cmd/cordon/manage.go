package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	stdlog "log"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/web"
)

// requests counts answers by route and status: never by who, what or where.
var requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name: "cordon_http_request_seconds", Help: "Time to answer, by route pattern and status.",
	Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
}, []string{"route", "code"})

// count measures every answer under its route's pattern.
func (h *house) count(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if httpkit.Unnamed(r) {
			// Who collects these numbers would learn to the second when a stranger reported.
			next.ServeHTTP(w, r)
			return
		}
		_, pattern := mux.Handler(r)
		rec := &recorder{ResponseWriter: w, code: 200}
		began := clock.System().Now()
		next.ServeHTTP(rec, r)
		requests.WithLabelValues(pattern, strconv.Itoa(rec.code)).Observe(clock.Since(began).Seconds())
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int)        { r.code = code; r.ResponseWriter.WriteHeader(code) }
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// listenManagement opens the listener for those who run the machine: it is never
// the one that members use.
func (h *house) listenManagement(addr string) (*http.Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for management: %w", err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cordon_live_streams", Help: "Open live streams."}, func() float64 { return float64(h.hub.Len()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cordon_deadline_pass_age_seconds", Help: "Time since this node's newest deadline pass; -1 before the first."}, func() float64 {
			if age, ok := h.sincePass(); ok {
				return age.Seconds()
			}
			return -1
		}),
		h.obligationGauge("open", "Obligations of which something is still to be done.", func(d cases.Deadlines) int { return d.Open }),
		h.obligationGauge("waiting", "Obligations that wait for a deadline pass.", func(d cases.Deadlines) int { return d.Waiting }))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-h.db.Failed():
			http.Error(w, "the storage failed", http.StatusServiceUnavailable)
		default:
			fmt.Fprintln(w, "ready")
		}
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go srv.Serve(ln)
	return srv, nil
}

// obligationGauge counts obligations when it is asked; of no number, NaN.
func (h *house) obligationGauge(name, help string, count func(cases.Deadlines) int) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cordon_obligations_" + name, Help: help}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		d, err := h.deadlines(ctx)
		if err != nil {
			return math.NaN()
		}
		return float64(count(d))
	})
}

// quiet keeps what net/http says of broken connections at debug level.
func quiet(log *slog.Logger) *stdlog.Logger { return slog.NewLogLogger(log.Handler(), slog.LevelDebug) }

// backupHealth says when the newest backup was made. "cordon backup" leaves its
// time in the data folder.
func (h *house) backupHealth() []web.HealthLine {
	info, err := os.Stat(filepath.Join(h.data, "last-backup"))
	if err != nil {
		return []web.HealthLine{{OK: false, Text: "There is no backup yet. Run cordon backup FILE; it works while the server runs."}}
	}
	age := clock.Since(info.ModTime())
	return []web.HealthLine{{OK: age < 26*time.Hour, Text: fmt.Sprintf("The last backup was verified %s ago.", age.Round(time.Minute))}}
}

// diskHealth says how much room is left.
func (h *house) diskHealth() []web.HealthLine {
	free, total, err := freeBytes(h.data)
	if err != nil || total == 0 {
		return nil
	}
	return []web.HealthLine{{OK: free*10 > total || free > 5<<30, Text: fmt.Sprintf("%.1f GB of storage are free.", float64(free)/1e9)}}
}
