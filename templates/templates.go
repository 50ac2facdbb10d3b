// Package templates embeds the templates of pages and emails. It owns their text and must not know the code
// that renders them.
package templates

import "embed"

// Mail holds the two layouts of an email: mail/letter.html and mail/letter.txt.
//
//go:embed mail
var Mail embed.FS

// Pages holds the HTML of the portal: pages/ (one file per page), layout/ (the head and foot that each page
// includes; their HTML is in frame-head and frame-foot) and partials/ (other shared parts). Where the code
// calls a template itself, portal/web/page keeps its output: see page.Gaps.
//
//go:embed layout partials pages
var Pages embed.FS
