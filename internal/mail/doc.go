// Package mail writes and sends the mails of the house, which say nothing (T-11).
//
// A mail leaves the house unprotected: providers, archives and proxies read it. So a
// mail says only that something waits, and where to read it. Its subject and text are
// the same for every reason and every reader, every mail has the same size, and there
// is nothing in it that tells who reads it: no picture, no link of its own, no sender
// that answers.
//
// The operator's own relay takes the mails, over TLS. What members choose is called by
// package outbound, and not by this one.
package mail
