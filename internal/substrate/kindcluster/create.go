// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/config/kind"
)

const (
	loopback = "127.0.0.1"
	// Ports inside of the node.
	etcdPort = 2379
	// readyTimeout bounds how long nodes and CoreDNS take after kubeadm.
	readyTimeout = 3 * time.Minute
	readyPoll    = 500 * time.Millisecond
	// abortPoll is how often an interrupted creation's containers are removed.
	abortPoll = 500 * time.Millisecond
)

// clusterConfig is config/kind/cluster.yaml with this cluster's own folders and
// ports.
func clusterConfig(s state, restrictOOM bool) (*v1alpha4.Cluster, error) {
	var config v1alpha4.Cluster
	if err := yaml.UnmarshalStrict(kind.Cluster, &config); err != nil {
		return nil, fmt.Errorf("read config/kind/cluster.yaml: %w", err)
	}
	config.Name = ""
	config.Networking.APIServerAddress = loopback
	config.Networking.APIServerPort = int32(s.APIServerPort)
	for i := range config.Nodes {
		node := &config.Nodes[i]
		if node.Role != v1alpha4.ControlPlaneRole {
			continue
		}
		node.ExtraPortMappings = append(node.ExtraPortMappings,
			v1alpha4.PortMapping{ContainerPort: etcdPort, HostPort: int32(s.EtcdPort), ListenAddress: loopback})
		for j := range node.ExtraMounts {
			mount := &node.ExtraMounts[j]
			switch {
			case strings.HasSuffix(mount.HostPath, "audit-policy.yaml"):
				mount.HostPath = s.policy()
			case strings.HasSuffix(mount.HostPath, "audit"):
				mount.HostPath = s.auditDir()
			}
		}
	}
	if restrictOOM {
		// containerd may not make any process less likely to be killed than
		// itself without CAP_SYS_RESOURCE.
		config.ContainerdConfigPatches = append(config.ContainerdConfigPatches,
			"[plugins.\"io.containerd.grpc.v1.cri\"]\n  restrict_oom_score_adj = true\n")
	}
	return &config, nil
}

// createCluster has kind create the cluster. kind cannot be told to stop, so
// when the context ends its containers are removed until it has given up.
func createCluster(ctx context.Context, options Options, s state, d docker) error {
	config, err := clusterConfig(s, !hasSysResource())
	if err != nil {
		return err
	}
	provider := newProvider(d, options.Out)
	done := make(chan error, 1)
	go func() {
		done <- provider.Create(options.Name,
			cluster.CreateWithV1Alpha4Config(config),
			cluster.CreateWithNodeImage(s.image),
			cluster.CreateWithKubeconfigPath(s.kubeconfig()),
			cluster.CreateWithDisplayUsage(false),
			cluster.CreateWithDisplaySalutation(false),
		)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		_ = abort(newProvider(d, io.Discard), options.Name, s.kubeconfig(), done)
		return ctx.Err()
	}
}

// abort removes the containers again and again until kind has failed, and
// returns with what.
func abort(provider *cluster.Provider, name, kubeconfig string, done <-chan error) error {
	tick := time.NewTicker(abortPoll)
	defer tick.Stop()
	for {
		_ = provider.Delete(name, kubeconfig)
		select {
		case err := <-done:
			return err
		case <-tick.C:
		}
	}
}

// hasSysResource reports whether this process could have CAP_SYS_RESOURCE.
func hasSysResource() bool {
	status, err := os.ReadFile("/proc/self/status")
	return err != nil || boundingSetHas(string(status), capSysResource)
}

// capSysResource is CAP_SYS_RESOURCE of linux/capability.h.
const capSysResource = 24

// boundingSetHas reads the bounding set from the text of /proc/self/status. One
// that is not there bounds nothing.
func boundingSetHas(status string, capability uint) bool {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			var set uint64
			_, err := fmt.Sscanf(strings.TrimSpace(value), "%x", &set)
			return err != nil || set&(1<<capability) != 0
		}
	}
	return true
}

// waitReady waits until all nodes are ready and CoreDNS answers, which kind does
// not wait for.
func waitReady(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	missing := errors.New("the API server does not answer")
	err = wait.PollUntilContextTimeout(ctx, readyPoll, readyTimeout, true, func(ctx context.Context) (bool, error) {
		missing = notReady(ctx, client)
		return missing == nil, nil
	})
	return errors.Join(err, missing)
}

// notReady says what is missing.
func notReady(ctx context.Context, client kubernetes.Interface) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		if !nodeReady(node) {
			return fmt.Errorf("node %s is not ready", node.Name)
		}
	}
	dns, err := client.AppsV1().Deployments(metav1.NamespaceSystem).Get(ctx, "coredns", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !deploymentReady(*dns) {
		return fmt.Errorf("CoreDNS has %d of %d replicas", dns.Status.AvailableReplicas, *dns.Spec.Replicas)
	}
	return nil
}

func nodeReady(node corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func deploymentReady(d appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Spec.Replicas != nil && d.Status.AvailableReplicas >= *d.Spec.Replicas
}

// logger is kind's log, as lines of text.
type logger struct {
	out io.Writer
}

func (l logger) Warn(message string)              { l.Warnf("%s", message) }
func (l logger) Warnf(format string, args ...any) { l.print("warning: "+format, args...) }
func (l logger) Error(message string)             { l.Errorf("%s", message) }
func (l logger) Errorf(format string, args ...any) {
	l.print("error: "+format, args...)
}

// V returns a log that is silent above level 0.
func (l logger) V(level log.Level) log.InfoLogger {
	if level > 0 {
		return log.NoopInfoLogger{}
	}
	return infoLogger{l}
}

func (l logger) print(format string, args ...any) {
	fmt.Fprintf(l.out, "%s\n", strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}

type infoLogger struct {
	logger
}

func (l infoLogger) Info(message string)              { l.print("%s", message) }
func (l infoLogger) Infof(format string, args ...any) { l.print(format, args...) }
func (l infoLogger) Enabled() bool                    { return true }
