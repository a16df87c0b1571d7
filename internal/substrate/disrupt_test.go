// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate_test

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/shirou/gopsutil/v4/process"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/glassplane/glassplane/internal/substrate"
)

var _ = Describe("a disrupted process", Ordered, func() {
	var (
		local *substrate.Local
		admin *kubernetes.Clientset
		// accepted are the names of the objects that the API server said it has stored.
		accepted []string
	)

	BeforeAll(func(ctx SpecContext) {
		var err error
		local, err = substrate.Start(ctx, substrate.Options{Assets: assets, Dir: filepath.Join(GinkgoT().TempDir(), "data"), Log: GinkgoLogr})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(local.Stop()).To(Succeed()) })
		admin = clientFor(userConfig(local))
		Eventually(local.Processes).WithContext(ctx).WithTimeout(time.Minute).Should(HaveEach(HaveField("State", substrate.StateRunning)))
	}, NodeTimeout(2*time.Minute))

	// write creates an object within a time, and remembers what was accepted.
	write := func(ctx context.Context, within time.Duration) error {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "written-"}}
		written, err := admin.CoreV1().ConfigMaps("default").Create(ctx, object, metav1.CreateOptions{})
		if err == nil {
			accepted = append(accepted, written.Name)
		}
		return err
	}

	AfterEach(func(ctx SpecContext) {
		Expect(local.Heal(ctx)).To(Succeed())
		Expect(local.Disrupted()).To(BeEmpty())
		Expect(local.Done()).NotTo(BeClosed(), "%v", local.Err())
		Eventually(write).WithArguments(ctx, 5*time.Second).WithContext(ctx).WithTimeout(30*time.Second).Should(Succeed(), "it must work again")
		Expect(storedIn(ctx, local)).To(ContainElements(accepted), "etcd must have what was accepted")
	}, NodeTimeout(2*time.Minute))

	DescribeTable("does nothing, and goes on when it is healed", func(ctx SpecContext, target string) {
		pid := pidOf(local, target)
		heal, err := local.Disrupt(ctx, substrate.Disruption{Target: target, Kind: substrate.Pause})
		Expect(err).NotTo(HaveOccurred())
		Expect(statusOf(pid)).To(ContainElement(process.Stop))
		Expect(local.Disrupted()).To(ConsistOf(HaveField("Target", target)))
		Expect(local.Processes()).To(ContainElement(And(HaveField("Name", target), HaveField("State", substrate.StatePaused))))
		if target != substrate.ControllerManager {
			Expect(write(ctx, 2*time.Second)).NotTo(Succeed())
		}
		unit, err := local.Unit(target)
		Expect(err).NotTo(HaveOccurred())
		Expect(unit.Start(ctx)).To(MatchError(ContainSubstring("it is paused")))

		Expect(heal(ctx)).To(Succeed())
		Expect(heal(ctx)).To(Succeed(), "healing again does nothing")
		Expect(pidOf(local, target)).To(Equal(pid))
		Expect(statusOf(pid)).NotTo(ContainElement(process.Stop))
	},
		Entry("etcd", substrate.Etcd, NodeTimeout(time.Minute)),
		Entry("kube-apiserver", substrate.APIServer, NodeTimeout(time.Minute)),
		Entry("kube-controller-manager", substrate.ControllerManager, NodeTimeout(time.Minute)),
	)

	DescribeTable("is gone, and starts again with its data when it is healed", func(ctx SpecContext, target string, kind substrate.DisruptionKind) {
		pid := pidOf(local, target)
		heal, err := local.Disrupt(ctx, substrate.Disruption{Target: target, Kind: kind})
		Expect(err).NotTo(HaveOccurred())
		Expect(syscall.Kill(pid, 0)).To(MatchError(syscall.ESRCH))
		if target != substrate.ControllerManager {
			Expect(write(ctx, 2*time.Second)).NotTo(Succeed())
		}
		Expect(heal(ctx)).To(Succeed())
		Expect(pidOf(local, target)).NotTo(BeElementOf(0, pid))
	},
		Entry("etcd, in order", substrate.Etcd, substrate.Stop, NodeTimeout(time.Minute)),
		Entry("etcd, at once", substrate.Etcd, substrate.Kill, NodeTimeout(time.Minute)),
		Entry("kube-apiserver, in order", substrate.APIServer, substrate.Stop, NodeTimeout(time.Minute)),
		Entry("kube-apiserver, at once", substrate.APIServer, substrate.Kill, NodeTimeout(time.Minute)),
		Entry("kube-controller-manager, in order", substrate.ControllerManager, substrate.Stop, NodeTimeout(time.Minute)),
		Entry("kube-controller-manager, at once", substrate.ControllerManager, substrate.Kill, NodeTimeout(time.Minute)),
	)

	It("takes no writes while its database is full, and reads and deletes on", func(ctx SpecContext) {
		Expect(write(ctx, 5*time.Second)).To(Succeed())
		heal, err := local.Disrupt(ctx, substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Full})
		Expect(err).NotTo(HaveOccurred())
		Eventually(write).WithArguments(ctx, 5*time.Second).WithContext(ctx).WithTimeout(30 * time.Second).
			Should(MatchError(ContainSubstring("etcdserver: mvcc: database space exceeded")))
		Expect(alarms(ctx, local)).To(ConsistOf(etcdserverpb.AlarmType_NOSPACE))
		maps := admin.CoreV1().ConfigMaps("default")
		last := accepted[len(accepted)-1]
		_, err = maps.Get(ctx, last, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(maps.Delete(ctx, last, metav1.DeleteOptions{})).To(Succeed())
		accepted = accepted[:len(accepted)-1]

		Expect(heal(ctx)).To(Succeed())
		Expect(alarms(ctx, local)).To(BeEmpty())
	}, NodeTimeout(2*time.Minute))

	It("answers late while its disk is slow", func(ctx SpecContext) {
		heal, err := local.Disrupt(ctx, substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Slow, Delay: 700 * time.Millisecond})
		if errors.Is(err, substrate.ErrCannotDisrupt) {
			Skip(err.Error())
		}
		Expect(err).NotTo(HaveOccurred())
		Eventually(write).WithArguments(ctx, 20*time.Second).WithContext(ctx).WithTimeout(time.Minute).Should(Succeed())
		began := time.Now()
		Expect(write(ctx, 20*time.Second)).To(Succeed())
		Expect(time.Since(began)).To(BeNumerically(">", 700*time.Millisecond))
		Expect(heal(ctx)).To(Succeed())
		Eventually(func() time.Duration {
			began := time.Now()
			Expect(write(ctx, 20*time.Second)).To(Succeed())
			return time.Since(began)
		}).WithContext(ctx).WithTimeout(30 * time.Second).Should(BeNumerically("<", 500*time.Millisecond))
		Expect(local.Processes()).To(HaveLen(3))
	}, NodeTimeout(3*time.Minute))

	It("answers 429 while it is overloaded, and keeps what it accepts", func(ctx SpecContext) {
		heal, err := local.Disrupt(ctx, substrate.Disruption{Target: substrate.APIServer, Kind: substrate.Overload})
		Expect(err).NotTo(HaveOccurred())
		Eventually(func() error {
			object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "refused-"}}
			return admin.CoreV1().RESTClient().Post().Resource("configmaps").Namespace("default").Body(object).MaxRetries(0).Do(ctx).Error()
		}).WithContext(ctx).WithTimeout(30 * time.Second).Should(Satisfy(apierrors.IsTooManyRequests))
		Eventually(write).WithArguments(ctx, time.Minute).WithContext(ctx).WithTimeout(2*time.Minute).
			Should(Succeed(), "who asks again has an answer in the end")
		Expect(heal(ctx)).To(Succeed())
		_, err = admin.FlowcontrolV1().PriorityLevelConfigurations().Get(ctx, "glassplane-overload", metav1.GetOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "got %v", err)
	}, NodeTimeout(3*time.Minute))

	It("denies what users write, and nothing else, while it refuses writes", func(ctx SpecContext) {
		heal, err := local.Disrupt(ctx, substrate.Disruption{Target: substrate.APIServer, Kind: substrate.RefuseWrites})
		Expect(err).NotTo(HaveOccurred())
		Expect(write(ctx, 5*time.Second)).To(MatchError(ContainSubstring("writes are refused on purpose")))
		_, err = admin.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		config, err := local.ServiceAccountConfig("default", "component")
		Expect(err).NotTo(HaveOccurred())
		_, err = clientFor(config).AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "create", Resource: "pods"}},
		}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		boot := kubernetes.NewForConfigOrDie(local.AdminConfig())
		_, err = boot.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "exempt"}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(heal(ctx)).To(Succeed())
		Expect(write(ctx, 5*time.Second)).To(Succeed())
	}, NodeTimeout(2*time.Minute))

	It("has one disruption at a time, and heals in the order that its neighbours need", func(ctx SpecContext) {
		_, err := local.Disrupt(ctx, substrate.Disruption{Target: substrate.APIServer, Kind: substrate.Kill})
		Expect(err).NotTo(HaveOccurred())
		_, err = local.Disrupt(ctx, substrate.Disruption{Target: substrate.APIServer, Kind: substrate.Pause})
		Expect(err).To(MatchError(substrate.ErrDisrupted))
		_, err = local.Disrupt(ctx, substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Pause})
		Expect(err).NotTo(HaveOccurred())
		Expect(local.Heal(ctx, substrate.APIServer)).To(MatchError(ContainSubstring("needs etcd, which is disrupted (Pause)")))
		Expect(local.Heal(ctx, substrate.ControllerManager)).To(MatchError(substrate.ErrNotDisrupted))
		Expect(local.Heal(ctx, "kubelet")).To(MatchError(ContainSubstring(`unknown target "kubelet"`)))
		Expect(local.Heal(ctx)).To(Succeed())
	}, NodeTimeout(2*time.Minute))

	It("cannot be disrupted while it does not run", func(ctx SpecContext) {
		unit, err := local.Unit(substrate.ControllerManager)
		Expect(err).NotTo(HaveOccurred())
		Expect(unit.Stop()).To(Succeed())
		_, err = local.Disrupt(ctx, substrate.Disruption{Target: substrate.ControllerManager, Kind: substrate.Pause})
		Expect(err).To(MatchError(ContainSubstring("it does not run: it is Stopped")))
		Expect(local.Disrupted()).To(BeEmpty())
		Expect(unit.Start(ctx)).To(Succeed())
	}, NodeTimeout(time.Minute))
})

