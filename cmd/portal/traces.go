package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"postern/portal/web"
)

// Environment variables that enable tracing, as named in the OpenTelemetry specification. The library reads
// the others.
const (
	otelEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otelTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	otelProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	otelTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	otelExporter       = "OTEL_TRACES_EXPORTER"
	otelDisabled       = "OTEL_SDK_DISABLED"
)

// wantsTraces reports whether the environment names a collector.
func wantsTraces(env map[string]string) bool {
	named := env[otelEndpoint] != "" || env[otelTracesEndpoint] != ""
	return named && env[otelDisabled] != "true" && env[otelExporter] != "none"
}

// checkTraces finds problems that the library would only log or misread.
func checkTraces(env map[string]string, wrong *problems) {
	if !wantsTraces(env) {
		return
	}
	for _, name := range []string{otelEndpoint, otelTracesEndpoint} {
		u, err := url.Parse(env[name])
		if env[name] != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			wrong.add("%s: must be the collector's URL, such as http://127.0.0.1:4318.", name)
		}
	}
	for _, name := range []string{otelProtocol, otelTracesProtocol} {
		if value := env[name]; value != "" && value != "http/protobuf" {
			wrong.add("%s: must be http/protobuf, not %q.", name, value)
		}
	}
	if value := env[otelExporter]; value != "" && value != "otlp" {
		wrong.add("%s: must be otlp or none, not %q.", otelExporter, value)
	}
}

// traces sends a span for each request to a collector. A span contains only the data of a web.ResponseInfo:
// no address, query or header.
type traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// newTraces starts sending spans. The process's OTEL_ variables set the collector, the interval and the
// sampling.
func newTraces(ctx context.Context, log *slog.Logger) (*traces, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	// The library's default detectors would reveal details of the host and the process.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "postern")),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("cannot send traces",
			"error", err)
	}))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return &traces{provider: provider, tracer: provider.Tracer("postern/portal/web")}, nil
}

// watch implements web.Observer.
func (t *traces) watch(ctx context.Context) (context.Context, func(web.ResponseInfo)) {
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(a web.ResponseInfo) {
		span.SetName(a.Method + " " + a.Route)
		span.SetAttributes(
			attribute.String("http.request.method", a.Method), attribute.String("http.route", a.Route),
			attribute.Int("http.response.status_code", a.Status), attribute.String("postern.shop", a.Shop),
		)
		if a.Status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// flushTime is the time limit for sending the remaining spans at shutdown.
const flushTime = 5 * time.Second

// close sends the remaining spans.
func (t *traces) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}
