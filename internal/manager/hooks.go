// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/glassplane/glassplane/controllers/forcedeletion"
)

// hooks is where a component answers what the API server asks it. Who asks is not
// known there: what is answered must be harmless to everybody who can reach it.
type hooks struct {
	address   string
	options   webhook.Options
	authority func() ([]byte, error)
}

// newHooks returns nil where the options name no address.
func newHooks(component string, opts Options) (*hooks, error) {
	if opts.ForceDeletionAddress == "" {
		return nil, nil
	}
	host, text, err := net.SplitHostPort(opts.ForceDeletionAddress)
	if err != nil {
		return nil, fmt.Errorf("the address %q to be asked about forced deletions at must be host:port: %w", opts.ForceDeletionAddress, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return nil, fmt.Errorf("the port of %q, where forced deletions are asked about, must be a number from 1 to 65535", opts.ForceDeletionAddress)
	}
	h := &hooks{
		address:   opts.ForceDeletionAddress,
		options:   webhook.Options{Host: host, Port: port, CertDir: opts.EndpointCertDir},
		authority: authorityIn(opts.EndpointCertDir),
	}
	if opts.EndpointCertDir == "" {
		made, err := makeCertificate(component, net.ParseIP(host))
		if err != nil {
			return nil, err
		}
		h.options.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.GetCertificate = made.get }}
		h.authority = func() ([]byte, error) { return made.pem, nil }
	}
	return h, nil
}

// server returns the server of a manager; nil for none, which is not started.
func (h *hooks) server() webhook.Server {
	if h == nil {
		return nil
	}
	return webhook.NewServer(h.options)
}

// ForceDeletion returns the configuration with which the API server asks the
// component about forced deletions, by its address; nil where it answers nothing.
func (c *Component) ForceDeletion() (*admissionregistrationv1.ValidatingWebhookConfiguration, error) {
	if c.hooks == nil {
		return nil, nil
	}
	authority, err := c.hooks.authority()
	if err != nil {
		return nil, err
	}
	url := "https://" + c.hooks.address + forcedeletion.Path
	return forcedeletion.WebhookConfiguration(admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: authority}), nil
}
