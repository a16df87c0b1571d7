// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func amounts(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}

// makePod returns a pod of the namespace default with the container c.
func makePod(changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}}
	pod.Spec.Containers = []corev1.Container{{Name: "c"}}
	for _, change := range changes {
		change(pod)
	}
	return pod
}

func requests(pairs ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = amounts(pairs...) }
}

func limits(pairs ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Limits = amounts(pairs...) }
}

func class(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.RuntimeClassName = &name }
}

func runtimeClasses() []nodev1.RuntimeClass {
	return []nodev1.RuntimeClass{
		{ObjectMeta: metav1.ObjectMeta{Name: "plain"}},
		{
			ObjectMeta: metav1.ObjectMeta{Name: "sandbox"}, Overhead: &nodev1.Overhead{PodFixed: amounts("cpu", "250m")},
			Scheduling: &nodev1.Scheduling{
				NodeSelector: map[string]string{"sandbox": "yes"},
				Tolerations:  []corev1.Toleration{{Key: "sandbox", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
			},
		},
	}
}

func limit(item corev1.LimitRangeItem) []corev1.LimitRange {
	return []corev1.LimitRange{
		{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "limits"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{item}}},
		{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "limits"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{
			{Type: corev1.LimitTypeContainer, Max: amounts("cpu", "1m"), Default: amounts("cpu", "1m")},
		}}},
	}
}

func container(change func(*corev1.LimitRangeItem)) []corev1.LimitRange {
	item := corev1.LimitRangeItem{Type: corev1.LimitTypeContainer}
	change(&item)
	return limit(item)
}

func quota(name string, hard, used corev1.ResourceList, scopes ...corev1.ResourceQuotaScope) corev1.ResourceQuota {
	q := corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	q.Spec.Hard, q.Spec.Scopes, q.Status.Hard, q.Status.Used = hard, scopes, hard, used
	return q
}

