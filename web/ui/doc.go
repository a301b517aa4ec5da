// Package ui is the set of parts that every page is made of: the frame with
// its TLP band and rails, chips, lists, messages, the composer, forms, errors.
//
// It knows nothing of rooms, members or rules: it is given plain strings,
// counts and times, and draws them. What a reader may see is decided before a
// value comes here. Parts escape what they are given; nothing here takes HTML
// but a templ.Component.
//
// Pages work without script. Marks that the script (web/assets/app.js) reads
// are data attributes: data-live names a part that is replaced when the page
// is refreshed, data-key a key that presses it, data-list and data-row what j
// and k walk through, data-draft and data-resend how a form is kept and sent.
//
// The look follows the tokens in web/assets/app.css; there are no inline
// styles and no inline scripts, so that the pages' Content-Security-Policy
// can forbid both.
package ui
