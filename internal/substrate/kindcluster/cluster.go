// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
)

const (
	// DefaultName is the name of the cluster where Options give none.
	DefaultName = "glassplane"
	// ImageEnv names the environment variable with the node image.
	ImageEnv = "KIND_NODE_IMAGE"
	// cleanupTimeout bounds how long a failed or interrupted Up takes to remove
	// what it has made.
	cleanupTimeout = 2 * time.Minute
	// etcdDialTimeout bounds how long etcd may take to take a connection.
	etcdDialTimeout = 5 * time.Second
)

// ErrNotRunning is returned by Open when there is no such cluster.
var ErrNotRunning = errors.New("no such kind cluster runs; start it with: make kind-up")

// Options say which cluster is meant, and how it is to be run.
type Options struct {
	// Name is the cluster's name; empty means DefaultName.
	Name string
	// Out is where progress goes; nil means nowhere.
	Out io.Writer
	// Env reads the environment; nil means os.Getenv. ImageEnv names a node
	// image, GLASSPLANE_CACHE the folder below which all state is, and
	// DOCKER_HOST the Docker daemon to use.
	Env func(string) string
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Env == nil {
		o.Env = os.Getenv
	}
	return o
}

// Cluster is a running cluster.
type Cluster struct {
	// Name is kind's name of it.
	Name string
	// Kubeconfig is the path of a kubeconfig with the cluster's administrator.
	Kubeconfig string
	// AuditLogDir is the folder in which the API server writes audit.log.
	AuditLogDir string
	// Etcd is how etcd is reached from this machine.
	Etcd Etcd

	options Options
	docker  docker
}

// Etcd is an address of etcd and the paths of what a client needs for TLS. The
// client certificate is the API server's, which may do everything.
type Etcd struct {
	Endpoint, CAFile, CertFile, KeyFile string
}

// NewClient returns a client of etcd. It connects when it is first used.
func (e Etcd) NewClient() (*clientv3.Client, error) {
	tls, err := transport.TLSInfo{TrustedCAFile: e.CAFile, CertFile: e.CertFile, KeyFile: e.KeyFile}.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read the certificates for etcd: %w", err)
	}
	return clientv3.New(clientv3.Config{Endpoints: []string{e.Endpoint}, TLS: tls, DialTimeout: etcdDialTimeout})
}

// Up starts the cluster, or finds it where it runs already, and returns when its
// nodes are ready and CoreDNS answers. Where that fails, or the context ends,
// everything that was made is removed again.
func Up(ctx context.Context, options Options) (_ *Cluster, err error) {
	options = options.withDefaults()
	unlock, err := lockCluster(ctx, options)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if c, err := open(ctx, options); err == nil {
		fmt.Fprintf(options.Out, "kind: cluster %s is up already\n", options.Name)
		return c, nil
	}
	if err := down(ctx, options); err != nil {
		return nil, fmt.Errorf("remove what is left of an earlier cluster: %w", err)
	}
	defer func() {
		if err != nil {
			cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
			defer cancel()
			err = errors.Join(err, down(cleanup, options))
		}
	}()
	return create(ctx, options)
}

// Open finds a running cluster.
func Open(ctx context.Context, options Options) (*Cluster, error) {
	return open(ctx, options.withDefaults())
}

// Down removes the cluster, and everything else that Up has made, also what a
// failed or killed Up has left. It is no error if there is nothing.
func Down(ctx context.Context, options Options) error {
	options = options.withDefaults()
	unlock, err := lockCluster(ctx, options)
	if err != nil {
		return err
	}
	defer unlock()
	return down(ctx, options)
}

// Down removes the cluster, see the function of the same name.
func (c *Cluster) Down(ctx context.Context) error {
	return Down(ctx, c.options)
}

// Env returns the variables that make docker and kubectl use this cluster.
func (c *Cluster) Env() []string {
	env := []string{"KUBECONFIG=" + c.Kubeconfig}
	if c.docker.host != "" {
		env = append(env, hostEnv+"="+c.docker.host)
	}
	return env
}

