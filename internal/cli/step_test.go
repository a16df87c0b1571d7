// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
)

func TestStepRefuses(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{"none": {Server: "https://127.0.0.1:1"}}, CurrentContext: "none",
		Contexts: map[string]*clientcmdapi.Context{"none": {Cluster: "none"}},
	}, kubeconfig); err != nil {
		t.Fatal(err)
	}
	run := []string{"run", "web", "--image=nginx", "--kubeconfig", kubeconfig}
	for want, args := range map[string][]string{
		"there is no terminal to press them in\nWithout one, say for how long each step is to be held: --step=2s.": {"--step"},
		`invalid argument "soon" for "--step" flag: must be key, or for how long each step is held, such as 2s`:    {"--step=soon"},
		`invalid argument "-1s" for "--step" flag`:                                                                 {"--step=-1s"},
		"goes with neither --dry-run nor --follow=false":                                                           {"--step=1s", "--dry-run=client"},
		"and with no --output but html":                                                                            {"--step=1s", "-o", "yaml"},
		"so it goes with neither --dry-run nor --follow=":                                                          {"--step=1s", "--follow=false"},
	} {
		if code, stderr := offline(t, "", &bytes.Buffer{}, append(run, args...)...); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, stderr %q; want 1 and %q", args, code, stderr, want)
		}
	}
}

func TestEtcdLines(t *testing.T) {
	for want, stored := range map[string]evidence.Etcd{
		"no key /registry/x, at revision 7": {Key: "/registry/x", ReadRevision: 7},
		"/registry/x at revision 9: 3 states since revision 5, 20 bytes\n" +
			"spec.nodeName node-1, spec.schedulingGates <none>, start gate me, status.phase Pending, " +
			"PodScheduled False (SchedulingGated) until the kubelet reports, because the bind of a SimPod writes no status": {
			Key: "/registry/x", CreateRevision: 5, ModRevision: 9, Version: 3, Bytes: 20,
			Value: []byte(`{"metadata":{"annotations":{"sim.glassplane.dev/start-gate":"me"}},"spec":{"nodeName":"node-1"},
				"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}}`),
		},
		"/registry/x at revision 5: 1 state, 20 bytes\nspec.nodeName <none>, spec.schedulingGates a, b, start gate <none>, status.phase <none>": {
			Key: "/registry/x", CreateRevision: 5, ModRevision: 5, Version: 1, Bytes: 20, Value: []byte(`{"spec":{"schedulingGates":[{"name":"a"},{"name":"b"}]}}`),
		},
		"/registry/x at revision 5: 1 state, 20 bytes\nnot available: its fields, because its value cannot be read": {
			Key: "/registry/x", CreateRevision: 5, ModRevision: 5, Version: 1, Bytes: 20, Value: []byte("\x00"),
		},
	} {
		if got := strings.Join(etcdLines(stored), "\n"); got != want {
			t.Errorf("lines\n%s\nwant\n%s", got, want)
		}
	}
}

// screen collects what a program writes to a terminal.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(data)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

