// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/version"
)

const (
	// Name is the user agent and field manager of what an experiment sends.
	Name = "glassplane-what-if"
	// defaultTimeout is how long an answer is waited for unless a file says otherwise.
	defaultTimeout = 10 * time.Second
	maxAnswer      = 8 << 20
)

// sender sends requests as they are, so that what came of each can be told also
// where there was no answer.
type sender struct {
	base      *url.URL
	http      *http.Client
	mapper    meta.RESTMapper
	namespace string
}

func newSender(config *rest.Config, namespace string) (*sender, error) {
	config = rest.CopyConfig(config)
	config.UserAgent = version.UserAgent(Name)
	config.QPS = -1
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address: %w", err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	found, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return nil, err
	}
	// All kinds are read now: later the API server may be away.
	groups, err := restmapper.GetAPIGroupResources(found)
	if err != nil {
		return nil, fmt.Errorf("asking the API server for its resources: %w", err)
	}
	return &sender{base: base, http: client, mapper: restmapper.NewDiscoveryRESTMapper(groups), namespace: namespace}, nil
}

// call is one request as it is sent.
type call struct {
	method, media string
	target        *url.URL
	body          []byte
	subject       evidence.Object
	line          string
	done          string
}

// answer is what came of a call.
type answer struct {
	experiment.RequestResult
	body []byte
}

// mapping finds the resource that a name such as simpods or leases.coordination.k8s.io
// means. Without a group it is Glassplane's where there is one of that name.
func (s *sender) mapping(resource string) (*meta.RESTMapping, error) {
	wanted := schema.ParseGroupResource(resource)
	candidates := []schema.GroupResource{wanted}
	if wanted.Group == "" {
		candidates = []schema.GroupResource{{Group: v1alpha1.GroupName, Resource: wanted.Resource}, wanted}
	}
	for _, candidate := range candidates {
		kind, err := s.mapper.KindFor(candidate.WithVersion(""))
		if err == nil && (candidate.Group == "" || kind.Group == candidate.Group) {
			return s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
		}
	}
	return nil, fmt.Errorf("the API server serves no resource %q", resource)
}

func (s *sender) mappingOf(object *unstructured.Unstructured) (*meta.RESTMapping, error) {
	kind := object.GroupVersionKind()
	mapping, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, fmt.Errorf("the API server serves no kind %s of %s", kind.Kind, object.GetAPIVersion())
	}
	return mapping, nil
}

// newCall addresses an object; without a name the collection.
func (s *sender) newCall(method string, mapping *meta.RESTMapping, namespace, name, subresource string) *call {
	resource := mapping.Resource
	parts := []string{"apis", resource.Group, resource.Version}
	if resource.Group == "" {
		parts = []string{"api", resource.Version}
	}
	c := &call{method: method, subject: evidence.Object{Group: resource.Group, Resource: resource.Resource, Name: name}}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		c.subject.Namespace = cmp.Or(namespace, s.namespace)
		parts = append(parts, "namespaces", c.subject.Namespace)
	}
	parts = append(parts, resource.Resource)
	if name != "" && method != http.MethodPost || subresource != "" {
		parts = append(parts, name)
	}
	if subresource != "" {
		parts = append(parts, subresource)
	}
	c.target = s.base.JoinPath(parts...)
	return c
}

func kindName(mapping *meta.RESTMapping) string {
	return strings.ToLower(mapping.GroupVersionKind.Kind)
}

func printed(mapping *meta.RESTMapping, name, verb string) string {
	what := kindName(mapping)
	if group := mapping.GroupVersionKind.Group; group != "" {
		what += "." + group
	}
	return what + "/" + name + " " + verb
}

// create asks for an object.
func (s *sender) create(object *unstructured.Unstructured) (*call, error) {
	mapping, err := s.mappingOf(object)
	if err != nil {
		return nil, err
	}
	c := s.newCall(http.MethodPost, mapping, object.GetNamespace(), object.GetName(), "")
	c.target.RawQuery = url.Values{"fieldManager": {Name}, "fieldValidation": {metav1.FieldValidationStrict}}.Encode()
	if c.body, err = object.MarshalJSON(); err != nil {
		return nil, fmt.Errorf("encoding %s/%s: %w", kindName(mapping), object.GetName(), err)
	}
	c.line, c.done = fmt.Sprintf("kubectl create -f %s.yaml", object.GetName()), printed(mapping, object.GetName(), "created")
	return c, nil
}

