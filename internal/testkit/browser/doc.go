// Package browser drives a real Chromium from tests: pages are opened, keys
// pressed and screens read as a person would, and what the browser itself
// complains about (script errors, blocked content, accessibility findings) is
// collected.
//
// [New] starts one Chromium for the test process; each [Browser.Tab] has
// cookies and storage of its own, like a private window. A helper that cannot
// do what it is told fails the test and says why, so that tests read as a list
// of steps.
//
// Without Chromium (Debian package chromium) the test is skipped on a
// developer's machine and fails where CI=true.
//
// axe.min.js is axe-core 4.14.1 by Deque Systems, under the Mozilla Public
// License 2.0 (axe.LICENSE). It is part of test programs only and is never
// served.
package browser