var _ = Describe("a control plane that is stopped while it is disrupted", func() {
	It("leaves nothing, soon", func(ctx SpecContext) {
		dir := filepath.Join(GinkgoT().TempDir(), "data")
		local, err := substrate.Start(ctx, substrate.Options{Assets: assets, Dir: dir, Log: GinkgoLogr})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(local.Stop()).To(Succeed()) })
		for _, d := range []substrate.Disruption{
			{Target: substrate.APIServer, Kind: substrate.Pause},
			{Target: substrate.Etcd, Kind: substrate.Pause},
		} {
			_, err := local.Disrupt(ctx, d)
			Expect(err).NotTo(HaveOccurred())
		}
		processes := local.Processes()
		began := time.Now()
		Expect(local.Stop()).To(Succeed())
		Expect(time.Since(began)).To(BeNumerically("<", 15*time.Second), "paused processes were not waited for")
		for _, p := range processes {
			if p.PID != 0 {
				Expect(syscall.Kill(p.PID, 0)).To(MatchError(syscall.ESRCH), p.Name)
			}
		}
		Expect(childrenFor(dir)).To(BeEmpty())
		Expect(dir).NotTo(BeAnExistingFile())
		_, err = local.Disrupt(ctx, substrate.Disruption{Target: substrate.Etcd, Kind: substrate.Pause})
		Expect(err).To(MatchError(ContainSubstring("is being stopped")))
	}, NodeTimeout(2*time.Minute))
})

