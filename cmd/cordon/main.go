// Command cordon runs a medical-device cybersecurity information sharing
// organization: one program, one folder, no other service.
//
//	cordon demo              a furnished community on this machine
//	cordon serve             the real thing
//	cordon intel import FILE bring in threat intelligence
//	cordon sbom upload FILE  send an SBOM from a build
//	cordon vulns match …     check SBOMs against files of records, without a server
//	cordon verify PACK.zip   check an evidence pack, offline
//	cordon backup, restore   copy a community, and bring it back
//	cordon admin             what an operator does at the machine
//
// house.go wires every part, in reading order.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the release build.
var version = "0.1.0-dev"

// cli is every command and flag.
type cli struct {
	Demo    demoCmd          `cmd:"" help:"Open a furnished community on this machine, with invented people and real advisories."`
	Serve   serveCmd         `cmd:"" help:"Run a community."`
	Intel   intelCmd         `cmd:"" help:"Take threat intelligence in and out."`
	SBOM    sbomCmd          `cmd:"" name:"sbom" help:"Send SBOMs from a build, and ask what touches them."`
	Vulns   vulnsCmd         `cmd:"" help:"Take records of vulnerabilities in, and check SBOMs against them."`
	Verify  verifyCmd        `cmd:"" help:"Check an evidence pack, offline, and say in words what it proves."`
	Backup  backupCmd        `cmd:"" help:"Copy a community to a file, while it runs."`
	Restore restoreCmd       `cmd:"" help:"Bring a community back from a backup, into an empty folder."`
	Admin   adminCmd         `cmd:"" help:"Suspend, revoke, recover: what an operator does at the machine of a running server."`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err == nil {
		return
	}
	var code exitCode
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	fmt.Fprintln(os.Stderr, "cordon:", err)
	os.Exit(1)
}

// exitCode ends the program with a status and nothing more to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run is main for tests: arguments in, words out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var c cli
	var exited *int
	parser, err := kong.New(&c, kong.Name("cordon"),
		kong.Description("Runs a medical-device cybersecurity information sharing organization: tell those who need to know, at once, and prove it."),
		kong.Vars{"version": version}, kong.Writers(stdout, stderr), kong.UsageOnError(),
		kong.Exit(func(code int) { exited = &code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(stdout, (*io.Writer)(nil)))
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if exited != nil { // --help and --version have said all
		if *exited == 0 {
			return nil
		}
		return exitCode(*exited)
	}
	if err != nil {
		fmt.Fprintln(stderr, "cordon:", err)
		fmt.Fprintln(stderr, "Run cordon --help for what it can do.")
		return exitCode(2)
	}
	return k.Run()
}
