package api

import (
	"cmp"
	"html/template"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/templates/i18n"
)

// docsPage is the page made from the document.
type docsPage struct {
	page.Base
	Reference template.HTML
}

// reference is what the page shows of the document. Its text is English, for developers, and the same for
// everyone.
type reference struct {
	W      *i18n.Localizer // of the page's own words, in English
	Title  string
	Intro  []docsBlock
	Groups []docsGroup
	Types  []docsType
	Codes  []docsCode
	Source string // path of the document
}

// docsBlock is a heading with what stands below it.
type docsBlock struct {
	Heading, ID string
	Paragraphs  []docsText
	Items       []docsText
}

// docsText is a text in which every second part is code.
type docsText []docsPart

type docsPart struct {
	Text string
	Code bool
}

// docsGroup is the requests with one tag.
type docsGroup struct {
	Name, ID   string
	Text       docsText
	Operations []docsOperation
}

// docsOperation is one request.
type docsOperation struct {
	ID, Method, Path, Summary, Scope string
	Text                             docsText
	Parameters                       []docsMember
	Bodies                           []docsBody
	Example                          string // a whole request, "" for none
	Answers                          []docsAnswer
}

// docsBody is a body that a request may have.
type docsBody struct {
	Kind, Limit string
	Type        docsLink
}

// docsAnswer is a status that a request may be answered with.
type docsAnswer struct {
	Status string
	Text   docsText
	Type   docsLink
}

// docsLink names a type, and the anchor of its description or "".
type docsLink struct{ Before, Name, Anchor string }

// docsType is an object with its members, or a format of a value.
type docsType struct {
	Name, ID, Example string
	Text              docsText
	Members           []docsMember
}

// docsMember is a member of an object, or a parameter.
type docsMember struct {
	Name, Limit, Example string
	Required             bool
	Type                 docsLink
	Text                 docsText
}

// docsCode is a code with its meaning.
type docsCode struct {
	Code string
	Text docsText
}

// docsList is the data of the partial that lists members.
type docsList struct {
	W    *i18n.Localizer
	List []docsMember
}

// Members returns the data of the partial that lists members.
func (d reference) Members(list []docsMember) docsList { return docsList{d.W, list} }

func (h *Handler) docs(c *fiber.Ctx) error {
	described, err := h.described()
	if err != nil {
		return err
	}
	data := docsPage{Base: h.Pages.Base(c, h.Area, gate.Shop(c), nil)}
	data.Title, data.Wide = described.Title, true
	// The reference has no gaps, so its template is executed once.
	data.Reference, err = data.Fragment(page.Shape{Template: "partials/docs"}, data.Gaps(), described)
	if err != nil {
		return err
	}
	return h.Pages.Render(c, fiber.StatusOK, "docs", data)
}

// describe reads the document into what the page shows.
func (h *Handler) describe() (reference, error) {
	doc, err := readNode(document)
	if err != nil {
		return reference{}, err
	}
	d := reference{W: h.words, Title: h.words.T("docs.title"), Source: DocumentPath,
		Intro: docsBlocks(doc.at("info", "description").text())}
	for _, tag := range doc.at("tags").list {
		group := docsGroup{Name: tag.at("name").text(), Text: docsParts(tag.at("description").text())}
		group.ID = anchor(group.Name)
		for path, item := range doc.at("paths").members() {
			for method, op := range item.members() {
				if op.at("tags").list[0].text() == group.Name {
					group.Operations = append(group.Operations, h.operation(doc, strings.ToUpper(method), path, op))
				}
			}
		}
		d.Groups = append(d.Groups, group)
	}
	for name, schema := range doc.at("components", "schemas").members() {
		if name == codeType {
			for code, text := range schema.at("x-codes").members() {
				d.Codes = append(d.Codes, docsCode{code, docsParts(text.text())})
			}
			continue
		}
		d.Types = append(d.Types, docsType{Name: name, ID: anchor(name),
			Text:    docsParts(schema.at("description").text()),
			Example: exampleOf(schema), Members: h.docsMembers(schema)})
	}
	return d, nil
}