// statusOf returns what the kernel says that a process does.
func statusOf(pid int) []string {
	GinkgoHelper()
	proc, err := process.NewProcess(int32(pid))
	Expect(err).NotTo(HaveOccurred())
	status, err := proc.Status()
	Expect(err).NotTo(HaveOccurred())
	return status
}

// alarms returns those that etcd has raised.
func alarms(ctx context.Context, local *substrate.Local) []etcdserverpb.AlarmType {
	GinkgoHelper()
	client := etcdClient(local)
	defer client.Close()
	response, err := client.AlarmList(ctx)
	Expect(err).NotTo(HaveOccurred())
	var types []etcdserverpb.AlarmType
	for _, alarm := range response.Alarms {
		types = append(types, alarm.Alarm)
	}
	return types
}

func etcdClient(local *substrate.Local) *clientv3.Client {
	GinkgoHelper()
	config, err := local.EtcdClientConfig("test")
	Expect(err).NotTo(HaveOccurred())
	client, err := clientv3.New(config)
	Expect(err).NotTo(HaveOccurred())
	return client
}

// storedIn returns the names of the ConfigMaps of the namespace default that etcd has.
func storedIn(ctx context.Context, local *substrate.Local) []string {
	GinkgoHelper()
	const prefix = "/registry/configmaps/default/"
	client := etcdClient(local)
	defer client.Close()
	response, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, kv := range response.Kvs {
		names = append(names, filepath.Base(string(kv.Key)))
	}
	return names
}
