//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/policy"
)

// T-20 for customer notices: the server is killed with SIGKILL while notices are
// marked as sent. Of each the ledger has both instants, that it was sent and that
// the ISAO got its copy, or neither; what was acknowledged has both.
func TestKillWhileSendingSQLite(t *testing.T) {
	t.Parallel()
	sendings(t, cycles(6), "")
}

// See TestKillWhileSendingSQLite.
func TestKillWhileSendingPostgres(t *testing.T) {
	t.Parallel()
	sendings(t, cycles(3), pgtest.Cluster(t).Fresh())
}

func sendings(t *testing.T, cycles int, database string) {
	const perCycle = 60 // more than are sent before the kill
	roll := seeded(t, cycles)
	dir := t.TempDir()
	token, drafts := draftNotices(t, dir, database, perCycle*cycles)
	args := []string{"serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error"}
	if database != "" {
		args = append(args, "--database", database)
	}
	acked, between := map[string]bool{}, 0
	for n := range cycles {
		server := start(t, args...)
		todo := make(chan string, perCycle)
		for _, id := range drafts[n*perCycle : (n+1)*perCycle] {
			todo <- id
		}
		close(todo)
		var mu sync.Mutex
		var wg sync.WaitGroup
		first := make(chan struct{})
		var once sync.Once
		for range 4 {
			wg.Go(func() {
				for id := range todo {
					a := ask("POST", server.url+"/api/v1/notices/"+id+"/send", token, "", "application/json", []byte(`{"via":"E-mail"}`))
					switch {
					case a.err != nil:
						return // killed
					case a.status != http.StatusOK:
						t.Errorf("send a notice: %d %s", a.status, a.body)
						return
					}
					once.Do(func() { close(first) })
					mu.Lock()
					acked[id] = true
					mu.Unlock()
				}
			})
		}
		select {
		case <-first:
			time.Sleep(time.Duration(roll.below(60_000)) * time.Microsecond)
		case <-time.After(20 * time.Second):
			t.Error("no notice is sent within 20 s")
		}
		server.kill()
		wg.Wait()
		if t.Failed() {
			return
		}
	}
	sent, copied, states := instants(t, dir, database)
	for _, id := range drafts {
		if sent[id] != copied[id] {
			t.Errorf("notice %s: sent %v, copied to the ISAO %v", id, sent[id], copied[id])
		}
		if acked[id] && !sent[id] {
			t.Errorf("notice %s was acknowledged as sent and is not", id)
		}
		if (states[id] == cases.NoticeSent) != sent[id] {
			t.Errorf("notice %s is %q, its entry says sent %v", id, states[id], sent[id])
		}
		if sent[id] && !acked[id] {
			between++
		}
	}
	v := &victim{t: t, dir: dir, database: database}
	v.ledgerWhole()
	t.Logf("%d kills, %d sendings acknowledged, %d recorded without an answer", cycles, len(acked), between)
	if len(acked) < cycles || len(acked) == len(drafts) {
		t.Errorf("%d of %d notices were sent: the kills came too early or too late to prove anything", len(acked), len(drafts))
	}
}

// draftNotices founds a community with a manufacturer's case and drafts of
// notices in it, and leaves it closed.
func draftNotices(t *testing.T, dir, database string, n int) (token string, drafts []string) {
	t.Helper()
	w := closedWorld(t, plan{Data: dir, Database: database, Clock: clock.System()})
	w.found()
	person := w.person(w.org("Pumpworks", policy.Manufacturer), "Pia Holm")
	token = w.token(person)
	c := w.house.cases
	var id, party string
	w.write(w.viewer(person), func(tx *db.Tx) (err error) {
		id, _, err = c.Open(tx, cases.NewCase{Title: "Open port", LearnedAt: tx.Now().Add(-time.Hour)})
		return err
	})
	w.write(w.viewer(person), func(tx *db.Tx) error {
		ps, err := c.Parties(tx.View, id)
		if err != nil {
			return err
		}
		party = ps[0].ID
		for i := range n {
			text := toldCustomers
			text.Subject = fmt.Sprintf("Open port, notice %d", i)
			notice, _, err := c.DraftNotice(tx, party, text, "")
			if err != nil {
				return err
			}
			drafts = append(drafts, notice)
		}
		return nil
	})
	if err := w.house.close(); err != nil {
		t.Fatal(err)
	}
	return token, drafts
}

// instants reads from the store of a killed server which notices have an entry of
// having been sent, which one of the ISAO's copy, and what their rows say.
func instants(t *testing.T, dir, database string) (sent, copied map[string]bool, states map[string]cases.NoticeState) {
	t.Helper()
	sent, copied, states = map[string]bool{}, map[string]bool{}, map[string]cases.NoticeState{}
	d, l, err := openStore(context.Background(), dir, database)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := l.Attach(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	type row struct{ id, state string }
	err = d.Read(context.Background(), policy.System("test"), func(v *db.View) error {
		for from := int64(0); ; {
			es, err := l.Range(v, from, 500)
			if err != nil {
				return err
			}
			if len(es) == 0 {
				break
			}
			for _, e := range es {
				switch e.Verb {
				case "notice.sent":
					sent[e.Object] = true
				case "notice.copied-to-isao":
					x, err := l.Open(v, e)
					if err != nil {
						return err
					}
					var data struct{ Notice string }
					if err := json.Unmarshal(x.Event.Data, &data); err != nil {
						return err
					}
					copied[data.Notice] = true
				}
			}
			from = es[len(es)-1].Seq + 1
		}
		rows, err := db.All(v, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.id, &r.state); return r, err }, `SELECT n.id, n.state FROM visible.case_notices n`)
		for _, r := range rows {
			states[r.id] = cases.NoticeState(r.state)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sent, copied, states
}
