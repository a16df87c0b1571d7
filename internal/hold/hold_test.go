// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"
	"errors"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// audience decides each stop by a function.
type audience func(ctx context.Context, stop Stop) Decision

func (a audience) Pause(ctx context.Context, stop Stop) Decision { return a(ctx, stop) }

func (audience) Stored(*v1alpha1.SimPod) {}

func podNamed(name string) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "main", Image: "nginx"}}},
	}
}

// stored is the pod of that name; nil for none.
func stored(ctx context.Context, name string) *v1alpha1.SimPod {
	GinkgoHelper()
	pod := &v1alpha1.SimPod{}
	err := user.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, pod)
	if apierrors.IsNotFound(err) {
		return nil
	}
	Expect(err).NotTo(HaveOccurred())
	return pod
}

func configurations(ctx context.Context) []admissionregistrationv1.ValidatingWebhookConfiguration {
	GinkgoHelper()
	var list admissionregistrationv1.ValidatingWebhookConfigurationList
	Expect(user.List(ctx, &list, client.HasLabels{labelHold})).To(Succeed())
	return list.Items
}

// expectNoGate fails where a gate of ours is left on a pod.
func expectNoGate(pod *v1alpha1.SimPod) {
	GinkgoHelper()
	Expect(pod).NotTo(BeNil())
	Expect(pod.Spec.SchedulingGates).To(BeEmpty())
	Expect(pod.Annotations).NotTo(HaveKey(v1alpha1.AnnotationStartGate))
}

var _ = Describe("A held create", func() {
	var webhook *Webhook

	// run holds the create of a pod, and leaves the webhook to be removed at the end.
	run := func(ctx context.Context, pod *v1alpha1.SimPod, timeout time.Duration, pause audience) error {
		GinkgoHelper()
		Gate(pod, NewID("test"))
		registration, err := Register(ctx, user, webhook, pod, timeout)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx context.Context) { Expect(registration.Remove(ctx)).To(Succeed()) })
		held := New(pod, Options{Client: user, Clock: clock.RealClock{}, Question: registration.Question, Patience: 30 * time.Second})
		return held.Run(ctx, func(ctx context.Context) error { return user.Create(ctx, pod) }, pause)
	}

	BeforeEach(func(ctx context.Context) {
		var err error
		webhook, err = Listen(ctx, clock.RealClock{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(webhook.Close()).To(Succeed()) })
	})

	It("stops before the write, before the scheduler and before the kubelet", func(ctx context.Context) {
		var places []Place
		Expect(run(ctx, podNamed("all"), MaxTimeout, func(ctx context.Context, stop Stop) Decision {
			places = append(places, stop.Place)
			switch stop.Place {
			case BeforeWrite:
				Expect(stored(ctx, "all")).To(BeNil(), "etcd has what is held before the write")
				Expect(stop.Until.Sub(stop.Since)).To(Equal(MaxTimeout))
			case BeforeScheduler:
				Expect(stop.Until).To(BeZero())
				Expect(stored(ctx, "all").Spec.SchedulingGates).To(HaveLen(1))
				bindSoon(ctx, stop, "all")
			case BeforeKubelet:
				Expect(stored(ctx, "all").Annotations).To(HaveKey(v1alpha1.AnnotationStartGate))
			}
			return GoOn
		})).To(Succeed())
		Expect(places).To(Equal([]Place{BeforeWrite, BeforeScheduler, BeforeKubelet}))
		expectNoGate(stored(ctx, "all"))
	})

	It("goes on by itself where the API server waits no longer, and asks about nothing else", func(ctx context.Context) {
		Expect(run(ctx, podNamed("over"), time.Second, func(stopped context.Context, stop Stop) Decision {
			if stop.Place != BeforeWrite {
				return LetGo
			}
			other := podNamed("other")
			Expect(user.Create(ctx, other)).To(Succeed(), "another create was held, too")
			<-stopped.Done()
			Expect(RanOut(stopped)).To(BeTrue())
			return GoOn
		})).To(MatchError(ErrLetGo))
		expectNoGate(stored(ctx, "over"))
	})

	for _, at := range []Place{BeforeWrite, BeforeScheduler, BeforeKubelet} {
		It("leaves nothing behind where it is let go or interrupted, at the stop "+string(at), func(ctx context.Context) {
			let := podNamed("let-go-" + string(at))
			Expect(run(ctx, let, MaxTimeout, func(ctx context.Context, stop Stop) Decision {
				if stop.Place == at {
					return LetGo
				}
				bindSoon(ctx, stop, let.Name)
				return GoOn
			})).To(MatchError(ErrLetGo))
			expectNoGate(stored(ctx, let.Name))

			interrupted := podNamed("interrupted-" + string(at))
			running, interrupt := context.WithCancel(ctx)
			err := run(running, interrupted, MaxTimeout, func(ctx context.Context, stop Stop) Decision {
				if stop.Place == at {
					interrupt()
					<-ctx.Done()
					return GoOn
				}
				bindSoon(ctx, stop, interrupted.Name)
				return GoOn
			})
			Expect(errors.Is(err, context.Canceled)).To(BeTrue(), "%v", err)
			if pod := stored(ctx, interrupted.Name); at == BeforeWrite {
				Expect(pod).To(BeNil(), "a request that was taken back was carried out")
			} else {
				expectNoGate(pod)
			}
		})
	}

	It("is given up where no node is found, without a gate", func(ctx context.Context) {
		pod := podNamed("waits")
		Gate(pod, NewID("test"))
		held := New(pod, Options{Client: user, Clock: clock.RealClock{}, Patience: 100 * time.Millisecond})
		err := held.Run(ctx, func(ctx context.Context) error { return user.Create(ctx, pod) }, audience(func(context.Context, Stop) Decision { return GoOn }))
		Expect(err).To(MatchError(ContainSubstring("was not bound within 100ms")))
		expectNoGate(stored(ctx, "waits"))
	})

	It("returns the refusal of a create that is refused", func(ctx context.Context) {
		pod := podNamed("invalid")
		pod.Spec.Containers[0].Image = " "
		err := run(ctx, pod, MaxTimeout, func(context.Context, Stop) Decision { return GoOn })
		Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v", err)
	})

	It("ends where the pod is deleted meanwhile", func(ctx context.Context) {
		pod := podNamed("deleted")
		err := run(ctx, pod, MaxTimeout, func(ctx context.Context, stop Stop) Decision {
			if stop.Place == BeforeScheduler {
				Expect(user.Delete(ctx, podNamed("deleted"))).To(Succeed())
			}
			return GoOn
		})
		Expect(err).To(MatchError(ErrDeleted))
	})
})

