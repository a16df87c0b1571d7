// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Files in the folders of the data folder.
const (
	caFile              = "ca.crt"
	etcdName            = "etcd"
	etcdClientName      = "apiserver-etcd-client"
	controllerName      = "kube-controller-manager"
	auditPolicyFileName = "policy.yaml"
	auditLogFileName    = "audit.log"
	controllerConfig    = "kube-controller-manager.kubeconfig"
)

const (
	// auditLogSize (megabytes) and auditLogBackups bound the audit log. A
	// follower has that long to read a file after it was rotated.
	auditLogSize    = "100"
	auditLogBackups = "2"
	// etcdCompaction is how often the API server forgets old revisions. They
	// are what the state at an earlier moment is read from, so they are kept
	// for longer than the default of five minutes; etcdQuota (bytes) makes room.
	etcdCompaction = "30m"
	etcdQuota      = "4294967296"
	flagQuota      = "quota-backend-bytes"
	// flagNoSync lets etcd answer before what it wrote is on the disk, which
	// outlives etcd, but not the machine. It spares the disk.
	flagNoSync = "unsafe-no-fsync"
	// watchGrace is how long a stopping API server takes to end its watches.
	watchGrace = "1s"
)

// controllers are those that Glassplane relies on: owner references, deletion
// of namespaces, default ServiceAccounts, and aggregated ClusterRoles. The
// others act on kinds that nothing here runs.
var controllers = []string{
	"garbage-collector-controller",
	"namespace-controller",
	"serviceaccount-controller",
	"clusterrole-aggregation-controller",
}

// controllerManagerCost is what does not work without kube-controller-manager.
const controllerManagerCost = "no owner-reference garbage collection, no namespace deletion"

// keyFile and certFile are the paths of a key pair in the data folder.
func (l *Local) keyFile(name string) string  { return l.data.file(pkiDir, name+".key") }
func (l *Local) certFile(name string) string { return l.data.file(pkiDir, name+".crt") }

// writeKeys writes the certificates and keys of all processes that etcd's
// authority vouches for.
func (l *Local) writeKeys() error {
	ca, err := l.ca.certPEM()
	if err != nil {
		return err
	}
	files := map[string][]byte{l.data.file(pkiDir, caFile): ca}
	for _, name := range []string{etcdName, etcdClientName, controllerName} {
		pair, err := l.ca.issue(name)
		if err != nil {
			return err
		}
		files[l.certFile(name)], files[l.keyFile(name)] = pair.cert, pair.key
	}
	for path, data := range files {
		if err := writeFile(path, data); err != nil {
			return dirError(l.dir, err)
		}
	}
	return nil
}

// startEtcd starts etcd with TLS for clients and peers. envtest's health check
// knows no client certificates, so it gets the plain metrics port, which serves
// /health and /metrics and nothing of what is stored.
func (l *Local) startEtcd(ctx context.Context) error {
	c, err := l.newComponent(Etcd, l.opts.Assets.Etcd)
	if err != nil {
		return err
	}
	metrics := &url.URL{Scheme: "http", Host: hostPort(l.ports.etcdMetrics)}
	// An etcd without space serves what it has, and starts.
	health := &url.URL{Scheme: metrics.Scheme, Host: metrics.Host, RawQuery: "exclude=NOSPACE"}
	etcd := &envtest.Etcd{
		Path: c.path, URL: health, DataDir: l.data.file(etcdDir), Out: c.log, Err: c.log,
		StartTimeout: l.opts.StartTimeout, StopTimeout: stopTimeout,
	}
	client, peer := "https://"+hostPort(l.ports.etcd), "https://"+hostPort(l.ports.etcdPeer)
	ca := l.data.file(pkiDir, caFile)
	etcd.Configure().
		Set("name", etcdName).
		Set("listen-metrics-urls", metrics.String()).
		Set("listen-client-urls", client).Set("advertise-client-urls", client).
		Set("listen-peer-urls", peer).Set("initial-advertise-peer-urls", peer).
		Set("initial-cluster", etcdName+"="+peer).
		Set("cert-file", l.certFile(etcdName)).Set("key-file", l.keyFile(etcdName)).
		Set("trusted-ca-file", ca).Set("client-cert-auth", "true").
		Set("peer-cert-file", l.certFile(etcdName)).Set("peer-key-file", l.keyFile(etcdName)).
		Set("peer-trusted-ca-file", ca).Set("peer-client-cert-auth", "true").
		Set(flagQuota, etcdQuota).
		Set(flagNoSync, "true").
		Set("log-level", "warn")
	l.traceEtcd(etcd)
	c.runner, l.plane.Etcd = etcd, etcd
	return l.startLogged(ctx, c)
}

