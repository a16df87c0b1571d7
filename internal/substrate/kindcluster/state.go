// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"github.com/glassplane/glassplane/config/kind"
	"github.com/glassplane/glassplane/internal/substrate"
)

// lockPoll is how often a waiting call looks whether it is its turn.
const lockPoll = 300 * time.Millisecond

// state is what of a cluster is on disk. It is written before anything else is
// made, so that Down knows what there may be.
type state struct {
	// dir is the folder of everything; empty where the cache cannot be found.
	dir string
	err error

	// Daemon says whose the Docker daemon is.
	Daemon daemonKind
	// MadeNetwork says that the network of kind's nodes was not there before.
	MadeNetwork bool
	// LoadedImage is the composed image that was not in Docker before.
	LoadedImage string
	// APIServerPort and EtcdPort are ports of the loopback interface.
	APIServerPort, EtcdPort int
	// image is the node image; it is not needed once the cluster runs.
	image string
}

// daemonKind says whose a Docker daemon is.
type daemonKind string

const (
	// noDaemon is used as long as nothing was done with a daemon.
	noDaemon daemonKind = ""
	// ownDaemon was started for this cluster and ends with it.
	ownDaemon daemonKind = "own"
	// otherDaemon was there.
	otherDaemon daemonKind = "other"
)

func stateOf(options Options) state {
	root, err := substrate.CacheRoot(options.Env)
	return state{dir: filepath.Join(root, "kind", options.Name), err: err}
}

func (s state) kubeconfig() string { return filepath.Join(s.dir, "kubeconfig") }
func (s state) auditDir() string   { return filepath.Join(s.dir, "audit") }
func (s state) policy() string     { return filepath.Join(s.dir, "audit-policy.yaml") }
func (s state) dockerDir() string  { return filepath.Join(s.dir, "docker") }
func (s state) helper() string     { return filepath.Join(s.dir, "kindnode") }
func (s state) file() string       { return filepath.Join(s.dir, "state.json") }

func (s state) etcd() Etcd {
	dir := filepath.Join(s.dir, "etcd")
	return Etcd{
		Endpoint: fmt.Sprintf("https://127.0.0.1:%d", s.EtcdPort),
		CAFile:   filepath.Join(dir, "ca.crt"),
		CertFile: filepath.Join(dir, "client.crt"),
		KeyFile:  filepath.Join(dir, "client.key"),
	}
}

func (s state) read() (state, error) {
	if s.err != nil {
		return s, s.err
	}
	data, err := os.ReadFile(s.file())
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", s.file(), err)
	}
	return s, nil
}

func (s state) write() error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(s.file(), data, 0o600)
}

// prepare makes the folder and what the node mounts from it.
func (s state) prepare() (state, error) {
	if s.err != nil {
		return s, s.err
	}
	for _, dir := range []string{s.auditDir(), s.dockerDir(), filepath.Dir(s.etcd().KeyFile)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return s, fmt.Errorf("make the cluster's folder: %w", err)
		}
	}
	// The API server would make it for root only; it keeps the mode of the
	// file that it finds, also when it rotates.
	if err := os.WriteFile(filepath.Join(s.auditDir(), "audit.log"), nil, 0o644); err != nil {
		return s, err
	}
	if err := os.WriteFile(s.policy(), kind.AuditPolicy, 0o644); err != nil {
		return s, err
	}
	var err error
	if s.APIServerPort, s.EtcdPort, err = freePorts(); err != nil {
		return s, fmt.Errorf("find free ports: %w", err)
	}
	return s, s.write()
}

// freePorts returns two ports of the loopback interface that nobody listens on.
func freePorts() (first, second int, err error) {
	var ports [2]int
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, 0, err
		}
		defer listener.Close()
		ports[i] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports[0], ports[1], nil
}

func (s state) lock() string { return s.dir + ".lock" }

// remove removes the folder. The lock is beside it.
func (s state) remove() error {
	return os.RemoveAll(s.dir)
}

// copyEtcdCerts copies what a client of etcd needs from the control plane's node.
func (s state) copyEtcdCerts(provider *cluster.Provider) error {
	nodes, err := provider.ListInternalNodes(filepath.Base(s.dir))
	if err != nil {
		return err
	}
	controlPlanes, err := nodeutils.ControlPlaneNodes(nodes)
	if err != nil {
		return err
	}
	if len(controlPlanes) == 0 {
		return errors.New("kind has no control plane node")
	}
	etcd := s.etcd()
	const pki = "/etc/kubernetes/pki/"
	for _, file := range [][2]string{
		{pki + "etcd/ca.crt", etcd.CAFile},
		{pki + "apiserver-etcd-client.crt", etcd.CertFile},
		{pki + "apiserver-etcd-client.key", etcd.KeyFile},
	} {
		var data bytes.Buffer
		if err := controlPlanes[0].Command("cat", file[0]).SetStdout(&data).Run(); err != nil {
			return fmt.Errorf("read %s: %w", file[0], err)
		}
		if err := os.WriteFile(file[1], data.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// lockCluster waits until no other process starts or removes the cluster.
func lockCluster(ctx context.Context, options Options) (unlock func(), err error) {
	s := stateOf(options)
	if s.err != nil {
		return nil, s.err
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for waiting := false; ; {
		lock, err := s.tryLock()
		if err == nil {
			return func() { s.unlock(lock) }, nil
		}
		if !errors.Is(err, fileutil.ErrLocked) {
			return nil, fmt.Errorf("lock the cluster: %w", err)
		}
		if !waiting {
			fmt.Fprintf(options.Out, "kind: another command works on cluster %s, waiting for it\n", options.Name)
			waiting = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// tryLock locks the cluster, or returns ErrLocked where somebody else has the
// lock, or had it until now and has removed its file with the cluster.
func (s state) tryLock() (*fileutil.LockedFile, error) {
	if err := os.MkdirAll(filepath.Dir(s.dir), 0o700); err != nil {
		return nil, err
	}
	lock, err := fileutil.TryLockFile(s.lock(), os.O_WRONLY|os.O_CREATE, 0o600)
	if errors.Is(err, os.ErrNotExist) { // the folder was removed meanwhile
		return nil, fileutil.ErrLocked
	}
	if err != nil {
		return nil, err
	}
	locked, err := lock.Stat()
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if now, err := os.Stat(s.lock()); err != nil || !os.SameFile(locked, now) {
		_ = lock.Close()
		return nil, fileutil.ErrLocked
	}
	return lock, nil
}

// unlock lets the next one in. Where there is no cluster, the lock's file goes,
// and the folder of clusters with the last of them.
func (s state) unlock(lock *fileutil.LockedFile) {
	if _, err := os.Lstat(s.dir); errors.Is(err, os.ErrNotExist) {
		_ = os.Remove(s.lock())
		_ = os.Remove(filepath.Dir(s.dir))
	}
	_ = lock.Close()
}