// bindSoon binds the pod once the stop before the scheduler is over.
func bindSoon(ctx context.Context, stop Stop, name string) {
	if stop.Place != BeforeScheduler {
		return
	}
	ctx = context.WithoutCancel(ctx) // the bind goes on while the hold that it leads to is interrupted
	go func() {
		defer GinkgoRecover()
		pod := &v1alpha1.SimPod{}
		Eventually(func(g Gomega) {
			g.Expect(user.Get(ctx, client.ObjectKey{Namespace: "default", Name: name}, pod)).To(Succeed())
			g.Expect(pod.Spec.SchedulingGates).To(BeEmpty())
		}).Should(Succeed())
		base := pod.DeepCopy()
		pod.Spec.NodeName = "node-1"
		Expect(user.Patch(ctx, pod, client.MergeFrom(base))).To(Succeed())
	}()
}

var _ = Describe("What a killed command leaves behind", func() {
	It("is let go by the next one, and what another holds is not", func(ctx context.Context) {
		left := map[bool]*v1alpha1.SimPod{true: podNamed("killed"), false: podNamed("lives")}
		for killed, pod := range left {
			Gate(pod, NewID("test"))
			webhook, err := Listen(ctx, clock.RealClock{})
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(webhook.Close)
			registration, err := Register(ctx, user, webhook, pod, MaxTimeout)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(registration.Remove)
			registration.Question.allow()
			Expect(user.Create(ctx, pod)).To(Succeed())
			if killed {
				Expect(webhook.Close()).To(Succeed())
			}
		}
		Expect(configurations(ctx)).To(HaveLen(2))
		for _, config := range configurations(ctx) {
			Expect(*config.Webhooks[0].FailurePolicy).To(Equal(admissionregistrationv1.Ignore))
		}

		pods, err := Sweep(ctx, user)
		Expect(err).NotTo(HaveOccurred())
		Expect(pods).To(Equal([]string{"default/killed"}))
		expectNoGate(stored(ctx, "killed"))
		Expect(stored(ctx, "lives").Spec.SchedulingGates).To(HaveLen(1))
		Expect(configurations(ctx)).To(HaveLen(1))
		Expect(Sweep(ctx, user)).To(BeEmpty())
	})
})

var _ = Describe("Who may not create webhooks", func() {
	It("is told so, and nothing is left", func(ctx context.Context) {
		config, err := cluster.User("system:serviceaccount:default:nobody", "system:serviceaccounts")
		Expect(err).NotTo(HaveOccurred())
		nobody, err := client.New(config, client.Options{Scheme: cluster.Scheme})
		Expect(err).NotTo(HaveOccurred())
		webhook, err := Listen(ctx, clock.RealClock{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(webhook.Close)
		before := len(configurations(ctx))
		pod := podNamed("forbidden")
		Gate(pod, NewID("test"))
		_, err = Register(ctx, nobody, webhook, pod, MaxTimeout)
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		Expect(configurations(ctx)).To(HaveLen(before))
	})
})

var _ = Describe("Gates", func() {
	It("keep the gates of others", func(ctx context.Context) {
		pod := podNamed("others")
		pod.Spec.SchedulingGates = append(pod.Spec.SchedulingGates, gateOf("example.com/quota"))
		Gate(pod, NewID("test"))
		id := pod.Annotations[v1alpha1.AnnotationStartGate]
		Expect(user.Create(ctx, pod)).To(Succeed())
		got, err := (holder{id: id}).ungate(ctx, user, client.ObjectKeyFromObject(pod), true, true)
		Expect(err).NotTo(HaveOccurred())
		Expect(slices.Equal(got.Spec.SchedulingGates, pod.Spec.SchedulingGates[:1])).To(BeTrue(), "%v", got.Spec.SchedulingGates)
		again, err := (holder{id: id, uid: pod.UID}).ungate(ctx, user, client.ObjectKeyFromObject(pod), true, true)
		Expect(err).NotTo(HaveOccurred())
		Expect(again.ResourceVersion).To(Equal(got.ResourceVersion), "a write that changes nothing")
	})
})

func gateOf(name string) corev1.PodSchedulingGate { return corev1.PodSchedulingGate{Name: name} }
