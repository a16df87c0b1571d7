// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// renewBefore is how long before its end a certificate is made anew.
const renewBefore = 24 * time.Hour

// madeCertificate is a certificate that was made at the start of its component,
// for a year, with its authority, whose key is gone.
type madeCertificate struct {
	tls.Certificate
	pem []byte
}

// makeCertificate makes one for a component, valid for its Service, localhost
// and the IP; nil for none.
func makeCertificate(component string, ip net.IP) (*madeCertificate, error) {
	var ips []net.IP
	if ip != nil {
		ips = append(ips, ip)
	}
	chain, key, err := cert.GenerateSelfSignedCertKey(component, ips, []string{serviceName(component), "localhost"})
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", component, err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate made for %s: %w", component, err)
	}
	return &madeCertificate{Certificate: pair, pem: chain}, nil
}

// serviceName is the DNS name that each certificate of a component is valid for,
// that of its Service.
func serviceName(component string) string { return component + "." + v1alpha1.SystemNamespace + ".svc" }

func (m *madeCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return &m.Certificate, nil
}

// check fails when the certificate is about to expire, so that the kubelet
// restarts the container, which then makes another one and publishes it.
func (m *madeCertificate) check(*http.Request) error { return m.checkAt(time.Now()) }

func (m *madeCertificate) checkAt(now time.Time) error {
	if end := m.Leaf.NotAfter; now.Add(renewBefore).After(end) {
		return fmt.Errorf("the certificate ends at %s: this component has to be started again", end.Format(time.RFC3339))
	}
	return nil
}

// authorityIn returns how to read the certificates that others are to trust from
// a folder such as cert-manager keeps: ca.crt or, where there is none, tls.crt.
// They may change while the component runs.
func authorityIn(dir string) func() ([]byte, error) {
	return func() ([]byte, error) {
		content, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
		// An issuer that knows no authority leaves the file empty.
		if errors.Is(err, fs.ErrNotExist) || (err == nil && len(content) == 0) {
			content, err = os.ReadFile(filepath.Join(dir, "tls.crt"))
		}
		if err != nil {
			return nil, fmt.Errorf("reading the certificate authority: %w", err)
		}
		return content, nil
	}
}
