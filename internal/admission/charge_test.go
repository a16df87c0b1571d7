// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestCharge: how many pods of 300m cpu a quota lets through, one after the other.
func TestCharge(t *testing.T) {
	list := func(name corev1.ResourceName, amount string) corev1.ResourceList {
		return corev1.ResourceList{name: resource.MustParse(amount)}
	}
	quota := func(namespace string, hard, used corev1.ResourceList) corev1.ResourceQuota {
		return corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "limit"}, Status: corev1.ResourceQuotaStatus{Hard: hard, Used: used}}
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "main", Resources: corev1.ResourceRequirements{Requests: list(corev1.ResourceCPU, "300m")}}},
	}}
	const most = 10
	tests := map[string]struct {
		quotas []corev1.ResourceQuota
		want   int
		says   string
	}{
		"no quota":             {nil, most, ""},
		"of another namespace": {[]corev1.ResourceQuota{quota("other", list("pods", "0"), list("pods", "0"))}, most, ""},
		"pods":                 {[]corev1.ResourceQuota{quota("shop", list("pods", "5"), list("pods", "2"))}, 3, `pods "web" is forbidden: exceeded quota: limit, requested: pods=1, used: pods=5, limited: pods=5`},
		"cpu":                  {[]corev1.ResourceQuota{quota("shop", list("requests.cpu", "1"), list("requests.cpu", "0"))}, 3, `pods "web" is forbidden: exceeded quota: limit, requested: requests.cpu=300m, used: requests.cpu=900m, limited: requests.cpu=1`},
		"the smaller of two": {[]corev1.ResourceQuota{quota("shop", list("pods", "5"), list("pods", "2")), quota("shop", list("requests.cpu", "400m"), list("requests.cpu", "0"))}, 1,
			`pods "web" is forbidden: exceeded quota: limit, requested: requests.cpu=300m, used: requests.cpu=300m, limited: requests.cpu=400m`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := fmt.Sprint(test.quotas)
			quotas, charged, says := test.quotas, 0, ""
			for ; charged < most; charged++ {
				next, refusals := Charge(pod, quotas)
				if len(refusals) > 0 {
					says = refusals[0].Message
					break
				}
				quotas = next
			}
			if charged != test.want || says != test.says {
				t.Errorf("%d pods, then %q; want %d, then %q", charged, says, test.want, test.says)
			}
			if fmt.Sprint(test.quotas) != before {
				t.Error("the quotas were changed")
			}
		})
	}
}
