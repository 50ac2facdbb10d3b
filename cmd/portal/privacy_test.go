package main

import (
	"context"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"postern/mail"
	"postern/portal/web/webtest"
)

// collector receives traces like an OpenTelemetry collector, by OTLP over HTTP.
type collector struct {
	*httptest.Server
	mu   sync.Mutex
	text string
}

func openCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s %s: %v", r.URL, r.Header, err)
		}
		c.mu.Lock()
		c.text += string(body) // contains strings unencoded
		c.mu.Unlock()
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) taken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", response.StatusCode, err)
	}
	return string(text)
}

// trip is a customer's visit to a running server, with words that must not appear in any of the server's
// output.
type trip struct {
	*webtest.Browser
	t        *testing.T
	taken    chan string // emails
	key      string
	canaries []string
}

const (
	tripEmail  = "zuzana.kanarik@canary.example"
	tripClient = "203.0.113.77"
)

// TestPrivacy searches the log, metrics and traces of a whole visit for personal data and secrets.
func TestPrivacy(t *testing.T) {
	dir, office, traces := shopStore(t), "", openCollector(t)
	office, taken := openPostOffice(t)
	t.Setenv(otelEndpoint, traces.URL)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	server := start(t, map[string]string{otelEndpoint: traces.URL}, "serve", "--store", dir, "--smtp",
		"smtp://"+office+"?starttls=off",
		"--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--log", "json", "--log-level", "debug",
		"--trusted-proxies", "127.0.0.0/8")
	metrics := server.wait("Metrics are at ")
	address := server.wait("listens on http://")
	key := strings.TrimSpace(call(t, nil, "apikey", "create", "--store", dir, "--name", "x").out)
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	way := &http.Transport{DialContext: dial}
	defer way.CloseIdleConnections()
	j := &trip{Browser: webtest.NewBrowser(t, "http://127.0.0.1:8080", way), t: t, taken: taken, key: key}
	j.Header.Set("X-Forwarded-For", tripClient)
	j.Header.Set("User-Agent", "Canarybrowser/77")
	j.canaries = []string{
		tripEmail, "kanarik@", "@canary.example", "Kanarik", "Zuzana", "canarystreet", "Canaryville",
		tripClient, "Canarybrowser", key,
		"canarysearch", "canarypath", "canarykey", "canarycookie", "canaryhost", "SK2020317068",
		"Canarycompany",
	}
	j.feed()
	j.signIn()
	j.account()
	j.strays()
	figures := scrape(t, metrics)
	if status := server.end(); status != exitOK {
		t.Errorf("status %d", status)
	}
	log := server.said()
	for place, text := range map[string]string{"log": log, "metrics": figures, "traces": traces.taken()} {
		for _, canary := range j.canaries {
			if strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
				at := strings.Index(strings.ToLower(text), strings.ToLower(canary))
				t.Errorf("the %s holds %q: %.300s", place, canary, text[max(0, at-150):])
			}
		}
		for _, want := range []string{"/sign-in/link/", "/api/v1/orders/:number", "/addresses", "main"} {
			if !strings.Contains(text, want) && (place != "metrics" || want != "main") {
				t.Errorf("the %s does not tell of %s", place, want)
			}
		}
	}
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, "{") && strings.Contains(line, "127.0.0.1") && !strings.Contains(line,
			`"msg":"started"`) {
			t.Errorf("an address is logged: %s", line)
		}
	}
	checkFigures(t, figures)
	for _, want := range []string{"service.name", "postern", "deployment.environment.name",
		"PUT /api/v1/orders/:number", "http.response.status_code"} {
		if !strings.Contains(traces.taken(), want) {
			t.Errorf("the traces lack %s", want)
		}
	}
}