// LoadImages copies images from the Docker daemon to all nodes. Layers that they
// share are copied once.
func (c *Cluster) LoadImages(ctx context.Context, images ...string) error {
	nodes, err := c.provider().ListInternalNodes(c.Name)
	if err != nil {
		return fmt.Errorf("list the nodes: %w", err)
	}
	for _, node := range nodes {
		save := c.docker.command(ctx, append([]string{"save"}, images...)...)
		archive, err := save.StdoutPipe()
		if err != nil {
			return err
		}
		if err := save.Start(); err != nil {
			return err
		}
		loadErr := nodeutils.LoadImageArchive(node, archive)
		if err := errors.Join(explain(save.Wait()), loadErr); err != nil {
			return fmt.Errorf("load %s into %s: %w", strings.Join(images, ", "), node.String(), err)
		}
	}
	return nil
}

func (c *Cluster) provider() *cluster.Provider {
	return newProvider(c.docker, c.options.Out)
}

// newProvider is kind. It runs docker with the environment of this process, so
// that one process can use clusters of one daemon only.
func newProvider(d docker, out io.Writer) *cluster.Provider {
	_ = os.Setenv(hostEnv, d.host)
	return cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(logger{out: out}))
}

// create makes a cluster from nothing, step by step.
func create(ctx context.Context, options Options) (*Cluster, error) {
	s := stateOf(options)
	c := &Cluster{Name: options.Name, options: options}
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"folders and ports", func(context.Context) (err error) { s, err = s.prepare(); return err }},
		{"Docker", func(ctx context.Context) (err error) { c.docker, err = startDocker(ctx, options, &s); return err }},
		{"node image", func(ctx context.Context) (err error) { s.image, err = c.docker.nodeImage(ctx, options, &s); return err }},
		{"cluster", func(ctx context.Context) error { return createCluster(ctx, options, s, c.docker) }},
		{"CoreDNS", func(ctx context.Context) error { return waitReady(ctx, s.kubeconfig()) }},
		{"etcd's certificates", func(context.Context) error { return s.copyEtcdCerts(newProvider(c.docker, options.Out)) }},
	}
	began := time.Now()
	for _, step := range steps {
		stepBegan := time.Now()
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Fprintf(options.Out, "kind: %s ready after %s\n", step.what, time.Since(stepBegan).Round(100*time.Millisecond))
	}
	fmt.Fprintf(options.Out, "kind: cluster %s is up after %s\n", options.Name, time.Since(began).Round(100*time.Millisecond))
	return c.at(s), nil
}

func (c *Cluster) at(s state) *Cluster {
	c.Kubeconfig, c.AuditLogDir, c.Etcd = s.kubeconfig(), s.auditDir(), s.etcd()
	return c
}

// open finds a cluster that an earlier Up has finished.
func open(ctx context.Context, options Options) (*Cluster, error) {
	s, err := stateOf(options).read()
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", options.Name, ErrNotRunning)
	}
	d, err := findDocker(ctx, options, s)
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", options.Name, errors.Join(ErrNotRunning, err))
	}
	names, err := newProvider(d, options.Out).List()
	if err != nil {
		return nil, fmt.Errorf("list kind's clusters: %w", err)
	}
	if _, err := os.Stat(s.etcd().KeyFile); err != nil || !slices.Contains(names, options.Name) {
		return nil, fmt.Errorf("cluster %s: %w", options.Name, ErrNotRunning)
	}
	return (&Cluster{Name: options.Name, options: options, docker: d}).at(s), nil
}

// down removes everything, in the opposite order of create.
func down(ctx context.Context, options Options) error {
	s, err := stateOf(options).read()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	d, err := findDocker(ctx, options, s)
	switch {
	case err == nil:
		errs = append(errs, newProvider(d, options.Out).Delete(options.Name, s.kubeconfig()))
		d.removeMade(ctx, s)
	case s.Daemon == otherDaemon:
		errs = append(errs, fmt.Errorf("the cluster may still run (if not, remove %s): %w", s.dir, err))
	}
	if s.Daemon == ownDaemon {
		errs = append(errs, stopDaemon(ctx, s))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.remove()
}

// explain adds to the error of a command what it wrote to stderr.
func explain(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}
