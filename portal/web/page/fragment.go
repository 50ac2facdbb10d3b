package page

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gofiber/template/html/v2"

	"postern/templates/i18n"
)

// fragments is the one way to make a template cheap that appears on every page or many times on one, or
// often: the frame, the fields of forms, the list of orders. In a template each value costs a call by
// reflection, which together would take longer than the rest of a request.
//
// A template is therefore executed once for each shape of its data, with a mark in place of each value.
// The output is kept, cut at the marks. Later requests only put their escaped values into the gaps. Where a
// mark stands, html/template has escaped it for its place, which tells how to escape the value.
//
// fragments is safe for concurrent use.
type fragments struct {
	engine *html.Engine
	kept   atomic.Pointer[map[Shape]*fragment]
	mu     sync.Mutex // held while kept is replaced
	marks  []string   // for the first gaps
}

// Shape is everything that decides which output a template has, apart from the values in its gaps. Data of
// one shape may differ in nothing else: whatever else they hold, the next visitor would see.
type Shape struct {
	Template string
	Lang     string
	Variant  string // any other text that the template shows or tests
	Flags    uint64 // any other conditions that the template tests

	gaps  int
	empty uint64 // the gaps without a value
}

// Gaps collects the values for one use of a template, in any order that is the same for all data of a shape.
type Gaps struct {
	values []filling
	empty  uint64
	marks  []string
	room   [16]filling // for the first values
}

// filling is the value of a gap: a text, or a function that writes HTML.
type filling struct {
	text  string
	write func(Output) error
}

// Output is what pages are written to: a *bytes.Buffer or a *strings.Builder.
type Output interface {
	io.StringWriter
	Grow(n int)
}

// Words is all that the data of a kept template may know of a request besides the gaps: the language. It
// keeps one person's data out of what is shown to others.
type Words struct{ l *i18n.Localizer }

// T returns the sentence of a key.
func (w Words) T(key string) string { return w.l.T(key) }

// Lang returns the language.
func (w Words) Lang() string { return w.l.Lang() }

// Words returns the words for the data of a kept template.
func (b *Base) Words() Words { return Words{b.L} }

const (
	maxKept   = 4096 // shapes; any more are rendered each time
	maxMarked = 64   // gaps; a template with more is rendered each time
)

func newFragments(engine *html.Engine) *fragments {
	f := &fragments{engine: engine, marks: make([]string, maxMarked)}
	for i := range f.marks {
		f.marks[i] = mark(i)
	}
	f.kept.Store(&map[Shape]*fragment{})
	return f
}

// mark returns the text that stands for a value. Its last characters are written differently in each place.
func mark(i int) string { return "/gap" + strconv.Itoa(i) + ` "<'>;` }

// Text records a value and returns what the template's data must hold in its place. An empty value stays
// empty, so that the template can test for it.
func (g *Gaps) Text(value string) string {
	if value == "" {
		g.empty |= 1 << min(len(g.values), maxMarked-1)
		g.values = append(g.values, filling{})
		return ""
	}
	return g.add(filling{text: value})
}

func (g *Gaps) add(value filling) string {
	i := len(g.values)
	g.values = append(g.values, value)
	if i < len(g.marks) {
		return g.marks[i]
	}
	return mark(i)
}

// HTML records a value that is the output of another template.
func (g *Gaps) HTML(value template.HTML) template.HTML { return template.HTML(g.Text(string(value))) }

// Written records HTML that is written when the template is, which saves a copy of it. It is never empty.
func (g *Gaps) Written(write func(Output) error) template.HTML {
	return template.HTML(g.add(filling{write: write}))
}

// Reset forgets all values.
func (g *Gaps) Reset() { g.values, g.empty = g.values[:0], 0 }

// Gaps returns the gaps for a template's values.
func (b *Base) Gaps() *Gaps { return b.fragments.gaps() }

// WriteFragment writes a template with data in which gaps stands for the values, and with these values.
func (b *Base) WriteFragment(out Output, s Shape, gaps *Gaps, data any) error {
	s.Lang = b.L.Lang()
	return b.fragments.write(out, s, gaps, data)
}

// Fragment is like WriteFragment and returns the HTML.
func (b *Base) Fragment(s Shape, gaps *Gaps, data any) (template.HTML, error) {
	s.Lang = b.L.Lang()
	return b.fragments.html(s, gaps, data)
}

