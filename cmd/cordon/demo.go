package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web"
)

// demoCmd opens a furnished community. Its people sign in with one click, so it
// listens on this machine only.
type demoCmd struct {
	Data     string `help:"Folder that keeps the demo, so that the second start is instant. Default: cordon-demo in the user's cache folder." type:"path" placeholder:"DIR"`
	Addr     string `help:"Loopback HOST:PORT to listen on." default:"127.0.0.1:8080"`
	Database string `help:"PostgreSQL, as postgres://…; without it the embedded database is used." placeholder:"URL"`
	Personas string `help:"Also write the address and a token for every person to this file (JSON), for programs and tests." type:"path" placeholder:"FILE"`
	Fresh    bool   `help:"Begin again: remove what an earlier demo left in the folder."`
	LogLevel string `name:"log-level" help:"debug, info, warn or error." default:"warn" enum:"debug,info,warn,error"`
}

// demoFile is the mark of a furnished folder: who is who.
const demoFile = "demo.json"

// demoState is what demoFile holds. Its presence means that furnishing ended;
// demoBegun means that it began, and that everything in the folder is the demo's.
type demoState struct {
	Personas []demoPersona `json:"personas"`
	Tokens   time.Time     `json:"tokens_until"`
}

type demoPersona struct {
	Key          string `json:"key"`
	Name         string `json:"name"`
	Organization string `json:"organization"`
	Kind         string `json:"kind"`
	Token        string `json:"token"`
	ID           string `json:"id"`
	Title        string `json:"title"`
}

const demoBegun = "demo.begun"

// Run furnishes if need be, and serves.
func (c *demoCmd) Run(ctx context.Context, out io.Writer) error {
	if !loopback(c.Addr) {
		return fmt.Errorf("the demo signs anyone in as anyone, so it listens on this machine only: --addr %s is not a loopback address", c.Addr)
	}
	if c.Data == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		c.Data = filepath.Join(cache, "cordon-demo")
	}
	state, err := c.state()
	if err != nil {
		return err
	}
	clk := &storyClock{}
	if state != nil {
		clk.release()
	} else if err := c.clear(); err != nil {
		return err
	}
	cfg := Config{Data: c.Data, Addr: c.Addr, Database: c.Database, LogLevel: c.LogLevel}
	old := state != nil
	err = serve(ctx, cfg, out, clk, func(ctx context.Context, h *house, url string) error {
		if state == nil {
			began := clock.System().Now()
			if state, err = h.furnish(ctx, clk, out); err != nil {
				return fmt.Errorf("furnish the demo: %w", err)
			}
			clk.release()
			if _, err := h.ledger.Publish(ctx); err != nil {
				return err
			}
			if err := state.save(c.Data); err != nil {
				return err
			}
			fmt.Fprintf(out, "Furnished in %.1f s, kept in %s\n", clock.Since(began).Seconds(), c.Data)
		}
		if c.Personas != "" {
			if err := h.tokens(ctx, state, c.Data); err != nil {
				return err
			}
			if err := state.writePersonas(c.Personas, url); err != nil {
				return err
			}
			fmt.Fprintf(out, "Wrote %d people with their tokens to %s\n", len(state.Personas), c.Personas)
		}
		h.web.Demo = &web.Demo{}
		for _, p := range state.Personas {
			h.web.Demo.Personas = append(h.web.Demo.Personas, web.Persona{Key: p.Key, Name: p.Name, Org: p.Organization, Kind: p.Kind, Title: p.Title, ID: p.ID})
		}
		fmt.Fprintf(out, "The demo is open at %s\nIts people are invented, its advisories are CISA's. Press Ctrl C to stop.\n", url)
		return nil
	})
	if err != nil && old {
		return fmt.Errorf("%w (cordon demo --fresh furnishes it anew)", err)
	}
	return err
}

// state reads whether the folder is furnished; nil means not.
func (c *demoCmd) state() (*demoState, error) {
	b, err := os.ReadFile(filepath.Join(c.Data, demoFile))
	if errors.Is(err, os.ErrNotExist) || c.Fresh {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s demoState
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("read %s: %w", demoFile, err)
	}
	return &s, nil
}