var _ = Describe("glassplane run --step", func() {
	// Nothing runs the pods of these runs, and other specs count those of the namespace.
	AfterEach(func(ctx SpecContext) {
		Expect(cluster.Client.DeleteAllOf(ctx, &v1alpha1.SimPod{}, client.InNamespace("default"))).To(Succeed())
	})

	stored := func(ctx context.Context, name string) *v1alpha1.SimPod {
		GinkgoHelper()
		pod := &v1alpha1.SimPod{}
		Expect(client.IgnoreNotFound(cluster.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, pod))).To(Succeed())
		return pod
	}
	expectNothingLeft := func(ctx context.Context) {
		GinkgoHelper()
		var webhooks admissionregistrationv1.ValidatingWebhookConfigurationList
		Expect(cluster.Client.List(ctx, &webhooks)).To(Succeed())
		Expect(webhooks.Items).To(BeEmpty())
		var pods v1alpha1.SimPodList
		Expect(cluster.Client.List(ctx, &pods)).To(Succeed())
		for _, pod := range pods.Items {
			Expect(pod.Spec.SchedulingGates).To(BeEmpty())
			Expect(pod.Annotations).NotTo(HaveKey(v1alpha1.AnnotationStartGate))
		}
	}

	It("holds each step for the time given, and leaves no gate where the pod is not bound", func(ctx context.Context) {
		code, out, errOut := glassplane(ctx, "run", "timed", "--image=nginx", "--step=200ms", "--timeout=1s",
			"--kubeconfig", writeKubeconfig(cluster.Config), "--observer=http://127.0.0.1:1")
		Expect(code).To(Equal(1))
		Expect(errOut).To(ContainSubstring("simpod/timed was not bound within 1s"))
		Expect(out).To(And(
			ContainSubstring("sent with the scheduling gate sim.glassplane.dev/step and the annotation sim.glassplane.dev/start-gate"),
			MatchRegexp(`(?s)Held before step 3, the write to etcd.*etcd   not available: .*→ on after \d+ms.*Held before step 4, the scheduler.*→ on after \d+ms`)))
		Expect(stored(ctx, "timed").UID).NotTo(BeEmpty())
		expectNothingLeft(ctx)
	})

	It("goes on without the stop before the write where its user may create no webhook", func(ctx context.Context) {
		editor := userWith(ctx, "step-editor", rbacv1.PolicyRule{
			APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"simpods"}, Verbs: []string{"get", "watch", "create", "patch"},
		})
		code, out, _ := glassplane(ctx, "run", "edited", "--image=nginx", "--step=50ms", "--timeout=500ms",
			"--kubeconfig", writeKubeconfig(editor), "--observer=http://127.0.0.1:1")
		Expect(code).To(Equal(1))
		Expect(out).To(And(
			MatchRegexp(`Not held before the write, because .* cannot create resource "validatingwebhookconfigurations"`),
			ContainSubstring("kubectl annotate simpod edited -n default sim.glassplane.dev/start-gate-"),
			Not(ContainSubstring("Held before step 3")), ContainSubstring("Held before step 4")))
		expectNothingLeft(ctx)
	})

	// press runs the command on a terminal and presses a key at each stop.
	press := func(ctx context.Context, name string, keys ...string) (code int, out string) {
		GinkgoHelper()
		keyboard, tty, err := pty.Open()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { _, _ = keyboard.Close(), tty.Close() })
		shown := &screen{}
		ended := make(chan int, 1)
		streams := genericiooptions.IOStreams{In: tty, Out: shown, ErrOut: shown}
		args := []string{"run", name, "--image=nginx", "--step", "--timeout=20s", "--kubeconfig", writeKubeconfig(cluster.Config), "--observer=http://127.0.0.1:1"}
		go func() {
			ended <- Main(ctx, "glassplane", args, IO{IOStreams: streams, Clock: clock.RealClock{}, Env: func(string) string { return "" }})
		}()
		for i, key := range keys {
			Eventually(func() int { return strings.Count(shown.String(), "\n  next ") }).Should(Equal(i+1), shown.String)
			_, err := keyboard.WriteString(key)
			Expect(err).NotTo(HaveOccurred())
		}
		Eventually(ended).Should(Receive(&code), shown.String)
		return code, shown.String()
	}

	It("goes on with a key, and lets go with q", func(ctx context.Context) {
		code, out := press(ctx, "by-key", " ", "q")
		Expect(code).To(BeZero(), out)
		Expect(out).To(ContainSubstring("Let go: nothing holds simpod/by-key any more."))
		Expect(out).To(ContainSubstring("\r\n"), "lines of a terminal in raw mode")
		Expect(stored(ctx, "by-key").UID).NotTo(BeEmpty())
		expectNothingLeft(ctx)
	})

	It("takes the request back on Ctrl-C before the write, and the gates off after it", func(ctx context.Context) {
		code, out := press(ctx, "stopped-early", "\x03")
		Expect(code).To(Equal(exitInterrupted), out)
		Expect(stored(ctx, "stopped-early").UID).To(BeEmpty())
		code, out = press(ctx, "stopped-late", "\r", "\x03")
		Expect(code).To(Equal(exitInterrupted), out)
		Expect(stored(ctx, "stopped-late").UID).NotTo(BeEmpty())
		expectNothingLeft(ctx)
	})
})