// Kept returns HTML without gaps, which depends on nothing but the shape: made is called only if the shape is
// new. The template of the shape need not be the one that made executes, but no other use may have the same
// shape.
func (b *Base) Kept(s Shape, made func() (template.HTML, error)) (template.HTML, error) {
	s.Lang = b.L.Lang()
	if found := (*b.fragments.kept.Load())[s]; found != nil {
		return template.HTML(found.rest), nil
	}
	html, err := made()
	if err == nil {
		b.fragments.keep(s, &fragment{rest: string(html)})
	}
	return html, err
}

func (f *fragments) gaps() *Gaps {
	g := &Gaps{marks: f.marks}
	g.values = g.room[:0]
	return g
}

func (f *fragments) html(s Shape, gaps *Gaps, data any) (template.HTML, error) {
	var out strings.Builder
	err := f.write(&out, s, gaps, data)
	return template.HTML(out.String()), err
}

func (f *fragments) write(out Output, s Shape, gaps *Gaps, data any) error {
	s.gaps, s.empty = len(gaps.values), gaps.empty
	found := (*f.kept.Load())[s]
	if found == nil {
		var err error
		if found, err = f.render(s, data); err != nil {
			return err
		}
	}
	return found.fill(out, gaps.values)
}

// render executes the template and keeps the output.
func (f *fragments) render(s Shape, data any) (*fragment, error) {
	var out bytes.Buffer
	if err := f.engine.Render(&out, s.Template, data); err != nil {
		return nil, fmt.Errorf("page: render %s: %w", s.Template, err)
	}
	made, err := cut(out.String())
	if err != nil {
		return nil, fmt.Errorf("page: %s: %w", s.Template, err)
	}
	if s.gaps <= maxMarked {
		f.keep(s, made)
	}
	return made, nil
}

func (f *fragments) keep(s Shape, made *fragment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before := *f.kept.Load(); len(before) < maxKept {
		after := maps.Clone(before)
		after[s] = made
		f.kept.Store(&after)
	}
}

// fragment is the output of a template between its gaps, and after the last one.
type fragment struct {
	gaps []gap
	rest string
	size int
}

type gap struct {
	before string // the output before the gap
	value  int
	escape func(string) string
}

// marked matches a mark as html/template leaves it where HTML, text and a URL stand.
var marked = regexp.MustCompile(`/gap(\d+)(?:( "<'>;)|( &#34;&lt;&#39;&gt;;)|(%20%22%3c%27%3e;))`)

// stray matches what is left of a mark in any other place.
var stray = regexp.MustCompile(`gap\d|ZgotmplZ`)

var errMark = errors.New("a value stands neither in text, nor in a quoted attribute, nor at the path of a URL")

func cut(output string) (*fragment, error) {
	f := &fragment{size: len(output)}
	end := 0
	for _, at := range marked.FindAllStringSubmatchIndex(output, -1) {
		value, err := strconv.Atoi(output[at[2]:at[3]])
		if err != nil {
			return nil, err
		}
		g := gap{before: output[end:at[0]], value: value, escape: escapeText}
		switch {
		case at[4] >= 0:
			g.escape = verbatim
		case at[8] >= 0 && strings.HasSuffix(g.before, `"`):
			g.escape = escapeURL
		case at[8] >= 0:
			g.escape = escapeURLPart
		}
		f.gaps = append(f.gaps, g)
		end = at[1]
	}
	f.rest = output[end:]
	for _, g := range append(f.gaps, gap{before: f.rest}) {
		if stray.MatchString(g.before) {
			return nil, errMark
		}
	}
	return f, nil
}

func (f *fragment) fill(out Output, values []filling) error {
	size := f.size
	for i := range f.gaps {
		size += len(values[f.gaps[i].value].text)
	}
	out.Grow(size)
	for i := range f.gaps {
		g := &f.gaps[i]
		if _, err := out.WriteString(g.before); err != nil {
			return err
		}
		value := &values[g.value]
		if value.write != nil {
			if err := value.write(out); err != nil {
				return err
			}
		} else if _, err := out.WriteString(g.escape(value.text)); err != nil {
			return err
		}
	}
	_, err := out.WriteString(f.rest)
	return err
}

func verbatim(html string) string { return html }

// Partial returns the HTML of a template that is executed each time, for what few pages show.
func (b *Base) Partial(name string, data any) (template.HTML, error) {
	var out strings.Builder
	if err := b.fragments.engine.Render(&out, name, data); err != nil {
		return "", fmt.Errorf("page: render %s: %w", name, err)
	}
	return template.HTML(out.String()), nil
}
