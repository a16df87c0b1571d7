// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

func TestNewPlan(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	pod := func(name string, change func(*v1alpha1.SimPod)) v1alpha1.SimPod {
		p := v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
		if change != nil {
			change(&p)
		}
		return p
	}
	managed := pod("managed", func(p *v1alpha1.SimPod) {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "SimReplicaSet", Name: "a", Controller: new(true)}}
	})
	daemon := pod("daemon", func(p *v1alpha1.SimPod) {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "SimDaemonSet", Name: "a", Controller: new(true)}}
	})
	bare := pod("bare", nil)
	owned := pod("owned", func(p *v1alpha1.SimPod) { p.OwnerReferences = []metav1.OwnerReference{{Kind: "Thing", Name: "a"}} })
	ended := pod("ended", func(p *v1alpha1.SimPod) { p.Status.Phase = corev1.PodSucceeded })
	stuck := pod("stuck", func(p *v1alpha1.SimPod) { p.DeletionTimestamp = &metav1.Time{Time: now.Add(-time.Minute)} })
	const fatal = "cannot delete Pods that declare no controller (use --force to override): "
	tests := map[string]struct {
		pods     []v1alpha1.SimPod
		force    bool
		ignore   bool
		skip     time.Duration
		want     []string
		warnings []string
		err      string
	}{
		"no pods":                   {},
		"managed":                   {pods: []v1alpha1.SimPod{managed}, want: []string{"managed"}},
		"ended needs no controller": {pods: []v1alpha1.SimPod{ended}, want: []string{"ended"}},
		"bare":                      {pods: []v1alpha1.SimPod{managed, bare, owned}, want: []string{"managed"}, err: fatal + "shop/bare, shop/owned"},
		"bare by force": {
			pods: []v1alpha1.SimPod{bare, managed}, force: true, want: []string{"bare", "managed"},
			warnings: []string{"deleting Pods that declare no controller: shop/bare"},
		},
		"of a daemon set": {
			pods: []v1alpha1.SimPod{daemon, managed}, want: []string{"managed"},
			err: "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): shop/daemon",
		},
		"of a daemon set, ignored": {
			pods: []v1alpha1.SimPod{daemon, managed}, ignore: true, want: []string{"managed"},
			warnings: []string{"ignoring DaemonSet-managed Pods: shop/daemon"},
		},
		"terminating for long enough": {pods: []v1alpha1.SimPod{stuck, managed}, skip: 30 * time.Second, want: []string{"managed"}},
		"terminating, not long":       {pods: []v1alpha1.SimPod{stuck}, skip: 2 * time.Minute, err: fatal + "shop/stuck"},
		"terminating, none skipped":   {pods: []v1alpha1.SimPod{stuck}, err: fatal + "shop/stuck"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := NewPlan(tt.pods, Options{Force: tt.force, SkipTerminating: tt.skip, IgnoreDaemonSets: tt.ignore}, now)
			var got []string
			for _, p := range plan.Delete {
				got = append(got, p.Name)
			}
			var message string
			if err := plan.Err(); err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pods to delete (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.warnings, plan.Warnings); diff != "" || message != tt.err {
				t.Errorf("warnings (-want +got):\n%s\nerror %q, want %q", diff, message, tt.err)
			}
		})
	}
}
