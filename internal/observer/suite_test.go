// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/walkthrough"
	"github.com/glassplane/glassplane/controllers/walkthroughstatus"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/observer"
	"github.com/glassplane/glassplane/internal/substrate"
)

const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  verbs: [list, watch]
  resources: [{group: sim.glassplane.dev}]
- level: RequestResponse
  resources: [{group: sim.glassplane.dev}]
- level: None
`

var (
	testEnv   *envtest.Environment
	restCfg   *rest.Config
	k8sClient client.Client
	auditLog  string
	watched   *observer.Observer
)

func TestObserver(t *testing.T) {
	if testing.Short() {
		t.Skip("needs an API server")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Observer")
}

var _ = BeforeSuite(func() {
	dir := GinkgoT().TempDir()
	policy := filepath.Join(dir, "policy.yaml")
	Expect(os.WriteFile(policy, []byte(auditPolicy), 0o600)).To(Succeed())
	auditLog = filepath.Join(dir, "audit.log")

	assets, err := substrate.FindAssets(os.Getenv)
	Expect(err).NotTo(HaveOccurred())
	testEnv = &envtest.Environment{
		BinaryAssetsDirectory: assets.Dir,
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	testEnv.ControlPlane.GetAPIServer().Configure().
		Append("audit-policy-file", policy).
		Append("audit-log-path", auditLog)
	restCfg, err = testEnv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(testEnv.Stop)
	k8sClient = newClient(restCfg)
	watched = startObserver()
})

func newClient(config *rest.Config) client.Client {
	GinkgoHelper()
	scheme := runtime.NewScheme()
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	Expect(corev1.AddToScheme(scheme)).To(Succeed())
	Expect(rbacv1.AddToScheme(scheme)).To(Succeed())
	Expect(admissionregistrationv1.AddToScheme(scheme)).To(Succeed())
	c, err := client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// startObserver runs an observer until the test, or the suite, is over.
func startObserver() *observer.Observer {
	GinkgoHelper()
	o := startObserverAs(restCfg)
	Eventually(o.Sources).WithTimeout(10 * time.Second).Should(ContainElements(
		evidence.SourceState{Source: evidence.SourceAudit, Available: true},
		evidence.SourceState{Source: evidence.SourceWatch, Available: true},
		evidence.SourceState{Source: evidence.SourceEtcd, Available: true},
	))
	return o
}

// startObserverAs runs one with somebody's rights to watch.
func startObserverAs(config *rest.Config) *observer.Observer {
	GinkgoHelper()
	o, err := observer.New(observer.Options{
		AuditLog: auditLog, AuditFromStart: true, RESTConfig: config,
		Etcd: &clientv3.Config{Endpoints: []string{testEnv.ControlPlane.Etcd.URL.String()}},
	})
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.Start(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(done).WithTimeout(10 * time.Second).Should(Receive(Not(HaveOccurred())))
	})
	return o
}

// stateOf picks the state of a source.
func stateOf(states []evidence.SourceState, source evidence.Source) evidence.SourceState {
	i := slices.IndexFunc(states, func(s evidence.SourceState) bool { return s.Source == source })
	return states[i]
}

func simPod(name string) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
		Spec:       v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "web", Image: "nginx"}}},
	}
}

func query(pod *v1alpha1.SimPod) observer.Query {
	return observer.Query{Object: evidence.Object{
		Group: v1alpha1.GroupName, Resource: "simpods", Namespace: pod.Namespace, Name: pod.Name,
	}}
}

// bindAndRun writes what scheduler and kubelet would.
func bindAndRun(ctx context.Context, pod *v1alpha1.SimPod) {
	GinkgoHelper()
	Expect(k8sClient.Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"nodeName":"node-1"}}`)))).To(Succeed())
	Expect(k8sClient.Status().Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(`{"status":{"phase":"Running"}}`)))).To(Succeed())
}

