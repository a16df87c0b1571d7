// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/client-go/transport"
	"k8s.io/utils/clock"
)

// Resolver finds out where a component serves now.
type Resolver interface {
	// Resolve reads it anew. The error says why it is not known.
	Resolve(ctx context.Context) (Endpoint, error)
}

// Endpoint is where a component serves, and how to know that it is the component.
type Endpoint struct {
	// Address is host:port; it is only ever talked to over HTTPS.
	Address string
	// ServerName is what the endpoint's certificate must be valid for.
	ServerName string
	// CA holds PEM certificates, one of which has signed the endpoint's own.
	CA string
}

// client asks the endpoint of a component. It follows the component to another
// endpoint, and sends its token to none whose certificate does not verify: TLS
// comes first.
type client struct {
	options Options
	clock   clock.PassiveClock

	// endpoint was resolved last; empty before. http trusts its certificate alone.
	endpoint   Endpoint
	http       *http.Client
	resolvedAt time.Time
}

func newClient(options Options, clock clock.PassiveClock) *client {
	return &client{options: options, clock: clock}
}

// forget lets the next request find the component anew.
func (c *client) forget() { c.resolvedAt = time.Time{} }

// resolve finds the component where that was not done yet, or not lately. One
// that still answers is kept where it cannot be found: the API server may be down.
func (c *client) resolve(ctx context.Context) error {
	now := c.clock.Now()
	if !c.resolvedAt.IsZero() && now.Sub(c.resolvedAt) < resolveInterval {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	endpoint, err := c.options.Resolver.Resolve(ctx)
	if err != nil && c.resolvedAt.IsZero() {
		return err
	}
	c.resolvedAt = now
	if err != nil || endpoint == c.endpoint {
		return nil
	}
	trusting, err := newHTTPClient(endpoint, c.options.TokenFile)
	if err != nil {
		c.forget()
		return err
	}
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
	c.endpoint, c.http = endpoint, trusting
	return nil
}

// newHTTPClient returns a client that trusts one endpoint alone and sends it a
// token. It follows no redirect: the token is for that endpoint only.
func newHTTPClient(endpoint Endpoint, tokenFile string) (*http.Client, error) {
	if tokenFile == "" {
		return nil, errors.New("there is no token to prove who asks: give the observer one with --endpoint-token-file")
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(endpoint.CA)) {
		return nil, fmt.Errorf("the certificates published for %s are not PEM", endpoint.Address)
	}
	verified := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, ServerName: endpoint.ServerName, MinVersion: tls.VersionTLS13},
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: requestTimeout,
		IdleConnTimeout:     time.Minute,
	}
	return &http.Client{
		Transport:     transport.TokenSourceWrapTransport(transport.NewCachedFileTokenSource(tokenFile))(verified),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

func (c *client) url() string { return "https://" + c.endpoint.Address + c.options.Path }

// get returns the body of a successful answer. After any other the component is
// to be found anew: another replica may serve now.
func (c *client) get(ctx context.Context, query url.Values) (body []byte, err error) {
	defer func() {
		if err != nil {
			c.forget()
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(), nil)
	if err != nil {
		return nil, err
	}
	request.URL.RawQuery = query.Encode()
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, maxResponseBytes))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", c.url(), err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", c.url(), response.Status, firstLine(body))
	}
	return body, nil
}

// firstLine shortens an error's text to what fits into one.
func firstLine(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	return line[:min(len(line), 200)]
}