// startAPIServer starts kube-apiserver. RBAC, the issuer of service account
// tokens and client certificates for users are what envtest sets.
func (l *Local) startAPIServer(ctx context.Context) error {
	c, err := l.newComponent(APIServer, l.opts.Assets.APIServer)
	if err != nil {
		return err
	}
	server := l.plane.GetAPIServer()
	server.Path, server.CertDir = c.path, l.data.file(apiServerDir)
	server.Out, server.Err = c.log, c.log
	server.StartTimeout, server.StopTimeout = l.opts.StartTimeout, stopTimeout
	server.Address, server.Port = loopback, strconv.Itoa(l.ports.apiServer)
	server.EtcdURL = &url.URL{Scheme: "https", Host: hostPort(l.ports.etcd)}
	server.Configure().
		Set("etcd-cafile", l.data.file(pkiDir, caFile)).
		Set("etcd-certfile", l.certFile(etcdClientName)).Set("etcd-keyfile", l.keyFile(etcdClientName)).
		Set("etcd-compaction-interval", etcdCompaction).
		// Without it, an open watch would keep a stopping server for a minute.
		Set("shutdown-watch-termination-grace-period", watchGrace).
		Set("advertise-address", loopback).
		// Endpoints may not be loopback addresses, and nobody looks for ours.
		Set("endpoint-reconciler-type", "none")
	if err := errors.Join(l.configureAudit(server), l.traceAPIServer(server)); err != nil {
		return err
	}
	c.runner = server
	return l.startLogged(ctx, c)
}

// configureAudit turns the audit log on. Batch mode with the default batch size
// of one writes each event at once, but not within the request that it is about.
func (l *Local) configureAudit(server *envtest.APIServer) error {
	if l.opts.AuditLevel == auditv1.LevelNone {
		return nil
	}
	policy, err := auditPolicyFile(l.opts.AuditLevel)
	if err != nil {
		return err
	}
	path := l.data.file(auditDir, auditPolicyFileName)
	if err := writeFile(path, policy); err != nil {
		return dirError(l.dir, err)
	}
	server.Configure().
		Set("audit-policy-file", path).
		Set("audit-log-path", l.AuditLogPath()).
		Set("audit-log-mode", "batch").
		Set("audit-log-maxsize", auditLogSize).
		Set("audit-log-maxbackup", auditLogBackups)
	return nil
}

// startControllerManager starts kube-controller-manager without waiting for it:
// nothing that is served needs it. Without it the rest works, so a failure is
// noted, not returned.
func (l *Local) startControllerManager(context.Context) error {
	if l.opts.Assets.ControllerManager == "" {
		l.addMissing(fmt.Sprintf("no %s in %s", ControllerManager, l.opts.Assets.Dir))
		return nil
	}
	c, err := l.newComponent(ControllerManager, l.opts.Assets.ControllerManager)
	if err != nil {
		return err
	}
	if c.runner, err = l.controllerManager(c); err != nil {
		return err
	}
	l.running.Go(func() {
		err := l.startLogged(l.background, c)
		switch {
		case err == nil || l.background.Err() != nil:
		case l.isDisturbed():
			l.revive(c)
		default:
			l.addMissing(err.Error())
		}
	})
	return nil
}

func (l *Local) addMissing(reason string) {
	l.mu.Lock()
	l.missing = append(l.missing, Missing{Name: ControllerManager, Reason: reason, Cost: controllerManagerCost})
	l.mu.Unlock()
	l.logger().Info("not running", "process", ControllerManager, "reason", reason, "cost", controllerManagerCost)
}

// controllerManager prepares kube-controller-manager. Each of its controllers
// acts as its own ServiceAccount in kube-system, as it does in a cluster that
// kubeadm made: these are the identities to which RBAC's default roles are
// bound, and they tell the controllers apart in the audit log.
func (l *Local) controllerManager(c *component) (*daemon, error) {
	config, err := l.UserConfig("system:kube-controller-manager", nil)
	if err != nil {
		return nil, err
	}
	kubeconfig, err := kubeconfigFor(config, ControllerManager)
	if err != nil {
		return nil, err
	}
	path := l.data.file(pkiDir, controllerConfig)
	if err := writeFile(path, kubeconfig); err != nil {
		return nil, dirError(l.dir, err)
	}
	return &daemon{
		path: c.path,
		args: []string{
			"--kubeconfig=" + path,
			"--use-service-account-credentials=true",
			"--controllers=" + strings.Join(controllers, ","),
			"--leader-elect=false",
			"--bind-address=" + loopback,
			"--secure-port=" + strconv.Itoa(l.ports.controllerManager),
			"--tls-cert-file=" + l.certFile(controllerName),
			"--tls-private-key-file=" + l.keyFile(controllerName),
			// Its default of 20 requests per second would make the deletion of
			// a ReplicaSet's many pods take minutes.
			"--kube-api-qps=400", "--kube-api-burst=800",
		},
		out:          c.log,
		ready:        answers(l.healthClient(), "https://"+hostPort(l.ports.controllerManager)+"/healthz"),
		startTimeout: l.opts.StartTimeout,
		stopTimeout:  stopTimeout,
	}, nil
}

// healthClient asks servers whose certificate is etcd's authority's.
func (l *Local) healthClient() *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(l.ca.cert)
	return &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
	}
}
