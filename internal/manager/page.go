// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/oauth2"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/sender"
)

const (
	// pageTokenLifetime is the least that an API server gives.
	pageTokenLifetime = 10 * time.Minute
	tokenTimeout      = 10 * time.Second
)

// PageIdentity returns a configuration with the identity of the page's
// ServiceAccount: tokens of it are asked for with that of another configuration,
// when they are needed.
func PageIdentity(config *rest.Config) (*rest.Config, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client that asks for tokens of %s: %w", sender.Name, err)
	}
	page := rest.AnonymousClientConfig(config)
	page.Wrap(transport.TokenSourceWrapTransport(transport.NewCachedTokenSource(pageTokens{clientset})))
	return page, nil
}

// pageTokens asks the API server for tokens of the page's ServiceAccount.
type pageTokens struct{ clientset kubernetes.Interface }

// Token implements oauth2.TokenSource.
func (p pageTokens) Token() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), tokenTimeout)
	defer cancel()
	seconds := int64(pageTokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := p.clientset.CoreV1().ServiceAccounts(v1alpha1.SystemNamespace).CreateToken(ctx, sender.Name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("requesting a token for %s: %w", sender.Name, err)
	}
	return &oauth2.Token{AccessToken: answer.Status.Token, Expiry: answer.Status.ExpirationTimestamp.Time}, nil
}