func (h *Handler) operation(doc *node, method, path string, op *node) docsOperation {
	o := docsOperation{ID: anchor(op.at("operationId").text()), Method: method, Path: path,
		Summary: op.at("summary").text(), Text: docsParts(op.at("description").text()),
		Scope: op.at("security").list[0].at("key").list[0].text()}
	for _, parameter := range op.at("parameters").list {
		m := h.docsMember(parameter.at("name").text(), parameter.at("schema"))
		m.Text, m.Required = docsParts(parameter.at("description").text()), parameter.at("required").text() == "true"
		o.Parameters = append(o.Parameters, m)
	}
	limit := op.at("requestBody", "x-max-bytes").text()
	for kind, content := range op.at("requestBody", "content").members() {
		o.Bodies = append(o.Bodies, docsBody{kind, h.size(limit), h.docsLink(content.at("schema"))})
		if content.has("example") {
			o.Example = method + " " + path + "\nAuthorization: Bearer KEY\nContent-Type: " + kind + "\n\n" +
				content.at("example").indented("")
		}
	}
	for status, answer := range op.at("responses").members() {
		if name, is := strings.CutPrefix(answer.at("$ref").text(), "#/components/responses/"); is {
			answer = doc.at("components", "responses", name)
		}
		a := docsAnswer{Status: status, Text: docsParts(answer.at("description").text())}
		for _, content := range answer.at("content").members() {
			a.Type = h.docsLink(content.at("schema"))
		}
		o.Answers = append(o.Answers, a)
	}
	return o
}

// size returns a number of bytes in words.
func (h *Handler) size(bytes string) string {
	n, err := strconv.Atoi(bytes)
	switch {
	case err != nil:
		return ""
	case n >= 1<<20:
		return h.words.T("docs.mib", "Size", n>>20)
	}
	return h.words.T("docs.kib", "Size", n>>10)
}

func (h *Handler) docsMembers(schema *node) []docsMember {
	required := map[string]bool{}
	for _, name := range schema.at("required").list {
		required[name.text()] = true
	}
	var list []docsMember
	for name, property := range schema.at("properties").members() {
		m := h.docsMember(name, property)
		m.Required = required[name]
		list = append(list, m)
	}
	return list
}

func (h *Handler) docsMember(name string, schema *node) docsMember {
	m := docsMember{Name: name, Type: h.docsLink(schema), Text: docsParts(schema.at("description").text()),
		Example: exampleOf(schema)}
	if most := schema.at("maxLength").text(); most != "" {
		m.Limit = h.words.T("docs.characters", "Most", most)
	}
	if most := schema.at("maxItems").text(); most != "" {
		m.Limit = h.words.T("docs.elements", "Most", most)
	}
	if least, most := schema.at("minimum").text(), schema.at("maximum").text(); least != "" && most != "" {
		m.Limit = h.words.T("docs.range", "Least", least, "Most", most)
	}
	return m
}

func exampleOf(schema *node) string {
	examples := schema.at("examples").list
	if len(examples) == 0 {
		return ""
	}
	return examples[0].json()
}

// docsLink names the type of a schema.
func (h *Handler) docsLink(schema *node) docsLink {
	for _, combined := range []string{"allOf", "oneOf"} {
		if parts := schema.at(combined).list; len(parts) > 0 {
			schema = parts[0]
		}
	}
	if name, is := strings.CutPrefix(schema.at("$ref").text(), "#/components/schemas/"); is {
		if name == codeType {
			return docsLink{Name: name, Anchor: "#codes"}
		}
		return docsLink{Name: name, Anchor: "#" + anchor(name)}
	}
	if schema.has("items") {
		link := h.docsLink(schema.at("items"))
		link.Before = h.words.T("docs.list")
		return link
	}
	kind := schema.at("type")
	if len(kind.list) > 0 {
		kind = kind.list[0]
	}
	return docsLink{Name: cmp.Or(kind.text(), "object")}
}

// codeType is the type whose values have a list of their own.
const codeType = "Code"

// docsBlocks reads the Markdown of the description: headings, paragraphs and lists.
func docsBlocks(text string) []docsBlock {
	blocks := []docsBlock{{}}
	for part := range strings.SplitSeq(text, "\n\n") {
		last := &blocks[len(blocks)-1]
		switch {
		case strings.HasPrefix(part, "## "):
			heading := strings.TrimPrefix(part, "## ")
			blocks = append(blocks, docsBlock{Heading: heading, ID: anchor(heading)})
		case strings.HasPrefix(part, "- "):
			for item := range strings.SplitSeq(part, "\n") {
				last.Items = append(last.Items, docsParts(strings.TrimPrefix(item, "- ")))
			}
		default:
			last.Paragraphs = append(last.Paragraphs, docsParts(part))
		}
	}
	return blocks
}

// docsParts splits a text at its backticks.
func docsParts(text string) docsText {
	var parts docsText
	for i, part := range strings.Split(text, "`") {
		if part != "" {
			parts = append(parts, docsPart{part, i%2 == 1})
		}
	}
	return parts
}

func anchor(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "-")) }