// writes returns the revisions that a source says were written, in order.
func writes(entries []evidence.Entry, source evidence.Source) []int64 {
	var revisions []int64
	for _, entry := range entries {
		isRead := (entry.Audit != nil && entry.Audit.Verb == "get") || (entry.Etcd != nil && entry.Etcd.Read)
		if entry.Source == source && entry.Revision > 0 && !isRead {
			revisions = append(revisions, entry.Revision)
		}
	}
	return revisions
}

func revisionOf(pod *v1alpha1.SimPod) int64 {
	GinkgoHelper()
	revision, err := strconv.ParseInt(pod.ResourceVersion, 10, 64)
	Expect(err).NotTo(HaveOccurred())
	return revision
}

func pick(entries []evidence.Entry, keep func(evidence.Entry) bool) []evidence.Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e evidence.Entry) bool { return !keep(e) })
}

var _ = Describe("A record", func() {
	It("has equal revisions from audit log, watch and etcd", func(ctx SpecContext) {
		pod := simPod("web")
		Expect(k8sClient.Create(ctx, pod)).To(Succeed())
		created := revisionOf(pod)
		bindAndRun(ctx, pod)
		running := revisionOf(pod)
		Expect(k8sClient.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())

		record, err := watched.Record(ctx, query(pod))
		Expect(err).NotTo(HaveOccurred())
		Expect(record.Subject.UID).To(Equal(pod.UID))
		want := []int64{created, created + 1, running}
		Expect(writes(record.Entries, evidence.SourceAudit)).To(Equal(want))
		Expect(writes(record.Entries, evidence.SourceWatch)).To(Equal(want))
		Expect(writes(record.Entries, evidence.SourceEtcd)).To(Equal(want))

		first := record.Entries[0]
		Expect(first.Audit).NotTo(BeNil(), "the arrival of the create comes first")
		Expect(first.Audit.Stage).To(Equal("RequestReceived"))
		Expect(first.Audit.Verb).To(Equal("create"))
		Expect(pick(record.Entries, func(e evidence.Entry) bool {
			return e.Audit != nil && e.Audit.Verb == "get" && e.Audit.Code == http.StatusOK
		})).To(HaveLen(1), "the read of the running pod is recorded")

		By("reading etcd and comparing values")
		etcd, err := clientv3.New(clientv3.Config{Endpoints: []string{testEnv.ControlPlane.Etcd.URL.String()}})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(etcd.Close)
		for _, entry := range record.Entries {
			if entry.Etcd == nil {
				continue
			}
			stored, err := etcd.Get(ctx, "/registry/sim.glassplane.dev/simpods/default/web", clientv3.WithRev(entry.Revision))
			Expect(err).NotTo(HaveOccurred())
			Expect(entry.Etcd.Key).To(Equal(string(stored.Kvs[0].Key)))
			Expect([]byte(entry.Etcd.Value)).To(MatchJSON(stored.Kvs[0].Value))
			Expect(entry.Etcd.Bytes).To(BeEquivalentTo(len(stored.Kvs[0].Value)))
			Expect(entry.Etcd.CreateRevision).To(Equal(created))
			Expect(entry.Etcd.Version).To(Equal(stored.Kvs[0].Version))
		}

		By("deleting it")
		Expect(k8sClient.Delete(ctx, pod)).To(Succeed())
		record, err = watched.Record(ctx, query(pod))
		Expect(err).NotTo(HaveOccurred())
		deleted := pick(record.Entries, func(e evidence.Entry) bool { return e.Etcd != nil && e.Etcd.Deleted })
		Expect(deleted).To(HaveLen(1))
		Expect(deleted[0].Object.UID).To(Equal(pod.UID))
		gone := pick(record.Entries, func(e evidence.Entry) bool { return e.Watch != nil && e.Watch.Type == "DELETED" })
		Expect(gone).To(HaveLen(1))
		Expect(gone[0].Revision).To(Equal(deleted[0].Revision))
	})

	It("keeps managedFields in what the watch delivers", func(ctx SpecContext) {
		pod := simPod("managed")
		Expect(k8sClient.Create(ctx, pod, client.FieldOwner("tester"))).To(Succeed())
		record, err := watched.Record(ctx, query(pod))
		Expect(err).NotTo(HaveOccurred())
		events := pick(record.Entries, func(e evidence.Entry) bool { return e.Watch != nil })
		Expect(events).To(HaveLen(1))
		var object metav1.PartialObjectMetadata
		Expect(json.Unmarshal(events[0].Watch.Object, &object)).To(Succeed())
		Expect(object.ManagedFields).To(ContainElement(HaveField("Manager", "tester")))
	})

	It("proves that a rejected create stored nothing", func(ctx SpecContext) {
		pod := simPod("bad")
		pod.Spec.Containers = nil
		Expect(apierrors.IsInvalid(k8sClient.Create(ctx, pod))).To(BeTrue())

		record, err := watched.Record(ctx, query(pod))
		Expect(err).NotTo(HaveOccurred())
		Expect(record.Subject.UID).To(BeEmpty())
		Expect(record.AuditID).NotTo(BeEmpty())
		refused := pick(record.Entries, func(e evidence.Entry) bool { return e.Audit != nil && e.Audit.Code == http.StatusUnprocessableEntity })
		Expect(refused).To(HaveLen(1))
		reads := pick(record.Entries, func(e evidence.Entry) bool { return e.Etcd != nil })
		Expect(reads).To(HaveLen(1))
		Expect(reads[0].Etcd.Read).To(BeTrue())
		Expect(reads[0].Etcd.CreateRevision).To(BeZero())
		Expect(reads[0].Etcd.ReadRevision).To(BeNumerically(">", 0))
	})

	It("finds a create without rights by its audit ID", func(ctx SpecContext) {
		var auditID string
		config := rest.CopyConfig(restCfg)
		config.Impersonate.UserName = "mallory"
		config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(request *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if err == nil && request.Method == http.MethodPost {
					auditID = response.Header.Get("Audit-Id")
				}
				return response, err
			})
		})
		// The user may not even ask which resources there are.
		mallory, err := client.New(config, client.Options{Scheme: k8sClient.Scheme(), Mapper: k8sClient.RESTMapper()})
		Expect(err).NotTo(HaveOccurred())
		pod := simPod("secret")
		Expect(apierrors.IsForbidden(mallory.Create(ctx, pod))).To(BeTrue())
		Expect(auditID).NotTo(BeEmpty())

		q := query(pod)
		q.AuditID = auditID
		record, err := watched.Record(ctx, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(record.Subject.Name).To(Equal("secret"))
		refused := pick(record.Entries, func(e evidence.Entry) bool { return e.Audit != nil && e.Audit.Code == http.StatusForbidden })
		Expect(refused).To(HaveLen(1))
		Expect(refused[0].Audit.User).To(Equal("mallory"))
		reads := pick(record.Entries, func(e evidence.Entry) bool { return e.Etcd != nil && e.Etcd.Read })
		Expect(reads).To(HaveLen(1))
		Expect(reads[0].Etcd.CreateRevision).To(BeZero())
	})

	It("does not mix objects that had the same name", func(ctx SpecContext) {
		first := simPod("twice")
		Expect(k8sClient.Create(ctx, first)).To(Succeed())
		Expect(k8sClient.Delete(ctx, first.DeepCopy())).To(Succeed())
		second := simPod("twice")
		Expect(k8sClient.Create(ctx, second)).To(Succeed())

		record, err := watched.Record(ctx, query(second))
		Expect(err).NotTo(HaveOccurred())
		Expect(record.Subject.UID).To(Equal(second.UID))
		Expect(writes(record.Entries, evidence.SourceEtcd)).To(Equal([]int64{revisionOf(second)}))
		Expect(pick(record.Entries, func(e evidence.Entry) bool { return e.Audit != nil && e.Audit.Verb == "delete" })).To(BeEmpty())

		q := query(first)
		q.Object.UID = first.UID
		record, err = watched.Record(ctx, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(writes(record.Entries, evidence.SourceEtcd)).To(HaveLen(2), "created and deleted")
		Expect(pick(record.Entries, func(e evidence.Entry) bool { return e.Audit != nil && e.Audit.Verb == "delete" })).To(HaveLen(2))
	})

	It("reads from etcd what was written before the observer was started", func(ctx SpecContext) {
		pod := simPod("early")
		Expect(k8sClient.Create(ctx, pod)).To(Succeed())
		created := revisionOf(pod)
		bindAndRun(ctx, pod)

		record, err := startObserver().Record(ctx, query(pod))
		Expect(err).NotTo(HaveOccurred())
		read := pick(record.Entries, func(e evidence.Entry) bool { return e.Etcd != nil && e.Etcd.Read })
		Expect(read).To(HaveLen(3))
		Expect(read[0].Etcd.ModRevision).To(Equal(created))
		Expect(read[0].Object.UID).To(Equal(pod.UID))
		Expect(read[2].Etcd.ModRevision).To(Equal(revisionOf(pod)))
		Expect(read[2].Etcd.Version).To(BeEquivalentTo(3))
	})

	It("goes on without the resources that it may not watch", func(ctx SpecContext) {
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "limited"}, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"simpods", "simreplicasets", "simdeployments", "simstatefulsets", "simdaemonsets", "simjobs"}, Verbs: []string{"list", "watch"},
		}}}
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "limited"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "limited"}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "limited"},
		}
		Expect(k8sClient.Create(ctx, role)).To(Succeed())
		Expect(k8sClient.Create(ctx, binding)).To(Succeed())
		config := rest.CopyConfig(restCfg)
		config.Impersonate.UserName = "limited"
		limited := startObserverAs(config)
		Eventually(func() evidence.SourceState { return stateOf(limited.Sources(), evidence.SourceWatch) }).
			WithTimeout(10 * time.Second).Should(And(
			HaveField("Available", BeTrue()), HaveField("Reason", ContainSubstring("pods is forbidden"))))

		pod := simPod("limited")
		Expect(k8sClient.Create(ctx, pod)).To(Succeed())
		// The other resources may not have been listed yet.
		Eventually(func(g Gomega) {
			record, err := limited.Record(ctx, query(pod))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(stateOf(record.Sources, evidence.SourceWatch)).To(Equal(evidence.SourceState{Source: evidence.SourceWatch, Available: true}))
			g.Expect(writes(record.Entries, evidence.SourceWatch)).To(Equal([]int64{revisionOf(pod)}))
		}).WithTimeout(10 * time.Second).Should(Succeed())

		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default", Namespace: "default"}}
		Expect(client.IgnoreAlreadyExists(k8sClient.Create(ctx, account))).To(Succeed())
		real := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "real", Namespace: "default"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "nginx"}}},
		}
		Expect(k8sClient.Create(ctx, real)).To(Succeed())
		q := observer.Query{Object: evidence.Object{Resource: "pods", Namespace: real.Namespace, Name: real.Name}}
		began := time.Now()
		record, err := limited.Record(ctx, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(time.Since(began)).To(BeNumerically("<", time.Second), "it does not wait for a watch that it does not have")
		Expect(stateOf(record.Sources, evidence.SourceWatch)).To(And(
			HaveField("Available", BeFalse()), HaveField("Reason", ContainSubstring("pods is forbidden"))))
		// It is watched in etcd or, before the event has come, read from there.
		Expect(pick(record.Entries, func(e evidence.Entry) bool { return e.Etcd != nil && e.Etcd.Value != nil })).To(HaveLen(1))
	})

	It("says that nothing is known", func(ctx SpecContext) {
		_, err := watched.Record(ctx, query(simPod("never")))
		var notFound *observer.NotFoundError
		Expect(err).To(BeAssignableToTypeOf(notFound))
		Expect(apierrors.IsNotFound(err)).To(BeTrue())
	})
})

