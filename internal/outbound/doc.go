// Package outbound is the one place where the program calls out: TAXII
// servers, MISP feeds, webhooks. Where a member chooses the address, the
// program must not become the member's way into the operator's network (T-48).
//
//   - Only https; http where the operator allows it. No user names in addresses.
//   - Only addresses of the public internet; others where the operator lists
//     them. A name is resolved once, all of its addresses are checked, and the
//     connection goes to exactly one of these, so that a name cannot change its
//     mind in between.
//   - Ports 80, 443 and those from 1024 on, but none on which something other
//     than HTTP commonly listens. Operators' own networks: any port.
//   - At most three redirects, of GET and HEAD, each checked like the first
//     address, never from https to http, and to another origin without
//     credentials, client certificate or pin.
//   - Limits on time, header, body, the body's pace, and what it unpacks to.
//   - No proxy from the environment.
//
// Errors are sentences fit for a user and tell nothing of what answered inside;
// [Error] carries the detail for the log.
package outbound