// of builds the call of a request of a file.
func (s *sender) of(r *experiment.Request, label func(*unstructured.Unstructured)) (*call, error) {
	if r.Verb == "create" && r.Object != nil && r.Subresource == "" {
		object := r.Object.Unstructured()
		label(object)
		return s.create(object)
	}
	mapping, err := s.mapping(r.Target.Resource)
	if err != nil {
		return nil, err
	}
	name := kindName(mapping) + " " + r.Target.Name
	switch r.Verb {
	case "get", "list":
		c := s.newCall(http.MethodGet, mapping, r.Target.Namespace, r.Target.Name, r.Subresource)
		c.line = "kubectl get " + strings.TrimSpace(name)
		if r.FromCache {
			c.target.RawQuery = "resourceVersion=0"
			c.line += " (at resourceVersion 0)"
		}
		return c, nil
	case "delete":
		c := s.newCall(http.MethodDelete, mapping, r.Target.Namespace, r.Target.Name, r.Subresource)
		c.line, c.done = "kubectl delete "+name, printed(mapping, r.Target.Name, "deleted")
		return c, nil
	case "create":
		c := s.newCall(http.MethodPost, mapping, r.Target.Namespace, r.Target.Name, r.Subresource)
		c.line, c.done = fmt.Sprintf("kubectl create --raw %s", c.target.Path), printed(mapping, r.Target.Name, r.Subresource)
		c.body, err = json.Marshal(r.Object)
		return c, err
	}
	c := s.newCall(http.MethodPatch, mapping, r.Target.Namespace, r.Target.Name, r.Subresource)
	c.target.RawQuery = url.Values{"fieldManager": {Name}, "fieldValidation": {metav1.FieldValidationStrict}}.Encode()
	c.media = string(types.MergePatchType)
	if c.body, err = json.Marshal(r.Patch); err != nil {
		return nil, fmt.Errorf("encoding the patch: %w", err)
	}
	c.line, c.done = fmt.Sprintf("kubectl patch %s --type=merge -p '%s'", name, c.body), printed(mapping, r.Target.Name, "patched")
	return c, nil
}

// send sends a request and waits for its answer. It has no error of its own: that
// there was no answer is what came of it.
func (s *sender) send(ctx context.Context, c *call, timeout time.Duration, sent func(experiment.RequestResult)) answer {
	out := answer{RequestResult: experiment.RequestResult{
		Line: c.line, AuditID: string(uuid.NewUUID()), SentAt: metav1.NewMicroTime(time.Now()), Subject: c.subject,
	}}
	sent(out.RequestResult)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	response, err := s.do(ctx, c, out.AuditID)
	if err != nil {
		out.Says = noAnswer(ctx, err)
		return out
	}
	defer func() { _ = response.Body.Close() }()
	if out.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		out.Says = noAnswer(ctx, err)
		return out
	}
	now := metav1.NewMicroTime(time.Now())
	out.AnsweredAt, out.Code = &now, response.StatusCode
	out.Says, out.Revision = said(c, response.StatusCode, out.body)
	return out
}

func (s *sender) do(ctx context.Context, c *call, auditID string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, c.target.String(), bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	if auditID != "" {
		request.Header.Set("Audit-ID", auditID)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", cmp.Or(c.media, "application/json"))
	return s.http.Do(request)
}

// noAnswer is what a client prints that had none.
func noAnswer(ctx context.Context, err error) string {
	if cause := context.Cause(ctx); cause != nil {
		return "Unable to connect to the server: " + cause.Error()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return "Unable to connect to the server: " + err.Error()
}

// said is what kubectl would print of an answer, and the revision of the object in it.
func said(c *call, code int, body []byte) (line string, revision int64) {
	if code/100 != 2 {
		var status metav1.Status
		if err := json.Unmarshal(body, &status); err != nil || status.Message == "" {
			return http.StatusText(code), 0
		}
		return fmt.Sprintf("Error from server (%s): %s", cmp.Or(string(status.Reason), http.StatusText(code)), status.Message), 0
	}
	var found metav1.PartialObjectMetadata
	if err := json.Unmarshal(body, &found); err != nil {
		return http.StatusText(code), 0
	}
	revision, _ = strconv.ParseInt(found.ResourceVersion, 10, 64)
	return cmp.Or(c.done, fmt.Sprintf("%s at revision %d", cmp.Or(found.Name, c.subject.Resource), revision)), revision
}

// must sends a request that has to succeed. An object that is gone already was
// deleted, and one that is there already was created.
func (s *sender) must(ctx context.Context, c *call, fine ...int) (answer, error) {
	a := s.send(ctx, c, defaultTimeout, func(experiment.RequestResult) {})
	if a.Code/100 == 2 {
		return a, nil
	}
	for _, code := range fine {
		if a.Code == code {
			return a, nil
		}
	}
	return a, fmt.Errorf("%s: %s", c.line, a.Says)
}