var _ = Describe("A Walkthrough", func() {
	newWalkthrough := func(name string, spec v1alpha1.SimPodSpec) *v1alpha1.Walkthrough {
		return &v1alpha1.Walkthrough{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
			Spec:       v1alpha1.WalkthroughSpec{Template: &v1alpha1.SimPodTemplateSpec{Spec: spec}},
		}
	}
	// reconcile runs both controllers once.
	reconcile := func(ctx context.Context, w *v1alpha1.Walkthrough) {
		GinkgoHelper()
		Expect(k8sClient.Get(ctx, client.ObjectKeyFromObject(w), w)).To(Succeed())
		_, err := walkthrough.New(k8sClient, events.NewFakeRecorder(10)).Reconcile(ctx, w)
		Expect(err).NotTo(HaveOccurred())
		_, err = walkthroughstatus.New(k8sClient, watched, clock.RealClock{}).Reconcile(ctx, w)
		Expect(err).NotTo(HaveOccurred())
		Expect(k8sClient.Get(ctx, client.ObjectKeyFromObject(w), w)).To(Succeed())
	}
	complete := func(w *v1alpha1.Walkthrough) *metav1.Condition {
		return meta.FindStatusCondition(w.Status.Conditions, v1alpha1.WalkthroughComplete)
	}

	It("creates its pod and follows it until it runs", func(ctx SpecContext) {
		w := newWalkthrough("tour", simPod("tour").Spec)
		Expect(k8sClient.Create(ctx, w)).To(Succeed())
		reconcile(ctx, w)
		Expect(complete(w)).To(HaveField("Reason", v1alpha1.ReasonRequestInProgress))
		Expect(w.Status.Steps).NotTo(BeEmpty())

		pod := &v1alpha1.SimPod{}
		Expect(k8sClient.Get(ctx, client.ObjectKeyFromObject(w), pod)).To(Succeed())
		Expect(w.Status.Subject.UID).To(BeEquivalentTo(pod.UID))
		bindAndRun(ctx, pod)
		reconcile(ctx, w)
		Expect(w.Status.Outcome).To(Equal("Running"))
		Expect(complete(w)).To(HaveField("Status", metav1.ConditionTrue))

		By("deleting the pod: it is not created again, the status stays")
		Expect(k8sClient.Delete(ctx, pod)).To(Succeed())
		before := w.ResourceVersion
		reconcile(ctx, w)
		Expect(w.ResourceVersion).To(Equal(before))
		Expect(apierrors.IsNotFound(k8sClient.Get(ctx, client.ObjectKeyFromObject(w), pod))).To(BeTrue())
	})

	It("says that the name of its pod is taken", func(ctx SpecContext) {
		Expect(k8sClient.Create(ctx, simPod("taken"))).To(Succeed())
		w := newWalkthrough("taken", simPod("taken").Spec)
		Expect(k8sClient.Create(ctx, w)).To(Succeed())
		reconcile(ctx, w)
		Expect(complete(w)).To(HaveField("Reason", v1alpha1.ReasonSubjectConflict))
		Expect(w.Status.Steps).To(BeEmpty())
	})

	It("says that its pod was rejected, from the audit log alone", func(ctx SpecContext) {
		refuse(ctx, "refused-")
		w := newWalkthrough("refused-tour", simPod("x").Spec)
		Expect(k8sClient.Create(ctx, w)).To(Succeed())
		reconcile(ctx, w)
		Expect(complete(w)).To(HaveField("Reason", v1alpha1.ReasonSubjectRejected))
		Expect(w.Status.Outcome).To(Equal("Rejected"))
	})
})

// refuse has the API server refuse SimPods whose names begin so.
func refuse(ctx context.Context, prefix string) {
	GinkgoHelper()
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "refuse"},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{v1alpha1.GroupName}, APIVersions: []string{"*"}, Resources: []string{"simpods"}},
				},
			}}},
			Validations: []admissionregistrationv1.Validation{{Expression: fmt.Sprintf("!object.metadata.name.startsWith(%q)", prefix)}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "refuse"},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policy.Name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}
	Expect(k8sClient.Create(ctx, policy)).To(Succeed())
	DeferCleanup(k8sClient.Delete, policy)
	Expect(k8sClient.Create(ctx, binding)).To(Succeed())
	DeferCleanup(k8sClient.Delete, binding)
	Eventually(func() bool {
		return apierrors.IsInvalid(k8sClient.Create(ctx, simPod(prefix+"probe"), client.DryRunAll))
	}).WithTimeout(30 * time.Second).Should(BeTrue())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
