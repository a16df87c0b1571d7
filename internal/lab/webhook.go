// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/glassplane/glassplane/internal/experiment"
)

// webhook runs a server that takes connections and never says a word, and has the API
// server ask it about objects of this run alone, so that a run that is killed does not
// keep others from anything.
func (r *run) webhook(ctx context.Context, step string, w *experiment.Webhook) (Heal, error) {
	silent, err := listenSilently(ctx)
	if err != nil {
		return nil, err
	}
	object := r.webhookObject(step, w, silent.Addr().String()).Unstructured()
	r.label(object)
	c, err := r.sender.create(object)
	if err != nil {
		silent.close()
		return nil, err
	}
	mapping, err := r.sender.mappingOf(object)
	if err != nil {
		silent.close()
		return nil, err
	}
	remove := r.sender.newCall(http.MethodDelete, mapping, "", object.GetName(), "")
	remove.line = "kubectl delete validatingwebhookconfiguration " + object.GetName()
	heal := func(ctx context.Context) error {
		defer silent.close()
		return r.deleteAndWait(ctx, remove)
	}
	if _, err = r.sender.must(ctx, c); err != nil {
		return heal, err
	}
	return heal, r.awaitAsked(ctx, silent)
}

func (r *run) webhookObject(step string, w *experiment.Webhook, address string) experiment.Object {
	var rules []any
	for _, resource := range w.Resources {
		mapping, err := r.sender.mapping(resource)
		if err != nil {
			continue
		}
		operations := make([]any, 0, len(w.Operations))
		for _, operation := range w.Operations {
			operations = append(operations, operation)
		}
		rules = append(rules, map[string]any{
			"apiGroups": []any{mapping.Resource.Group}, "apiVersions": []any{mapping.Resource.Version},
			"resources": []any{mapping.Resource.Resource}, "operations": operations,
		})
	}
	return experiment.Object{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
		"metadata": map[string]any{"name": "what-if-" + step},
		"webhooks": []any{map[string]any{
			"name":         step + ".what-if.glassplane.dev",
			"clientConfig": map[string]any{"url": "https://" + address + "/"},
			"rules":        rules, "failurePolicy": w.FailurePolicy, "timeoutSeconds": w.TimeoutSeconds,
			"sideEffects": "None", "admissionReviewVersions": []any{"v1"},
			"objectSelector": map[string]any{"matchLabels": map[string]any{r.marker: r.of.Name}},
		}},
	}
}

// awaitAsked waits until the API server asks the webhook: it learns of a new one by a
// watch. The requests that try it are dry runs of an object that is refused anyway.
func (r *run) awaitAsked(ctx context.Context, silent *silentListener) error {
	ctx, cancel := context.WithTimeoutCause(ctx, defaultTimeout, fmt.Errorf("the API server did not ask the webhook within %s", defaultTimeout))
	defer cancel()
	probe := experiment.Object{
		"apiVersion": "sim.glassplane.dev/v1alpha1", "kind": "SimPod", "metadata": map[string]any{"name": "what-if-probe"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "main", "image": "none"}}},
	}.Unstructured()
	r.label(probe)
	for {
		c, err := r.sender.create(probe)
		if err != nil {
			return err
		}
		query := c.target.Query()
		query.Set("dryRun", "All")
		c.target.RawQuery = query.Encode()
		r.sender.send(ctx, c, 300*time.Millisecond, func(experiment.RequestResult) {})
		select {
		case <-silent.asked:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		default:
		}
	}
}

// silentListener takes connections and keeps them, without a word.
type silentListener struct {
	net.Listener

	once  sync.Once
	asked chan struct{} // is closed at the first connection

	mu     sync.Mutex
	closed bool
	taken  []net.Conn
}

func listenSilently(ctx context.Context) (*silentListener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the webhook: %w", err)
	}
	s := &silentListener{Listener: listener, asked: make(chan struct{})}
	go s.take()
	return s, nil
}

func (s *silentListener) take() {
	for {
		conn, err := s.Accept()
		if err != nil {
			return
		}
		s.once.Do(func() { close(s.asked) })
		s.mu.Lock()
		if s.closed {
			_ = conn.Close()
		}
		s.taken = append(s.taken, conn)
		s.mu.Unlock()
	}
}

func (s *silentListener) close() {
	_ = s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, conn := range s.taken {
		_ = conn.Close()
	}
}
