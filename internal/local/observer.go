// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

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
	"k8s.io/client-go/kubernetes"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/manager"
)

const (
	// freePort lets the kernel choose one.
	freePort = "127.0.0.1:0"
	// tokenLifetime is longer than any local control plane is kept.
	tokenLifetime = 365 * 24 * time.Hour
	pollInterval  = 20 * time.Millisecond
)

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

// writeObserverToken asks for a token of the observer's ServiceAccount, as a
// kubelet does for a pod, and returns the file that holds it. The other
// components ask the API server whose token it is.
func (c *Cluster) writeObserverToken(ctx context.Context) (string, error) {
	clientset, err := kubernetes.NewForConfig(c.AdminConfig())
	if err != nil {
		return "", err
	}
	seconds := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		Audiences: []string{manager.EvidenceAudience}, ExpirationSeconds: &seconds,
	}}
	response, err := clientset.CoreV1().ServiceAccounts(v1alpha1.SystemNamespace).
		CreateToken(ctx, manager.ObserverName, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("requesting a token for %s: %w", manager.ObserverName, err)
	}
	file := filepath.Join(c.ComponentsDir(), "observer.token")
	if err := os.WriteFile(file, []byte(response.Status.Token), 0o600); err != nil {
		return "", fmt.Errorf("writing the observer's token: %w", err)
	}
	return file, nil
}
