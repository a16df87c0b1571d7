// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/cert"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/manager"
)

const (
	loopback = "127.0.0.1"
	// freePort lets the kernel choose one.
	freePort = loopback + ":0"
	// tokenLifetime is longer than any local control plane is kept.
	tokenLifetime = 365 * 24 * time.Hour
	pollInterval  = 20 * time.Millisecond
)

// endpoint is what lets the observer read the endpoints of the others: a
// certificate that it trusts, and a token that the API server knows.
type endpoint struct {
	certDir, caFile, tokenFile string
}

func (c *Cluster) newEndpoint(ctx context.Context) (endpoint, error) {
	dir := c.ComponentsDir()
	e := endpoint{certDir: dir, caFile: filepath.Join(dir, "tls.crt"), tokenFile: filepath.Join(dir, "observer.token")}
	certificate, key, err := cert.GenerateSelfSignedCertKey("localhost", []net.IP{net.ParseIP(loopback)}, nil)
	if err != nil {
		return endpoint{}, fmt.Errorf("making the certificate of the components' endpoints: %w", err)
	}
	token, err := c.observerToken(ctx)
	if err != nil {
		return endpoint{}, err
	}
	for file, content := range map[string][]byte{
		e.caFile: certificate, filepath.Join(dir, "tls.key"): key, e.tokenFile: []byte(token),
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return endpoint{}, fmt.Errorf("writing the components' keys: %w", err)
		}
	}
	return e, nil
}

// checkAddress tells early that the observer's address cannot be had.
func checkAddress(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("the observer cannot listen on %s; choose another address with --observer-address: %w", address, err)
	}
	return listener.Close()
}

// observerToken asks for a token of the observer's ServiceAccount, as a
// kubelet does for a pod.
func (c *Cluster) observerToken(ctx context.Context) (string, error) {
	clientset, err := kubernetes.NewForConfig(c.AdminConfig())
	if err != nil {
		return "", err
	}
	seconds := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	response, err := clientset.CoreV1().ServiceAccounts(v1alpha1.SystemNamespace).
		CreateToken(ctx, manager.ObserverName, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("requesting a token for %s: %w", manager.ObserverName, err)
	}
	return response.Status.Token, nil
}

// waitForEndpoint returns once the component's caches are filled and its
// endpoint listens.
func (c *Cluster) waitForEndpoint(ctx context.Context, component *running) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(context.Context) (bool, error) {
		return component.EndpointAddress() != "", c.Err()
	})
	if err != nil {
		return fmt.Errorf("waiting for %s to listen: %w", component.Name, err)
	}
	return component.WaitForReady(ctx)
}