// clear makes the folder empty, if what is in it is an unfinished or unwanted
// demo, and refuses any other folder.
func (c *demoCmd) clear() error {
	entries, err := os.ReadDir(c.Data)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		entries, err = nil, os.MkdirAll(c.Data, 0o700)
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(c.Data, demoBegun)); err != nil {
			return fmt.Errorf("the folder %s is not empty and not a demo's; choose another with --data", c.Data)
		}
		unlock, err := lockData(c.Data)
		if err != nil {
			return err
		}
		defer unlock()
		for _, e := range entries {
			if e.Name() != demoBegun && e.Name() != "lock" {
				if err := os.RemoveAll(filepath.Join(c.Data, e.Name())); err != nil {
					return fmt.Errorf("clear the old demo: %w", err)
				}
			}
		}
	}
	return seal.WriteFile(filepath.Join(c.Data, demoBegun), []byte("Everything in this folder belongs to a cordon demo.\n"))
}

func (s *demoState) save(dir string) error {
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	return seal.WriteFile(filepath.Join(dir, demoFile), b)
}

func (s *demoState) writePersonas(path, url string) error {
	type persona struct {
		Key          string `json:"key"`
		Name         string `json:"name"`
		Organization string `json:"organization"`
		Kind         string `json:"kind"`
		Token        string `json:"token"`
	}
	doc := struct {
		URL      string    `json:"url"`
		Personas []persona `json:"personas"`
	}{URL: url}
	for _, p := range s.Personas {
		doc.Personas = append(doc.Personas, persona{p.Key, p.Name, p.Organization, p.Kind, p.Token})
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	return seal.WriteFile(path, append(b, '\n'))
}

// tokens makes every person a token, unless those of an earlier start still hold.
func (h *house) tokens(ctx context.Context, s *demoState, dir string) error {
	now := h.db.Clock().Now()
	if s.Tokens.After(now.Add(24 * time.Hour)) {
		return nil
	}
	var wg sync.WaitGroup
	errs := make([]error, len(s.Personas))
	for i := range s.Personas {
		wg.Go(func() {
			errs[i] = h.db.Write(ctx, policy.System("demo"), func(tx *db.Tx) (err error) {
				s.Personas[i].Token, err = h.members.SeedToken(tx, s.Personas[i].ID, members.NewToken{Name: "demo", Scopes: policy.Scopes()})
				return err
			})
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	s.Tokens = now.Add(89 * 24 * time.Hour)
	return s.save(dir)
}

// storyClock stands where the story being told is, until it is released to the
// machine's time.
type storyClock struct {
	manual atomic.Int64 // UTC microseconds; 0 = the machine's time
	free   atomic.Bool
}

// Now is the story's time, or the machine's.
func (s *storyClock) Now() time.Time {
	if s.free.Load() {
		return clock.System().Now()
	}
	return clock.FromMicros(s.manual.Load())
}

func (s *storyClock) set(t time.Time) { s.manual.Store(max(s.manual.Load(), clock.Micros(t))) }
func (s *storyClock) release()        { s.free.Store(true) }

// kindOf maps the furnishing's kinds to the policy's: the desk is the ISAO's own.
func kindOf(kind string) policy.Kind {
	if kind == "desk" {
		return policy.ISAO
	}
	return policy.Kind(kind)
}

// rolesOf maps the furnishing's roles.
func rolesOf(p furnish.Person) []policy.Role {
	var rs []policy.Role
	for _, r := range p.Roles {
		switch r {
		case furnish.RoleOfficer:
			rs = append(rs, policy.RoleOfficer)
		case furnish.RoleAnalyst, furnish.RoleCoordinator:
			rs = append(rs, policy.RoleDesk)
		case furnish.RoleOperator:
			rs = append(rs, policy.RoleOperator)
		}
	}
	slices.Sort(rs)
	return slices.Compact(rs)
}

// isDesk reports whether a circle of the furnishing is the desk's own, which
// founding makes.
func isDesk(c furnish.Circle) bool { return strings.EqualFold(c.Key, "desk") }
