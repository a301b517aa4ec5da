package taxii

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	formats "github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// BenchmarkPages sets pages of objects beside a static file server (net/http's own)
// that sends the same bytes, in turns, on the same machine in the same run. The
// reader may see 90 % of the objects. first is pages of objects that nobody asked for
// since the program started, cold is pages that this reader did not ask for before
// and another did, and warm is pages that he did; the 20,000 oldest objects of the
// store, however large it is; all as a part of the static server's throughput (1 =
// as fast). Goals: cold 0.25, warm 0.5. On a busy machine
// the same of processor time (:static-cpu) says more.
//
// CORDON_BENCH_OBJECTS sets how many objects there are, instead of 25,000.
// CORDON_BENCH_PROFILE=cold, warm or static keeps to one, for a profile.
func BenchmarkPages(b *testing.B) {
	total := 25_000
	if s := os.Getenv("CORDON_BENCH_OBJECTS"); s != "" {
		total, _ = strconv.Atoi(s)
	}
	only := os.Getenv("CORDON_BENCH_PROFILE")
	x := newHouse(b, town.New(b, ""))
	fill(x, total)
	token := x.Token(town.Wim)
	basic := "Basic " + basicOf(token)
	for _, limit := range []int{100, 1000} {
		b.Run(fmt.Sprintf("of%d", limit), func(b *testing.B) {
			paths, bodies := walk(x, token, limit, 20_000/limit)
			dir := b.TempDir()
			files := make([]string, len(bodies))
			bytes := 0
			for i, body := range bodies {
				files[i] = fmt.Sprintf("/%d.json", i)
				x.OK(os.WriteFile(filepath.Join(dir, files[i]), []byte(body), 0o600))
				bytes += len(body)
			}
			static := httptest.NewServer(http.FileServer(http.Dir(dir)))
			defer static.Close()
			some := min(len(paths), 40*100/limit) // of which all forms are kept
			var rate, cost [5][]float64
			note := func(i int, r, c float64) { rate[i], cost[i] = append(rate[i], r), append(cost[i], c) }
			for b.Loop() {
				srv := &Server{DB: x.DB, Members: x.Members, Intel: x.Intel, Box: x.Box, Log: x.srv.Log, Origin: x.srv.Origin}
				web := httptest.NewServer(srv.mux())
				if only == "" || only == "static" {
					r, c := pull(b, static.Listener.Addr().String(), "", files, 2*len(files))
					note(0, r, c)
				}
				if only == "" || only == "first" {
					again := intel.New(x.Members, x.Blobs, x.Box) // which has read nothing yet
					srv := &Server{DB: x.DB, Members: x.Members, Intel: again, Box: x.Box, Log: x.srv.Log, Origin: x.srv.Origin}
					web := httptest.NewServer(srv.mux())
					r, c := pull(b, web.Listener.Addr().String(), "Bearer "+token, paths, len(paths))
					note(4, r, c)
					web.Close()
				}
				if only == "" || only == "cold" {
					r, c := pull(b, web.Listener.Addr().String(), "Bearer "+token, paths, len(paths))
					note(1, r, c)
				}
				pull(b, web.Listener.Addr().String(), "Bearer "+token, paths[:some], some)
				if only == "" || only == "warm" {
					r, c := pull(b, web.Listener.Addr().String(), "Bearer "+token, paths[:some], 2*len(files))
					note(2, r, c)
					r, c = pull(b, web.Listener.Addr().String(), basic, paths[:some], 2*len(files))
					note(3, r, c)
				}
				web.Close()
			}
			for i, name := range []string{"static", "cold", "warm", "basic", "first"} {
				if len(rate[i]) > 0 {
					b.ReportMetric(median(rate[i]), name+"/s")
					b.ReportMetric(median(cost[i]), name+"-cpu-us")
					if i > 0 && len(rate[0]) > 0 {
						b.ReportMetric(median(rate[i])/median(rate[0]), name+":static")
						b.ReportMetric(median(cost[0])/median(cost[i]), name+":static-cpu")
					}
				}
			}
			b.ReportMetric(float64(bytes/len(bodies)/1000), "kB/page")
		})
	}
}

// fill shares objects of the mean size of ATT&CK's, nine in ten of them with the
// community and the rest within the sender's organization.
func fill(x *house, total int) {
	words := "telemetry firmware credential beacon gateway infusion pump station update channel vendor remote service certificate loader "
	for n := 0; n < total; {
		var objs []string
		for range min(2000, total-n) {
			marks := green
			if n%10 == 3 {
				marks = amberStrict
			}
			o := indicator(n, 0, marks)
			about := strings.Repeat(words, 3+n*7%23)
			objs = append(objs, strings.Replace(o, `"name":`, `"description":"`+about+`","name":`, 1))
			n++
		}
		x.take(town.Pia, published, objs...)
	}
}

// published is how a catalogue is taken in whose texts were looked at before.
var published = intel.Terms{Scrub: intel.ScrubJustified, Why: "Published by its source.", Unmarked: policy.Green}

// walk follows the cursor for so many pages.
func walk(x *house, token string, limit, most int) (paths, bodies []string) {
	base := fmt.Sprintf("/taxii2/community/collections/everything/objects/?limit=%d", limit)
	for path := base; len(paths) < most; {
		g := x.ok(town.Wim, path)
		e, err := formats.ParseEnvelope([]byte(g.body))
		x.OK(err)
		if len(e.Objects) == limit {
			paths, bodies = append(paths, path), append(bodies, g.body)
		}
		if !e.More {
			break
		}
		path = base + "&next=" + e.Next
	}
	return paths, bodies
}

// pull asks for n pages over four connections and tells how many came a second, and
// how many microseconds of processor time each cost, asking and answering. It reads
// answers as cheaply as can be, because it shares the machine.
func pull(b *testing.B, addr, auth string, paths []string, n int) (rate, cost float64) {
	runtime.GC()
	used := spent()
	var wg sync.WaitGroup
	start := time.Now()
	for c := range 4 {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			r := bufio.NewReaderSize(conn, 256<<10)
			for i := c; i < n; i += 4 {
				head := "GET " + paths[i%len(paths)] + " HTTP/1.1\r\nHost: x\r\n"
				if auth != "" {
					head += "Authorization: " + auth + "\r\nAccept: " + formats.MediaType + "\r\n"
				}
				if _, err := conn.Write([]byte(head + "\r\n")); err != nil {
					b.Error(err)
					return
				}
				tp := textproto.NewReader(r)
				line, err := tp.ReadLine()
				if err != nil || !strings.Contains(line, " 200 ") {
					b.Errorf("%s: %v", line, err)
					return
				}
				h, err := tp.ReadMIMEHeader()
				if err != nil {
					b.Error(err)
					return
				}
				length, _ := strconv.Atoi(h.Get("Content-Length"))
				if _, err := r.Discard(length); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds(), float64((spent() - used).Microseconds()) / float64(n)
}

// spent is the processor time of this process so far.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