func TestAdditions(t *testing.T) {
	for _, tc := range []struct {
		name    string
		pod     *corev1.Pod
		objects Objects
		want    []Addition
	}{
		{name: "nothing", pod: makePod(requests("cpu", "1"))},
		{name: "requests are the limits", pod: makePod(limits("cpu", "1")), want: []Addition{{"the API server", "spec.containers[0].resources.requests[cpu]", "1"}}},
		{
			name: "a runtime class", pod: makePod(class("sandbox")), objects: Objects{RuntimeClasses: runtimeClasses()},
			want: []Addition{
				{"RuntimeClass sandbox", "spec.overhead[cpu]", "250m"},
				{"RuntimeClass sandbox", "spec.nodeSelector[sandbox]", "yes"},
				{"RuntimeClass sandbox", "spec.tolerations", "sandbox:NoSchedule"},
			},
		},
		{
			name: "what the class says is there", objects: Objects{RuntimeClasses: runtimeClasses()},
			pod: makePod(class("sandbox"), func(p *corev1.Pod) {
				p.Spec.Overhead, p.Spec.NodeSelector = amounts("cpu", "0.25"), map[string]string{"sandbox": "yes"}
				p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
			}),
		},
		{
			name: "defaults of a LimitRange", pod: makePod(requests("memory", "1Gi")),
			objects: Objects{LimitRanges: container(func(i *corev1.LimitRangeItem) {
				i.Default, i.DefaultRequest = amounts("cpu", "2", "memory", "4Gi"), amounts("cpu", "1", "memory", "2Gi")
			})},
			want: []Addition{
				{"LimitRange default/limits", "spec.containers[0].resources.limits[cpu]", "2"},
				{"LimitRange default/limits", "spec.containers[0].resources.limits[memory]", "4Gi"},
				{"LimitRange default/limits", "spec.containers[0].resources.requests[cpu]", "1"},
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := tc.pod.DeepCopy()
			got := Admit(tc.pod, tc.objects)
			if diff := cmp.Diff(tc.want, got.Additions); diff != "" {
				t.Errorf("additions (-want +got):\n%s", diff)
			}
			if len(got.Refusals) > 0 {
				t.Errorf("refused: %v", got.Refusals)
			}
			if diff := cmp.Diff(before, tc.pod); diff != "" {
				t.Errorf("the pod was changed:\n%s", diff)
			}
			if again := Admit(got.Pod, tc.objects); len(again.Additions) > 0 {
				t.Errorf("the second time it adds %v", again.Additions)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const forbidden = `pods "web" is forbidden: `
	for _, tc := range []struct {
		name    string
		pod     *corev1.Pod
		objects Objects
		want    []string
	}{
		{name: "no such class", pod: makePod(class("gone")), want: []string{`pod rejected: RuntimeClass "gone" not found`}},
		{
			name: "another overhead", objects: Objects{RuntimeClasses: runtimeClasses()}, want: []string{"pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"},
			pod: makePod(class("sandbox"), func(p *corev1.Pod) { p.Spec.Overhead = amounts("cpu", "1") }),
		},
		{
			name: "overhead without a class", want: []string{"pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"},
			pod: makePod(func(p *corev1.Pod) { p.Spec.Overhead = amounts("cpu", "1") }),
		},
		{
			name: "another node selector", objects: Objects{RuntimeClasses: runtimeClasses()},
			pod:  makePod(class("sandbox"), func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"sandbox": "no"} }),
			want: []string{"conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no"},
		},
		{name: "too little", pod: makePod(requests("cpu", "50m")), objects: Objects{LimitRanges: container(func(i *corev1.LimitRangeItem) { i.Min = amounts("cpu", "100m") })}, want: []string{"minimum cpu usage per Container is 100m, but request is 50m"}},
		{name: "nothing asked for", pod: makePod(), objects: Objects{LimitRanges: container(func(i *corev1.LimitRangeItem) { i.Min = amounts("cpu", "100m") })}, want: []string{"minimum cpu usage per Container is 100m.  No request is specified"}},
		{name: "too much", pod: makePod(limits("cpu", "3")), objects: Objects{LimitRanges: container(func(i *corev1.LimitRangeItem) { i.Max = amounts("cpu", "2") })}, want: []string{"maximum cpu usage per Container is 2, but limit is 3"}},
		{name: "no limit", pod: makePod(requests("cpu", "1")), objects: Objects{LimitRanges: container(func(i *corev1.LimitRangeItem) { i.Max = amounts("cpu", "2") })}, want: []string{"maximum cpu usage per Container is 2.  No limit is specified"}},
		{name: "ratio", pod: makePod(limits("cpu", "3"), requests("cpu", "1")), objects: Objects{LimitRanges: container(func(i *corev1.LimitRangeItem) { i.MaxLimitRequestRatio = amounts("cpu", "2") })}, want: []string{"cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000"}},
		{
			name: "two at once", pod: makePod(limits("cpu", "3", "memory", "3Gi")), objects: Objects{LimitRanges: container(func(i *corev1.LimitRangeItem) { i.Max = amounts("cpu", "2", "memory", "1Gi") })},
			want: []string{"[maximum cpu usage per Container is 2, but limit is 3, maximum memory usage per Container is 1Gi, but limit is 3Gi]"},
		},
		{
			name: "the pod as a whole", pod: makePod(limits("cpu", "1"), func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, p.Spec.Containers[0]) }),
			objects: Objects{LimitRanges: limit(corev1.LimitRangeItem{Type: corev1.LimitTypePod, Max: amounts("cpu", "1500m")})},
			want:    []string{"maximum cpu usage per Pod is 1500m, but limit is 2"},
		},
		{name: "quota of pods", pod: makePod(), objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("pods", "2"), amounts("pods", "2"))}}, want: []string{"exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"}},
		{name: "quota is enough", pod: makePod(), objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("pods", "3"), amounts("pods", "2"))}}},
		{
			name: "quota of requests", pod: makePod(requests("cpu", "1", "memory", "1Gi")),
			objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("requests.cpu", "2", "memory", "1Gi"), amounts("requests.cpu", "1500m", "memory", "512Mi"))}},
			want:    []string{"exceeded quota: q, requested: memory=1Gi,requests.cpu=1, used: memory=512Mi,requests.cpu=1500m, limited: memory=1Gi,requests.cpu=2"},
		},
		{
			name: "a quota wants requests", pod: makePod(func(p *corev1.Pod) { p.Spec.InitContainers = []corev1.Container{{Name: "a"}} }),
			objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("limits.cpu", "2", "requests.cpu", "2"), nil)}},
			want:    []string{"failed quota: q: must specify limits.cpu for: a,c; requests.cpu for: a,c"},
		},
		{name: "status unknown", pod: makePod(), objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("pods", "2", "count/pods", "5"), nil)}}, want: []string{"status unknown for quota: q, resources: count/pods,pods"}},
		{name: "quota of other things", pod: makePod(), objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("services", "0"), nil)}}},
		{name: "an extended resource", pod: makePod(limits("example.com/gpu", "2")), objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("requests.example.com/gpu", "1"), amounts("requests.example.com/gpu", "0"))}}, want: []string{"exceeded quota: q, requested: requests.example.com/gpu=2, used: requests.example.com/gpu=0, limited: requests.example.com/gpu=1"}},
		{
			name: "of several quotas those that are about the pod", pod: makePod(),
			objects: Objects{ResourceQuotas: []corev1.ResourceQuota{
				quota("terminating", amounts("pods", "0"), amounts("pods", "0"), corev1.ResourceQuotaScopeTerminating),
				quota("running", amounts("pods", "0"), amounts("pods", "0"), corev1.ResourceQuotaScopeNotTerminating, corev1.ResourceQuotaScopeBestEffort),
				quota("important", amounts("pods", "0"), amounts("pods", "0"), corev1.ResourceQuotaScopePriorityClass),
			}},
			want: []string{"exceeded quota: running, requested: pods=1, used: pods=0, limited: pods=0"},
		},
		{
			name: "the first is the API server's", pod: makePod(class("gone")), want: []string{`pod rejected: RuntimeClass "gone" not found`, "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"},
			objects: Objects{ResourceQuotas: []corev1.ResourceQuota{quota("q", amounts("pods", "0"), amounts("pods", "0"))}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var want, got []string
			for _, message := range tc.want {
				want = append(want, forbidden+message)
			}
			for _, r := range Admit(tc.pod, tc.objects).Refusals {
				got = append(got, r.Message)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPriorityClassScope(t *testing.T) {
	for _, tc := range []struct {
		operator corev1.ScopeSelectorOperator
		class    string
		want     bool
	}{
		{corev1.ScopeSelectorOpIn, "high", true},
		{corev1.ScopeSelectorOpIn, "low", false},
		{corev1.ScopeSelectorOpIn, "", false},
		{corev1.ScopeSelectorOpNotIn, "high", false},
		{corev1.ScopeSelectorOpNotIn, "", true},
		{corev1.ScopeSelectorOpExists, "low", true},
		{corev1.ScopeSelectorOpExists, "", false},
		{corev1.ScopeSelectorOpDoesNotExist, "", true},
		{"Odd", "high", false},
	} {
		r := corev1.ScopedResourceSelectorRequirement{ScopeName: corev1.ResourceQuotaScopePriorityClass, Operator: tc.operator, Values: []string{"high"}}
		pod := makePod(func(p *corev1.Pod) { p.Spec.PriorityClassName = tc.class })
		if got := matchesScope(r, pod); got != tc.want {
			t.Errorf("%s, class %q: %t, want %t", tc.operator, tc.class, got, tc.want)
		}
	}
}
