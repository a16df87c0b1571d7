// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const etcdDialTimeout = 5 * time.Second

// etcdFlags say how the observer reads from etcd.
type etcdFlags struct {
	endpoints             string
	caFile, cert, keyFile string
}

func (f *etcdFlags) add(flags *flag.FlagSet) {
	flags.StringVar(&f.endpoints, "etcd-endpoints", "", "URLs of etcd, for the observer; empty where there is no access")
	flags.StringVar(&f.caFile, "etcd-cacert", "", "certificate authority of etcd")
	flags.StringVar(&f.cert, "etcd-cert", "", "client certificate for etcd")
	flags.StringVar(&f.keyFile, "etcd-key", "", "key of that certificate")
}

// config returns nil where there is no access to etcd.
func (f *etcdFlags) config() (*clientv3.Config, error) {
	if f.endpoints == "" {
		return nil, nil
	}
	config := &clientv3.Config{Endpoints: strings.Split(f.endpoints, ","), DialTimeout: etcdDialTimeout}
	if f.caFile == "" && f.cert == "" && f.keyFile == "" {
		return config, nil
	}
	if f.caFile == "" || f.cert == "" || f.keyFile == "" {
		return nil, errors.New("--etcd-cacert, --etcd-cert and --etcd-key go together")
	}
	tls, err := transport.TLSInfo{TrustedCAFile: f.caFile, CertFile: f.cert, KeyFile: f.keyFile}.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the certificates for etcd: %w", err)
	}
	config.TLS = tls
	return config, nil
}
