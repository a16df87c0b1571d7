// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/feed"
)

// Keys of the ConfigMap in which a component publishes its endpoint.
const (
	// addressKey holds host:port.
	addressKey = "address"
	// authorityKey holds the PEM certificates to trust there.
	authorityKey = "ca.crt"
)

const (
	// listenInterval is how often it is looked whether the endpoint listens.
	listenInterval = 20 * time.Millisecond
	// republishInterval is how often it is looked whether what is published still
	// holds: certificates are renewed, and ConfigMaps are deleted and made again.
	republishInterval = time.Minute
)

// publishBackoff spreads the attempts to publish while they fail.
var publishBackoff = wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.1, Steps: 10, Cap: 10 * time.Second}

// endpointName returns the name of the ConfigMap in which a component publishes
// its endpoint; config/endpoints has all of them.
func endpointName(component string) string { return component + "-endpoint" }

// publisher keeps in a ConfigMap where the leader of a component serves, and
// which certificates to trust there. It is a Runnable of the leader.
type publisher struct {
	endpoint *endpoint
	reader   client.Reader
	writer   client.Writer
	log      logr.Logger
	// done is closed once it is published.
	done chan struct{}
	once sync.Once
}

// Start publishes until ctx ends; while that fails it is tried again.
func (p *publisher) Start(ctx context.Context) error {
	wait.UntilWithContext(ctx, p.publishOnce, republishInterval)
	return nil
}

// NeedLeaderElection is true: the others are to find the leader.
func (*publisher) NeedLeaderElection() bool { return true }

// publishOnce returns when it is published or ctx ends, which is no error.
func (p *publisher) publishOnce(ctx context.Context) {
	listens := func(context.Context) (bool, error) { return p.endpoint.address() != "", nil }
	if wait.PollUntilContextCancel(ctx, listenInterval, true, listens) != nil {
		return
	}
	published := func(ctx context.Context) (bool, error) {
		err := p.publish(ctx)
		if err != nil && ctx.Err() == nil {
			p.log.Error(err, "Cannot publish where this component serves: trying again")
		}
		return err == nil, nil
	}
	if publishBackoff.DelayFunc().Until(ctx, true, true, published) == nil {
		p.once.Do(func() { close(p.done) })
	}
}

// publish writes only what differs.
func (p *publisher) publish(ctx context.Context) error {
	authority, err := p.endpoint.authority()
	if err != nil {
		return err
	}
	current, err := readEndpoint(ctx, p.reader, p.endpoint.component)
	if err != nil {
		return err
	}
	address := p.endpoint.address()
	if current.Data[addressKey] == address && current.Data[authorityKey] == string(authority) {
		return nil
	}
	wanted := current.DeepCopy()
	wanted.Data = map[string]string{addressKey: address, authorityKey: string(authority)}
	if err := p.writer.Patch(ctx, wanted, client.MergeFrom(current)); err != nil {
		return fmt.Errorf("writing ConfigMap %s: %w", client.ObjectKeyFromObject(wanted), err)
	}
	return nil
}

func readEndpoint(ctx context.Context, reader client.Reader, component string) (*corev1.ConfigMap, error) {
	key := client.ObjectKey{Namespace: v1alpha1.SystemNamespace, Name: endpointName(component)}
	configMap := &corev1.ConfigMap{}
	switch err := reader.Get(ctx, key, configMap); {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("there is no ConfigMap %s: apply the manifests of this version (kubectl apply -k config/default): %w", key, err)
	case err != nil:
		return nil, fmt.Errorf("reading ConfigMap %s: %w", key, err)
	}
	return configMap, nil
}

// published finds the leader of a component by what it has published.
type published struct {
	reader    client.Reader
	component string
}

// Resolve implements feed.Resolver.
func (p published) Resolve(ctx context.Context) (feed.Endpoint, error) {
	configMap, err := readEndpoint(ctx, p.reader, p.component)
	if err != nil {
		return feed.Endpoint{}, err
	}
	address, authority := configMap.Data[addressKey], configMap.Data[authorityKey]
	if address == "" || authority == "" {
		return feed.Endpoint{}, fmt.Errorf("%s has not published yet where it serves (ConfigMap %s): check that it runs, and with --metrics-bind-address",
			p.component, client.ObjectKeyFromObject(configMap))
	}
	return feed.Endpoint{Address: address, ServerName: serviceName(p.component), CA: authority}, nil
}