// checkFigures checks the metrics of the visit.
func checkFigures(t *testing.T, text string) {
	t.Helper()
	for _, want := range []string{
		`portal_http_requests_total{method="PUT",route="/api/v1/orders/:number",status="201"} 1`,
		`portal_http_requests_total{method="PUT",route="/api/v1/orders/:number",status="401"} 2`,
		`portal_http_requests_total{method="GET",route="-",status="404"}`,
		`portal_http_request_duration_seconds_bucket{method="GET",route="/orders",le=`,
		`portal_http_requests_in_flight 0`,
		`portal_mail_attempts_total{outcome="refused"} 0`,
		`portal_outbox_mails{state="failed"} 0`, `portal_outbox_mails{state="waiting"} `,
		`portal_outbox_overdue_seconds `,
		`portal_jobs_due{kind="sweep"} `, `portal_jobs_running{kind="vat_check"} `,
		`portal_jobs_failed{kind="count_orders"} 0`, `portal_jobs_oldest_seconds{kind="change_notice"} `,
		`portal_store_operations_total{component="worker",operation="replace",outcome="ok"} `,
		`portal_store_operations_total{component="site",operation="insert",outcome="ok"} `,
		`portal_store_operations_total{component="mail",operation="replace",outcome="ok"} `,
		"go_goroutines ", "process_resident_memory_bytes ", "go_build_info",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	sent := regexp.MustCompile(`portal_mail_attempts_total\{outcome="sent"\} [1-9]`)
	if !sent.MatchString(text) || strings.Contains(text, "{outcome=\"sent\"} 0") {
		t.Error("no mail was counted")
	}
}

// feed sends an order with a valid and an invalid key, and reads the customer by address.
func (j *trip) feed() {
	const order = `{"email":"` + tripEmail + `","placed_at":"2026-03-05T14:05:00Z","updated_at":"2026-03-05T14:05:00Z","currency":"EUR","total":"12.50",
		"shipping_address":{"first_name":"Zuzana","last_name":"Kanarik","line1":"Canarystreet 7","city":"Canaryville","postal_code":"811 01","country":"SK"}}`
	for _, try := range []struct {
		key    string
		status int
	}{{j.key, 201}, {"canarykey", 401}} {
		header := map[string]string{"Authorization": "Bearer " + try.key, "Content-Type": "application/json"}
		j.Send(webtest.Request{Method: "PUT", Path: "/api/v1/orders/1001", Body: order,
			Header: header}).Want(try.status)
		j.Send(webtest.Request{Path: "/api/v1/customers/by-email/" + tripEmail, Header: header})
		j.Send(webtest.Request{Method: "PUT", Path: "/api/v1/orders/1002",
			Body: `{"email":"canarypath","Kanarik":1`, Header: header})
	}
}

// signIn tries a wrong code and a wrong link, and then the right link twice.
func (j *trip) signIn() {
	j.Get("/sign-in").Want(200)
	j.Submit("main form", map[string]string{"email": tripEmail}).Want(200)
	letter := <-j.taken
	plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(letter)))
	if err != nil {
		plain = []byte(strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(letter))
	}
	message := mail.Message{Text: string(plain)}
	link, code := webtest.LinkIn(message), webtest.CodeIn(message)
	_, token, _ := strings.Cut(link, "/sign-in/link/")
	if token == "" || code == "" {
		j.t.Fatalf("no link or no code in %s", plain)
	}
	j.canaries = append(j.canaries, token, token[len(token)/2:], code,
		strings.NewReplacer(" ", "", "-", "").Replace(code))
	j.Post("/sign-in/code", map[string][]string{"code": {"CANA RY77"}})
	j.canaries = append(j.canaries, "CANA RY77", "CANARY77")
	j.Get("/sign-in/link/" + token[:len(token)-4] + "AAAA")
	j.Get(link).Want(200)
	j.Submit("main form", nil).Want(200)
	for _, name := range []string{"postern.main", "postern-browser.main"} {
		value := j.Cookie(name)
		if value == "" {
			j.t.Fatalf("no cookie %s", name)
		}
		secret, _, _ := strings.Cut(value, ".")
		j.canaries = append(j.canaries, value, secret)
	}
	j.Get(link)
}

// account opens orders, saves an address and a company, and opens the list of sessions.
func (j *trip) account() {
	j.Get("/orders?q=canarysearch").Want(200)
	if page := j.Get("/orders/1001").Want(200); page.URL.Path != "/orders/1001" {
		j.t.Fatalf("not signed in, but at %s: %s", page.URL, page.Text("main"))
	}
	j.Get("/addresses/new?country=SK").Want(200)
	j.Submit("main form", map[string]string{
		"first_name": "Zuzana", "last_name": "Kanarik", "line1": "Canarystreet 7", "city": "Canaryville",
		"postal_code": "811 01", "action": "save",
	}).Want(200)
	if cards := j.Page.Text(".card address"); !strings.Contains(cards, "Canaryville") {
		j.t.Errorf("no address was saved: %s", j.Page.Text("main"))
	}
	j.Get("/company").Want(200)
	j.Submit("main form", map[string]string{"name": "Canarycompany", "vat_id": "SK2020317068"}).Want(200)
	j.Get("/security").Want(200)
}

// strays sends requests that fail, with words in every place that might be recorded.
func (j *trip) strays() {
	j.Send(webtest.Request{Path: "/nothing/canarypath?x=canarysearch",
		Header: map[string]string{"Referer": "http://canaryhost/",
			"Cookie": "postern.main=canarycookie"}}).Want(404)
	j.Send(webtest.Request{Method: "CANARYKEY", Path: "/orders"})
	j.Send(webtest.Request{Path: "/healthz", Header: map[string]string{"Host": "canaryhost"}})
}
