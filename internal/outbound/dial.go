package outbound

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Resolver finds a name's addresses; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const (
	dialTime = 5 * time.Second // for each address
	maxDials = 4               // addresses that are tried
)

// dial connects to an address of the transport's. It resolves the name once
// and refuses it if any of its addresses is one we do not call: honest names do
// not mix them. Then it dials these addresses, never the name.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fail(Refused, "the address has no port", err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fail(Refused, "the port is no number", err)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	var found []netip.Addr
	if strings.Contains(host, ":") || numeric(host) {
		a, err := netip.ParseAddr(host)
		if err != nil || a.Is4In6() || a.Zone() != "" {
			return nil, fail(Refused, "the host is no plain IP address", err)
		}
		found = []netip.Addr{a}
	} else if found, err = c.resolver.LookupNetIP(ctx, "ip", host); err != nil || len(found) == 0 {
		return nil, fail(Unreachable, "the name has no address", err)
	}
	to := make([]netip.AddrPort, 0, len(found))
	for _, a := range found {
		ap := netip.AddrPortFrom(a.Unmap(), uint16(port)) // the resolver writes IPv4 either way
		if !c.mayDial(ap) {
			return nil, fail(Unreachable, fmt.Sprintf("%s is at %s, which may not be called", host, ap), nil)
		}
		to = append(to, ap)
	}
	d := net.Dialer{
		Timeout: dialTime,
		// Nothing between the check and the connection may change the address.
		Control: func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !c.mayDial(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())) {
				return fail(Unreachable, "the dialer was about to call "+address, err)
			}
			return nil
		},
	}
	var last error
	for i, ap := range to {
		if i == maxDials {
			break
		}
		conn, err := d.DialContext(ctx, network, ap.String())
		if err == nil {
			return conn, nil
		}
		if last = err; ctx.Err() != nil {
			break
		}
	}
	return nil, fail(Unreachable, last.Error(), last)
}
