// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// before is what the cluster was before anything was deployed.
var before clusterState

// clusterState is what must not be changed by what comes and goes.
type clusterState struct {
	// keys are all keys in etcd but those that come and go on every cluster.
	keys map[string]bool
	// nodes are the real nodes' specs, labels and annotations.
	nodes map[string]nodeState
}

type nodeState struct {
	spec                corev1.NodeSpec
	labels, annotations map[string]string
}

var (
	// ours are keys of what Glassplane and these specs make.
	ours = regexp.MustCompile(`glassplane|simnode-lease|simpod-|/e2e-`)
	// passing are keys that come and go: events, the addresses under which the
	// API server serves, the IP addresses of Services, and the garbage collector's.
	passing = regexp.MustCompile(`^/registry/(events|masterleases|leases/kube-system|ipaddresses|ranges)/`)
	// scratch are keys in the namespaces of specs, and of those themselves. Simulated
	// objects there are no part of them.
	scratch = regexp.MustCompile(`^/registry/[a-z.]+/(?:[a-z]+/)?e2e-[a-z0-9]{5}(/|$)`)
)

// rememberCluster notes what the cluster is before anything is deployed. A
// cluster that was kept may have been left in the middle of something.
func rememberCluster(ctx context.Context) {
	GinkgoHelper()
	before = readCluster(ctx)
	maps.DeleteFunc(before.keys, func(key string, _ bool) bool {
		return ours.MatchString(strings.ReplaceAll(key, clusterName, "")) // which the node has in its name
	})
}

func readCluster(ctx context.Context) clusterState {
	GinkgoHelper()
	state := clusterState{keys: map[string]bool{}, nodes: map[string]nodeState{}}
	response, err := etcdClient.Get(ctx, "/registry/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	Expect(err).NotTo(HaveOccurred())
	for _, kv := range response.Kvs {
		if key := string(kv.Key); !passing.MatchString(key) && (!scratch.MatchString(key) || strings.Contains(key, v1alpha1.GroupName)) {
			state.keys[key] = true
		}
	}
	var nodes corev1.NodeList
	Expect(k8sClient.List(ctx, &nodes)).To(Succeed())
	for _, node := range nodes.Items {
		state.nodes[node.Name] = nodeState{spec: node.Spec, labels: node.Labels, annotations: node.Annotations}
	}
	return state
}

// expectNothingLeft compares with what the cluster was before: etcd has each key
// that it had, and no other.
func expectNothingLeft(ctx context.Context) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		now := readCluster(ctx)
		g.Expect(missing(now.keys, before.keys)).To(BeEmpty(), "keys in etcd that were left")
		g.Expect(missing(before.keys, now.keys)).To(BeEmpty(), "keys in etcd that are gone")
		g.Expect(now.nodes).To(Equal(before.nodes))
	}).Should(Succeed())
}

// missing returns the keys of one that the other lacks.
func missing(of, in map[string]bool) []string {
	var keys []string
	for key := range of {
		if !in[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

var _ = Describe("glassplane uninstall", SpecPriority(priorityUninstall), func() {
	BeforeEach(func(ctx SpecContext) {
		ensureDeployed(ctx, defaultConfig)
		ns := makeNamespace(ctx)
		makeNodes(ctx, ns, 2)
		createSimPod(ctx, ns, "web")
		kubectlInput(ctx, replicaSetManifest, "create", "-n", ns, "-f", "-")
		expectReplicas(ctx, ns, 2)
		for _, pod := range simPods(ctx, ns) {
			Expect(pod.Finalizers).NotTo(BeEmpty(), "finalizers of %s", pod.Name)
		}
	})

	It("leaves nothing while the components run", func(ctx SpecContext) {
		deployed = ""
		kubectl(ctx, "glassplane", "uninstall", "--yes")
		expectNothingLeft(ctx)
	})

	It("leaves nothing where the components are gone already", func(ctx SpecContext) {
		deployed = ""
		kubectl(ctx, "delete", "deployments", "-n", namespace, "--all", "--cascade=foreground", "--wait")
		Eventually(ctx, func(g Gomega) {
			var pods corev1.PodList
			g.Expect(k8sClient.List(ctx, &pods, client.InNamespace(namespace))).To(Succeed())
			g.Expect(pods.Items).To(BeEmpty())
		}).Should(Succeed())
		Expect(run(ctx, "glassplane", "uninstall", "--yes")).To(Succeed())
		expectNothingLeft(ctx)
	})
})
