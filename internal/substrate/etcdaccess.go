// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// etcdDialTimeout bounds the first connection to etcd.
const etcdDialTimeout = 5 * time.Second

// EtcdAccess is what a client of etcd needs, with a certificate of its own.
type EtcdAccess struct {
	// Endpoint is etcd's URL.
	Endpoint string `json:"endpoint"`
	// CA, Cert and Key are in PEM.
	CA   []byte `json:"ca"`
	Cert []byte `json:"cert"`
	Key  []byte `json:"key"`
}

// ClientConfig returns the configuration of the client.
func (a EtcdAccess) ClientConfig() (clientv3.Config, error) {
	certificate, err := tls.X509KeyPair(a.Cert, a.Key)
	if err != nil {
		return clientv3.Config{}, fmt.Errorf("load the certificate of a client of etcd: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(a.CA) {
		return clientv3.Config{}, errors.New("load the certificate of etcd's authority: it is no certificate in PEM")
	}
	return clientv3.Config{
		Endpoints:   []string{a.Endpoint},
		DialTimeout: etcdDialTimeout,
		TLS:         &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots, MinVersion: tls.VersionTLS12},
	}, nil
}
