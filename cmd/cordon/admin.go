package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// adminCmd is what an operator does at the machine of a running server. It
// speaks over a unix socket in the data folder that only the folder's owner can
// open. Nothing here reads what members share.
type adminCmd struct {
	Data      string       `help:"The data folder of the running server." default:"cordon-data" type:"path"`
	List      listCmd      `cmd:"" help:"List organizations and people with their ids."`
	Suspend   suspendCmd   `cmd:"" help:"Suspend an organization or a person, at once."`
	Reinstate reinstateCmd `cmd:"" help:"End a suspension."`
	Revoke    revokeCmd    `cmd:"" help:"End every session and token of a person, at once."`
	Recover   recoverCmd   `cmd:"" help:"Recover a lost operator: two people of the desk vouch, and a day passes."`
	KnownLoss knownLossCmd `cmd:"" name:"known-loss" help:"State, signed, that an older backup is restored knowingly."`
}

type listCmd struct{}

type suspendCmd struct {
	Org    string `help:"Organization id." xor:"who" required:"" placeholder:"ID"`
	Person string `help:"Person id." xor:"who" required:"" placeholder:"ID"`
	Reason string `required:"" help:"Why; it is recorded."`
}

type reinstateCmd suspendCmd

type revokeCmd struct {
	Person string `required:"" help:"Person id." placeholder:"ID"`
	Reason string `required:"" help:"Why; it is recorded."`
}

type recoverCmd struct {
	Person  string   `help:"Person id of the lost operator." placeholder:"ID"`
	By      []string `help:"Two person ids of the desk or operators who vouch; give it twice." placeholder:"ID"`
	Reason  string   `help:"Why; it is recorded."`
	Request string   `help:"After the day: id of the recovery, to get its one-time link." placeholder:"ID"`
}

