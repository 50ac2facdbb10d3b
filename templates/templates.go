// Package templates embeds the templates of pages and mails. It owns their text; it must not know who
// renders them.
package templates

import "embed"

// Mail holds the two layouts of a mail: mail/letter.html and mail/letter.txt.
//
//go:embed mail
var Mail embed.FS

// Pages holds the HTML of the portal: pages/ (one file a page), layout/ (the head and the foot that each
// page includes; they are written by portal/web/page) and partials/ (what pages share besides).
//
//go:embed layout partials pages
var Pages embed.FS
