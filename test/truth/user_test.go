// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
)

// Media types of the bodies that are sent.
const (
	asJSON      = "application/json"
	mergePatch  = "application/merge-patch+json"
	jsonPatch   = "application/json-patch+json"
	serverApply = "application/apply-patch+yaml"
)

// user sends requests as they are: every form of a request can be written down.
type user struct {
	http  *http.Client
	host  string
	agent string

	mu sync.Mutex
	// sent are the audit IDs of all answers.
	sent []string
}

func newUser(config *rest.Config) (*user, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return &user{http: client, host: strings.TrimSuffix(config.Host, "/"), agent: config.UserAgent}, nil
}

// answer is what the API server answered.
type answer struct {
	code    int
	auditID string
	body    map[string]any
}

func (a answer) name() string { return text(a.body, "metadata", "name") }

// call is a request that is to be sent.
type call struct {
	method, path, media string
	query               url.Values
	body                any
	// want are the codes that are right; any 2xx where there is none.
	want []int
}

// do sends a request and checks the code of its answer.
func (u *user) do(ctx context.Context, c call) (answer, error) {
	data, err := json.Marshal(c.body)
	if err != nil {
		return answer{}, err
	}
	if c.body == nil {
		data = nil
	}
	address := u.host + c.path
	if c.query != nil {
		address += "?" + c.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, bytes.NewReader(data))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Accept", asJSON)
	request.Header.Set("Content-Type", c.media)
	if c.media == "" {
		request.Header.Set("Content-Type", asJSON)
	}
	request.Header.Set("User-Agent", u.agent)
	response, err := u.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{code: response.StatusCode, auditID: response.Header.Get("Audit-Id")}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return a, err
	}
	u.remember(a.auditID)
	if err := json.Unmarshal(body, &a.body); err != nil {
		return a, fmt.Errorf("%s %s: %s: %w", c.method, c.path, body, err)
	}
	if len(c.want) == 0 && a.code/100 != 2 || len(c.want) > 0 && !slices.Contains(c.want, a.code) {
		return a, fmt.Errorf("%s %s was answered with %d: %s", c.method, c.path, a.code, text(a.body, "message"))
	}
	return a, nil
}

func (u *user) remember(auditID string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent = append(u.sent, auditID)
}

// remembered are the audit IDs of all that was sent.
func (u *user) remembered() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.sent)
}

// path is that of an object, or of a collection where it has no name.
func (o object) path(subresource ...string) string {
	parts := []string{"/apis", o.group, "v1alpha1"}
	switch o.group {
	case "":
		parts = []string{"/api", "v1"}
	case simGroup:
	default:
		parts = []string{"/apis", o.group, "v1"}
	}
	if o.namespace != "" {
		parts = append(parts, "namespaces", o.namespace)
	}
	parts = append(parts, o.resource)
	if o.name != "" {
		parts = append(parts, o.name)
	}
	return strings.Join(append(parts, subresource...), "/")
}

// options is a query of pairs.
func options(pairs ...string) url.Values {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return query
}

// collection is where the object is one of.
func (o object) collection() object {
	o.name = ""
	return o
}

func (u *user) create(ctx context.Context, of object, body map[string]any, want ...int) (answer, error) {
	return u.do(ctx, call{method: http.MethodPost, path: of.collection().path(), body: body, want: want})
}

func (u *user) patch(ctx context.Context, of object, media string, body any, want ...int) (answer, error) {
	return u.do(ctx, call{method: http.MethodPatch, path: of.path(), media: media, body: body, want: want})
}

func (u *user) apply(ctx context.Context, of object, manager string, body any, want ...int) (answer, error) {
	return u.do(ctx, call{method: http.MethodPatch, path: of.path(), media: serverApply, body: body, want: want,
		query: options("fieldManager", manager)})
}

func (u *user) delete(ctx context.Context, of object, body map[string]any, want ...int) (answer, error) {
	c := call{method: http.MethodDelete, path: of.path(), want: want}
	if body != nil {
		c.body = body
	}
	return u.do(ctx, c)
}

func (u *user) get(ctx context.Context, of object) (answer, error) {
	return u.do(ctx, call{method: http.MethodGet, path: of.path()})
}
