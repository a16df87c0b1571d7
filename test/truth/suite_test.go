// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package truth tests that what is told of requests is true. It makes many lives
// of pods on a real local control plane, in each form that it knows of, and
// compares every statement in their walkthroughs with etcd's history and with the
// API server's audit log. It reads both by itself and shares no code with what
// makes the walkthroughs: it must not import internal/evidence, internal/explain,
// internal/record and internal/observer, so that a mistake in them is not made
// twice. The linter holds this.
package truth

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/substrate"
)

const (
	// patience is how long a condition may take on a busy machine.
	patience = 60 * time.Second
	// livesEnv sets how many lives are made at least.
	livesEnv     = "LIVES"
	defaultLives = 300
	// namespace of all lives that do not end with their namespace.
	namespace = "truth"
	// highPriority is the class of the pods that preempt others.
	highPriority = "truth-high"
	userAgent    = "truth-test"
)

var (
	cluster *local.Cluster
	etcd    *clientv3.Client
	world   *work
	// mallory may do nothing.
	mallory *user
	said    observer
)

func TestTruth(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Truth")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	ctrl.SetLogger(logr.Discard())
	assets, err := substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	cluster, err = local.Start(ctx, local.Options{Assets: assets})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(cluster.Stop)
	said = observer{cluster.ObserverURL()}

	config, err := cluster.EtcdClientConfig(userAgent)
	Expect(err).NotTo(HaveOccurred())
	etcd, err = clientv3.New(config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(etcd.Close)
	watching, stop := context.WithCancel(context.Background())
	DeferCleanup(stop)

	world = &work{
		admin: as(substrate.AdminUser, substrate.AdminGroup), history: follow(watching, etcd), namespace: namespace,
		// They have an admin's rights, which a kubelet and a scheduler do not need here to be told apart.
		kubelet:    as("system:node:node-of-pods", "system:nodes", substrate.AdminGroup),
		scheduler:  as("system:kube-scheduler", substrate.AdminGroup),
		audit:      newAuditReader(cluster.AuditLogPath()),
		kubeconfig: cluster.KubeconfigPath(), observerURL: cluster.ObserverURL().String(), home: GinkgoT().TempDir(),
	}
	DeferCleanup(world.audit.close)
	mallory = as("mallory")
	Expect(world.prepare(ctx)).To(Succeed())
})

// as returns a client of a user in groups.
func as(name string, groups ...string) *user {
	GinkgoHelper()
	config, err := cluster.Local.UserConfig(name, groups)
	Expect(err).NotTo(HaveOccurred())
	config.UserAgent = userAgent
	u, err := newUser(config)
	Expect(err).NotTo(HaveOccurred())
	return u
}

// prepare makes what all lives share.
func (w *work) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	if err := w.makesNamespace(ctx, w.namespace)(); err != nil {
		return err
	}
	class := m{"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": m{"name": highPriority}, "value": 1000}
	if _, err := w.admin.create(ctx, priorityClass(highPriority), class); err != nil {
		return err
	}
	for i := range 4 {
		name := fmt.Sprintf("%s-%d", pool, i+1)
		if _, err := w.admin.create(ctx, simNode(name), newNode(name, pool, "64")); err != nil {
			return err
		}
	}
	return w.keepByPolicy(ctx)
}

// kept is the label of the pods that a policy keeps from being deleted.
const kept = "truth-kept"

// keepByPolicy makes the policy, and waits until it is in force.
func (w *work) keepByPolicy(ctx context.Context) error {
	policy, binding := policyOf("validatingadmissionpolicies", kept), policyOf("validatingadmissionpolicybindings", kept)
	const version = "admissionregistration.k8s.io/v1"
	probe := simPod(w.namespace+"-kept", "probe")
	return inTurn(
		w.makesNamespace(ctx, probe.namespace),
		w.creates(ctx, probe, labelled(kept, "yes")),
		func() error {
			_, err := w.admin.create(ctx, policy, m{"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": m{"name": kept}, "spec": m{
				"failurePolicy":    "Fail",
				"matchConstraints": m{"resourceRules": []any{m{"apiGroups": []any{simGroup}, "apiVersions": []any{"*"}, "operations": []any{"DELETE"}, "resources": []any{"simpods"}}}},
				"validations":      []any{m{"expression": "!has(oldObject.metadata.labels) || !('" + kept + "' in oldObject.metadata.labels)", "message": "it is kept"}},
			}})
			return err
		},
		func() error {
			_, err := w.admin.create(ctx, binding, m{"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": m{"name": kept},
				"spec": m{"policyName": kept, "validationActions": []any{"Deny"}}})
			return err
		},
		func() error {
			refused := call{method: http.MethodDelete, path: probe.path(), query: options("dryRun", "All"), want: []int{http.StatusForbidden, http.StatusUnprocessableEntity}}
			return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
				_, err := w.admin.do(ctx, refused)
				return err == nil, nil
			})
		})
}

// wantedLives is what LIVES says.
func wantedLives() int {
	GinkgoHelper()
	value := os.Getenv(livesEnv)
	if value == "" {
		return defaultLives
	}
	n, err := strconv.Atoi(value)
	Expect(err).NotTo(HaveOccurred(), "%s must be a number", livesEnv)
	return n
}

// readTruth reads what etcd and the audit log have by now.
func readTruth(ctx context.Context) *truth {
	GinkgoHelper()
	Expect(world.history.reach(ctx, etcd)).To(Succeed())
	var found *truth
	// The API server writes an event just after it has sent the answer.
	Eventually(func(g Gomega) {
		log, err := world.audit.read()
		g.Expect(err).NotTo(HaveOccurred())
		for _, u := range []*user{world.admin, world.kubelet, world.scheduler, mallory} {
			for _, id := range u.remembered() {
				g.Expect(log[id]).NotTo(BeNil(), "the audit log lacks request %s: was it rotated away?", id)
				g.Expect(log[id].Stage).To(Equal(stageComplete))
			}
		}
		found = newTruth(world.history.lives(), log)
		for revision, maker := range found.makers {
			g.Expect(maker.request == nil && len(maker.candidates) == 0).To(BeFalse(),
				"no request in the audit log can have made revision %d of %s", revision, found.at(revision).of)
		}
	}).WithContext(ctx).Should(Succeed())
	return found
}
