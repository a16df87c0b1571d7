// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// endpoint serves a component's metrics and evidence over HTTPS. Every caller is
// authenticated by a TokenReview and authorized by a SubjectAccessReview.
type endpoint struct {
	component string
	server    metricsserver.Server
	// advertised is the IP that others reach it at; empty for the one listened on.
	advertised string
	// authority returns the PEM certificates that others are to trust.
	authority func() ([]byte, error)
}

// newEndpoint adds an endpoint to the manager of a component.
func newEndpoint(c *Component, opts Options, handlers map[string]http.Handler) (*endpoint, error) {
	ip, err := reachableIP(opts.EndpointAddress, opts.AdvertiseAddress)
	if err != nil {
		return nil, err
	}
	e := &endpoint{component: c.Name, advertised: opts.AdvertiseAddress, authority: authorityIn(opts.EndpointCertDir)}
	serving := metricsserver.Options{
		SecureServing:  true,
		BindAddress:    opts.EndpointAddress,
		CertDir:        opts.EndpointCertDir,
		ExtraHandlers:  handlers,
		FilterProvider: newAccess,
	}
	if opts.EndpointCertDir == "" {
		made, err := makeCertificate(c.Name, ip)
		if err != nil {
			return nil, err
		}
		c.healthz["certificate"] = made.check
		e.authority = func() ([]byte, error) { return made.pem, nil }
		serving.TLSOpts = append(serving.TLSOpts, func(c *tls.Config) { c.GetCertificate = made.get })
	}
	if e.server, err = metricsserver.NewServer(serving, c.manager.GetConfig(), c.manager.GetHTTPClient()); err != nil {
		return nil, err
	}
	return e, c.manager.Add(e.server)
}

// reachableIP returns the IP that others will reach the endpoint at; none where
// it listens on a name.
func reachableIP(listened, advertised string) (net.IP, error) {
	host, _, err := net.SplitHostPort(listened)
	if err != nil {
		return nil, fmt.Errorf("the address %q to serve metrics at must be host:port: %w", listened, err)
	}
	if advertised != "" {
		if ip, err := netip.ParseAddr(advertised); err != nil || ip.IsUnspecified() {
			return nil, fmt.Errorf("the advertised address %q must be an IP that other pods reach this one at", advertised)
		}
		return net.ParseIP(advertised), nil
	}
	ip := net.ParseIP(host)
	if host == "" || (ip != nil && ip.IsUnspecified()) {
		return nil, fmt.Errorf("metrics are served on every address of this machine (%s): say with --advertise-address which one others reach it at", listened)
	}
	return ip, nil
}

// address returns where others reach the endpoint, host:port; empty as long as
// it does not listen.
func (e *endpoint) address() string {
	// controller-runtime offers the address through this method alone.
	server, ok := e.server.(interface{ GetBindAddr() string })
	if !ok {
		return ""
	}
	host, port, err := net.SplitHostPort(server.GetBindAddr())
	if err != nil {
		return ""
	}
	return net.JoinHostPort(cmp.Or(e.advertised, host), port)
}
