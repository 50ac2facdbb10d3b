package admin

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	keysPath   = "/admin/api-keys"
	newKeyPath = "/admin/api-keys/new"
	keyPath    = "/admin/api-keys/:id"
)

func (h *Handler) keyRoutes() []gate.Route {
	const p = staff.PermissionKeys
	return []gate.Route{
		get(p, keysPath, h.keys),
		getFresh(p, newKeyPath, h.newKey),
		postFresh(p, newKeyPath, h.createKey),
		getFresh(p, keyPath, h.key),
		postFresh(p, keyPath+"/revoke", h.revokeKey),
	}
}

// keysPage lists the API keys.
type keysPage struct {
	page.Base
	Rows  []keyLine
	Empty page.Empty
}

// keyLine is an API key.
type keyLine struct {
	Path, Name, ID, Scopes, Used, Expires, Creator string
	Created                                        page.Time
	Expired, IsUsed, Expiring                      bool
}

// scopeKey returns the name of a scope in keys of texts and in forms.
func scopeKey(scope portal.Scope) string {
	return strings.NewReplacer(":", "_", "-", "_").Replace(string(scope))
}

func (h *Handler) keys(c *fiber.Ctx, s merchant.Staff) error {
	found, err := s.Keys(c.UserContext())
	if err != nil {
		return err
	}
	data := keysPage{Base: h.base(c, s, "keys", "api_keys.title")}
	data.Wide = true
	data.Empty = data.Base.Empty(data.T("api_keys.none"), data.T("api_keys.new"), newKeyPath)
	for _, row := range found {
		data.Rows = append(data.Rows, keyLineOf(data.Base, row))
	}
	return h.pages.Render(c, fiber.StatusOK, "admin/keys", data)
}

func keyLineOf(b page.Base, row merchant.KeyRow) keyLine {
	line := keyLine{Path: keysPath + "/" + row.ID, Name: row.Name, ID: row.ID, Expired: row.Expired,
		Created: b.TimeShort(row.CreatedAt), Scopes: b.T("api_keys.scopes.all"), Used: b.T("api_keys.used.never"),
		Expires: b.T("api_keys.expires.never")}
	if len(row.Scopes) > 0 {
		names := make([]string, len(row.Scopes))
		for i, scope := range row.Scopes {
			names[i] = string(scope)
		}
		line.Scopes = strings.Join(names, ", ")
	}
	if !row.UsedAt.IsZero() {
		line.IsUsed, line.Used = true, b.L.Date(row.UsedAt)
	}
	if last := row.LastDay(); !last.IsZero() {
		line.Expiring, line.Expires = true, b.L.Date(last)
	}
	switch {
	case row.Creator != "":
		line.Creator = b.T("api_keys.created.by", "Who", row.Creator)
	case row.By.Kind == audit.Operator:
		line.Creator = b.T("api_keys.created.by", "Who", b.T("api_keys.operator"))
	}
	return line
}

// newKeyPage is the form of a new API key.
type newKeyPage struct {
	page.Base
	Form   page.Form
	Scopes []scopeField
	Wrong  string // the error at the scopes
}

// scopeField is the checkbox of a scope.
type scopeField struct{ Name, Label string }

func (h *Handler) newKey(c *fiber.Ctx, s merchant.Staff) error { return h.showNewKey(c, s, nil, nil) }

func (h *Handler) showNewKey(c *fiber.Ctx, s merchant.Staff, typed map[string]string, err error) error {
	data := newKeyPage{Base: h.base(c, s, "keys", "api_keys.new")}
	data.Form = data.Base.Form(typed, err).InOrder("name", "scope", "expires")
	data.Wrong = data.Form.FieldErrors["scope"]
	for _, scope := range portal.Scopes() {
		data.Scopes = append(data.Scopes, scopeField{Name: "scope_" + scopeKey(scope),
			Label: data.T("api_keys.scope." + scopeKey(scope))})
	}
	return h.pages.Render(c, page.Refusal(err), "admin/key-new", data)
}

// keyOncePage shows a new key, which cannot be shown again.
type keyOncePage struct {
	page.Base
	Key, Text string
}

func (h *Handler) createKey(c *fiber.Ctx, s merchant.Staff) error {
	typed := page.Values(c, "name", "expires")
	in := merchant.NewKey{Name: typed["name"], Expires: typed["expires"]}
	for _, scope := range portal.Scopes() {
		name := "scope_" + scopeKey(scope)
		if typed[name] = c.FormValue(name); typed[name] == "yes" {
			in.Scopes = append(in.Scopes, scope)
		}
	}
	key, err := s.CreateKey(c.UserContext(), in)
	switch {
	case page.Refused(err):
		return h.showNewKey(c, s, typed, err)
	case err != nil:
		return err
	}
	data := keyOncePage{Base: h.base(c, s, "keys", "api_keys.once.title"), Key: key}
	data.Text = data.T("api_keys.once.text", "Name", in.Name)
	return h.pages.Render(c, fiber.StatusOK, "admin/key-once", data)
}

// keyView says what revoking a key does.
type keyView struct {
	page.Base
	keyLine
	Facts        []fact
	Text, Button string
}

func (h *Handler) key(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	row, err := s.Key(c.UserContext(), id)
	if err != nil {
		return err
	}
	data := keyView{Base: h.base(c, s, "keys", "api_keys.revoke.title")}
	data.keyLine = keyLineOf(data.Base, row)
	data.Text = data.T("api_keys.revoke.text", "Name", row.Name)
	data.Button = data.T("api_keys.revoke.button", "Name", row.Name)
	data.Facts = factsOf(data.Base, "api_keys.name", row.Name, "api_keys.used", data.Used,
		"api_keys.expires", data.Expires)
	allowed := fact{Label: data.T("api_keys.scopes")}
	for _, scope := range row.Scopes {
		allowed.Lines = append(allowed.Lines, data.T("api_keys.scope."+scopeKey(scope)))
	}
	if len(allowed.Lines) == 0 {
		allowed.Lines = []string{data.Scopes}
	}
	data.Facts = append(data.Facts, allowed)
	return h.pages.Render(c, fiber.StatusOK, "admin/key", data)
}

func (h *Handler) revokeKey(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.RevokeKey(c.UserContext(), id)
	}
	if err != nil {
		return err
	}
	return done(c, keysPath, "key.revoked")
}