// adminAsk is the one message of the admin door.
type adminAsk struct {
	Do      string   `json:"do"`
	Org     string   `json:"org,omitempty"`
	Person  string   `json:"person,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	By      []string `json:"by,omitempty"`
	Request string   `json:"request,omitempty"`
}

// Run lists who there is.
func (c *listCmd) Run(out io.Writer, a *adminCmd) error { return a.ask(out, adminAsk{Do: "list"}) }

// Run suspends.
func (c *suspendCmd) Run(out io.Writer, a *adminCmd) error {
	return a.ask(out, adminAsk{Do: "suspend", Org: c.Org, Person: c.Person, Reason: c.Reason})
}

// Run reinstates.
func (c *reinstateCmd) Run(out io.Writer, a *adminCmd) error {
	return a.ask(out, adminAsk{Do: "reinstate", Org: c.Org, Person: c.Person, Reason: c.Reason})
}

// Run revokes.
func (c *revokeCmd) Run(out io.Writer, a *adminCmd) error {
	return a.ask(out, adminAsk{Do: "revoke", Person: c.Person, Reason: c.Reason})
}

// Run asks for a recovery, or for the link of one whose day has passed.
func (c *recoverCmd) Run(out io.Writer, a *adminCmd) error {
	if c.Request == "" && (c.Person == "" || len(c.By) != 2 || c.Reason == "") {
		return errors.New("give --person, --reason and --by twice to begin; or --request to get the link after a day")
	}
	return a.ask(out, adminAsk{Do: "recover", Person: c.Person, Reason: c.Reason, By: c.By, Request: c.Request})
}

// ask sends one message to the running server and prints its answer.
func (a *adminCmd) ask(out io.Writer, m adminAsk) error {
	sock := filepath.Join(a.Data, "admin.sock")
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", sock)
	}}}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	resp, err := client.Post("http://admin/", "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("no server runs on %s (%w)", a.Data, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var p httpkit.Problem
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			return fmt.Errorf("the server answered %s", resp.Status)
		}
		return errors.New(p.Detail)
	}
	_, err = io.Copy(out, resp.Body)
	return err
}

// listenAdmin opens the operator's door. Folder and socket are its owner's only.
func (h *house) listenAdmin(path string) (*http.Server, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	// A unix socket's path may have about 100 bytes; a longer one is bound by
	// its place in the open folder.
	ln, err := listenUnix(path)
	if err != nil {
		return nil, fmt.Errorf("open the operator's door: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, err
	}
	srv := &http.Server{Handler: http.HandlerFunc(h.admin), ReadHeaderTimeout: 5 * time.Second}
	go srv.Serve(ln)
	return srv, nil
}

func (h *house) admin(w http.ResponseWriter, r *http.Request) {
	var m adminAsk
	if err := strictjson.Decode(r.Body, strictjson.Limits{}, &m); err != nil {
		httpkit.WriteProblem(w, fault.Invalidf("The message cannot be read: %v.", err))
		return
	}
	text, err := h.adminDo(r.Context(), m)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			h.log.Error("admin", "do", m.Do, "err", err)
		}
		httpkit.WriteProblem(w, err)
		return
	}
	io.WriteString(w, text)
}

// operator acts for whoever holds the machine; the ledger says so.
var operator = policy.System("admin")

func (h *house) adminDo(ctx context.Context, m adminAsk) (string, error) {
	write := func(fn func(*db.Tx) error) error { return h.db.Write(ctx, operator, fn) }
	switch m.Do {
	case "list":
		return h.adminList(ctx)
	case "suspend", "reinstate":
		err := write(func(tx *db.Tx) error {
			switch {
			case m.Do == "suspend" && m.Org != "":
				return h.members.Suspend(tx, m.Org, m.Reason)
			case m.Do == "suspend":
				return h.members.SuspendPerson(tx, m.Person, m.Reason)
			case m.Org != "":
				return h.members.Reinstate(tx, m.Org, m.Reason)
			default:
				return h.members.ReinstatePerson(tx, m.Person, m.Reason)
			}
		})
		return "Done. It holds from now on, for open pages too.\n", err
	case "revoke":
		err := write(func(tx *db.Tx) error { return h.members.RevokeAll(tx, m.Person, m.Reason) })
		return "Every session and token of this person has ended.\n", err
	case "recover":
		if m.Request != "" {
			var l members.Link
			err := write(func(tx *db.Tx) (err error) { l, err = h.members.RecoveryLink(tx, m.Request); return err })
			return fmt.Sprintf("Open this link once, before %s, to register new passkeys:\n  %s/invitations/%s\n", l.Expires.Format("2 Jan 2006 15:04 UTC"), h.web.Origin, l.Secret), err
		}
		if len(m.By) != 2 {
			return "", fault.Invalidf("Two people have to vouch.")
		}
		var id string
		err := write(func(tx *db.Tx) (err error) {
			id, err = h.members.AdminRecovery(tx, m.Person, m.By[0], m.By[1], m.Reason)
			return err
		})
		return fmt.Sprintf("Recovery %s has begun; both organizations see it. In 24 hours:\n  cordon admin recover --request %s\n", id, id), err
	}
	return "", fault.Invalidf("There is no such command.")
}

func (h *house) adminList(ctx context.Context) (string, error) {
	var b bytes.Buffer
	err := h.db.Read(ctx, operator, func(v *db.View) error {
		after := ""
		for {
			orgs, next, err := h.members.Organizations(v, members.Filter{}, after)
			if err != nil {
				return err
			}
			for _, o := range orgs {
				fmt.Fprintf(&b, "%s  %-12s %-10s %s\n", o.ID, o.Kind, o.Standing, o.Name)
				people, err := h.members.People(v, o.ID)
				if err != nil {
					return err
				}
				for _, p := range people {
					fmt.Fprintf(&b, "  %s  %s %v\n", p.ID, p.Name, p.Roles)
				}
			}
			if next == "" {
				return nil
			}
			after = next
		}
	})
	return b.String(), err
}

// listenUnix listens on a socket whose path may be longer than the kernel takes.
func listenUnix(path string) (net.Listener, error) {
	if len(path) < 100 {
		return net.Listen("unix", path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return net.Listen("unix", fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
}
