// Package epss reads the daily scores of FIRST's Exploit Prediction Scoring
// System, CSV or gzip of it: for each CVE id the probability that it is
// exploited within the next 30 days, and its rank. Values are kept as they are,
// never put in bins.
package epss

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
)

// Limits of a file (T-52). That of a day in 2025 has 290,000 scores in 9 MB.
const (
	MaxUnpacked = 512 << 20 // bytes
	MaxRatio    = 100       // unpacked to packed
	MaxScores   = 5_000_000
	maxLine     = 1024
)

// Each reads a file of scores. Without a first line that says so
// (#model_version:…,score_date:…) date is zero.
func Each(r io.Reader, fn func(cve string, score, percentile float64, date time.Time) error) error {
	return EachSkip(r, fn, nil)
}

// EachSkip is [Each]; skip, which may be nil, hears of each line that cannot be
// read, and the reading goes on.
func EachSkip(r io.Reader, fn func(cve string, score, percentile float64, date time.Time) error, skip func(where string, err error)) error {
	in, err := open(r)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	var date time.Time
	header, n := false, 0
	for line := 1; lines.Scan(); line++ {
		text := strings.TrimSpace(lines.Text())
		switch {
		case text == "":
			continue
		case strings.HasPrefix(text, "#"):
			if date, err = scoreDate(text); err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			continue
		case !header:
			if text != "cve,epss,percentile" {
				return fmt.Errorf("line %d: these are not EPSS scores: the header is not cve,epss,percentile", line)
			}
			header = true
			continue
		}
		if n++; n > MaxScores {
			return fmt.Errorf("the file has more than %d scores", MaxScores)
		}
		cve, score, percentile, err := row(text)
		if err == nil {
			if err := fn(cve, score, percentile, date); err != nil {
				return err
			}
			continue
		}
		where := fmt.Sprintf("line %d", line)
		if skip == nil {
			return fmt.Errorf("EPSS %s: %w", where, err)
		}
		skip(where, err)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("these are not EPSS scores: a line is longer than %d bytes", maxLine)
	case err != nil:
		return fmt.Errorf("reading EPSS scores: %w", err)
	case !header:
		return errors.New("these are not EPSS scores: there is no header")
	}
	return nil
}

// Record gives a score as a record.
func Record(cve string, score, percentile float64, date time.Time) vuln.Record {
	return vuln.Record{ID: cve, Source: vuln.InEPSS, Published: date, Modified: date, EPSS: &vuln.EPSS{Score: score, Percentile: percentile, Date: date}}
}

var idPattern = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

func row(text string) (cve string, score, percentile float64, err error) {
	cve, rest, _ := strings.Cut(text, ",")
	first, second, ok := strings.Cut(rest, ",")
	if !ok || strings.Contains(second, ",") {
		return "", 0, 0, errors.New("there are not three values")
	}
	if !idPattern.MatchString(cve) {
		return "", 0, 0, errors.New("the first value is not a CVE id")
	}
	if score, err = share(first); err != nil {
		return "", 0, 0, fmt.Errorf("the score of %s %w", cve, err)
	}
	if percentile, err = share(second); err != nil {
		return "", 0, 0, fmt.Errorf("the percentile of %s %w", cve, err)
	}
	return cve, score, percentile, nil
}

func share(s string) (float64, error) {
	if strings.ContainsAny(s, "xXpP_nN") { // forms of Go's that are none of CSV's
		return 0, errors.New("is not a number")
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, errors.New("is not a number")
	}
	if !(f >= 0 && f <= 1) {
		return 0, errors.New("is not between 0 and 1")
	}
	return f, nil
}

// scoreDate finds the day in the first line.
func scoreDate(line string) (time.Time, error) {
	for part := range strings.SplitSeq(strings.TrimPrefix(line, "#"), ",") {
		name, value, _ := strings.Cut(part, ":")
		if strings.TrimSpace(name) != "score_date" {
			continue
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", time.DateOnly} {
			if t, err := time.Parse(layout, strings.TrimSpace(value)); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, errors.New("the score_date is not a date")
	}
	return time.Time{}, errors.New("the first line has no score_date")
}

// open unpacks gzip, within limits, and gives anything else as it is.
func open(r io.Reader) (io.Reader, error) {
	packed := &counter{in: r}
	buffered := bufio.NewReader(packed)
	if magic, err := buffered.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return &bounded{in: buffered, left: MaxUnpacked}, nil
	}
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, errors.New("the file begins as gzip but is not")
	}
	return &bounded{in: z, left: MaxUnpacked, packed: packed}, nil
}

type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded ends a stream that unpacks to more than it should.
type bounded struct {
	in     io.Reader
	left   int64
	n      int64
	packed *counter // nil: not packed
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.n += int64(n)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("the file is larger than %d bytes", MaxUnpacked)
	}
	if b.packed != nil && b.n > max(1<<20, MaxRatio*b.packed.n) {
		return 0, fmt.Errorf("the file unpacks to more than %d times its size", MaxRatio)
	}
	return n, err
}
