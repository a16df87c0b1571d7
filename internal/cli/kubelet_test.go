// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// fakeKubelet serves port-forwards as a kubelet does. The API server in front of
// it is a real one.
type fakeKubelet struct {
	// target is the address that port 8080 of every pod leads to.
	target string
	// drop ends a connection as soon as something is sent through it, as when the
	// pod is deleted.
	drop atomic.Bool
	// open counts the connections.
	open atomic.Int32
	// port is the last one that was asked for.
	port atomic.Value
}

// startKubelet starts one as a Node of the cluster.
func startKubelet(ctx context.Context, target string) *fakeKubelet {
	GinkgoHelper()
	kubelet := &fakeKubelet{target: target}
	server := httptest.NewTLSServer(kubelet)
	DeferCleanup(server.Close)
	address, err := url.Parse(server.URL)
	Expect(err).NotTo(HaveOccurred())
	port, err := strconv.ParseInt(address.Port(), 10, 32)
	Expect(err).NotTo(HaveOccurred())

	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{GenerateName: "node-"}}
	Expect(cluster.Client.Create(ctx, node)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, node)).To(Succeed()) })
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address.Hostname()}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(port)
	Expect(cluster.Client.Status().Update(ctx, node)).To(Succeed())
	startObserverPod(ctx, node.Name)
	return kubelet
}

// startObserverPod creates the observer's pod, ready, on a node.
func startObserverPod(ctx context.Context, node string) *corev1.Pod {
	GinkgoHelper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: v1alpha1.SystemNamespace, GenerateName: "glassplane-observer-",
			Labels: map[string]string{"app.kubernetes.io/name": "glassplane", "app.kubernetes.io/component": "observer"},
		},
		Spec: corev1.PodSpec{
			NodeName: node,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{Name: "manager", Image: "glassplane/manager", SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
		},
	}
	Expect(cluster.Client.Create(ctx, pod)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(cluster.Client.Delete(ctx, pod, client.GracePeriodSeconds(0)))).To(Succeed())
	})
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	Expect(cluster.Client.Status().Update(ctx, pod)).To(Succeed())
	return pod
}

// ServeHTTP serves one port-forward.
func (k *fakeKubelet) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if _, err := httpstream.Handshake(request, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
		return
	}
	streams := make(chan httpstream.Stream, 8)
	connection := spdy.NewResponseUpgrader().UpgradeResponse(w, request, func(stream httpstream.Stream, _ <-chan struct{}) error {
		streams <- stream
		return nil
	})
	if connection == nil {
		return
	}
	k.open.Add(1)
	defer k.open.Add(-1)
	defer func() { _ = connection.Close() }()
	errorStreams := map[string]httpstream.Stream{}
	for {
		select {
		case <-connection.CloseChan():
			return
		case stream := <-streams:
			id := stream.Headers().Get(corev1.PortForwardRequestIDHeader)
			if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				errorStreams[id] = stream
				continue
			}
			k.port.Store(stream.Headers().Get(corev1.PortHeader))
			go k.forward(connection, stream, errorStreams[id])
		}
	}
}

func (k *fakeKubelet) forward(connection httpstream.Connection, data, errors httpstream.Stream) {
	defer func() { _, _ = data.Close(), errors.Close() }()
	if k.drop.Load() {
		_, _ = data.Read(make([]byte, 1))
		_ = connection.Close()
		return
	}
	pod, err := (&net.Dialer{}).Dial("tcp", k.target)
	if err != nil {
		_, _ = errors.Write([]byte("failed to connect to localhost:8080 inside namespace: " + err.Error()))
		return
	}
	defer func() { _ = pod.Close() }()
	go func() { _, _ = io.Copy(pod, data) }()
	_, _ = io.Copy(data, pod)
}
