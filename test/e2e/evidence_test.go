// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientv3 "go.etcd.io/etcd/client/v3"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// auditEvents reads the API server's audit log, by audit ID: of each request its
// last event. The last line may not be whole yet.
func auditEvents() map[string]auditv1.Event {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join(cluster.AuditLogDir, "audit.log"))
	if !errors.Is(err, fs.ErrNotExist) {
		Expect(err).NotTo(HaveOccurred())
	}
	events := map[string]auditv1.Event{}
	for line := range bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]) {
		var event auditv1.Event
		Expect(json.Unmarshal(line, &event)).To(Succeed())
		events[string(event.AuditID)] = event
	}
	return events
}

// revisionsInEtcd returns all revisions of a key since it was created, as etcd
// has them.
func revisionsInEtcd(ctx context.Context, key string) []int64 {
	GinkgoHelper()
	now, err := etcdClient.Get(ctx, key)
	Expect(err).NotTo(HaveOccurred())
	Expect(now.Kvs).To(HaveLen(1))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all []int64
	for response := range etcdClient.Watch(ctx, key, clientv3.WithRev(now.Kvs[0].CreateRevision)) {
		Expect(response.Err()).NotTo(HaveOccurred())
		for _, event := range response.Events {
			all = append(all, event.Kv.ModRevision)
		}
		if all[len(all)-1] >= now.Kvs[0].ModRevision {
			return all
		}
	}
	Fail("the watch ended early")
	return nil
}

// podHistory is what etcd stored of each SimPod of a namespace: it is watched
// while it happens, so that no compaction can hide anything.
type podHistory struct {
	mu sync.Mutex
	// pods by name.
	pods map[string]*podLife
	err  error
}

// podLife is what the revisions of one SimPod said.
type podLife struct {
	// nodes are the values of spec.nodeName, each change of it once.
	nodes []string
	phase string
	// revisions is how many states were stored.
	revisions int
	deleted   bool
}

// watchHistory follows all SimPods of a namespace from now on, until the spec ends.
func watchHistory(ctx context.Context, namespace string) *podHistory {
	GinkgoHelper()
	h := &podHistory{pods: map[string]*podLife{}}
	prefix := "/registry/" + v1alpha1.GroupName + "/simpods/" + namespace + "/"
	now, err := etcdClient.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	Expect(err).NotTo(HaveOccurred())
	Expect(now.Count).To(BeZero(), "SimPods before the load")
	watch := etcdClient.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(now.Header.Revision+1))
	go func() {
		for response := range watch {
			h.add(response, len(prefix))
		}
	}()
	return h
}

func (h *podHistory) add(response clientv3.WatchResponse, prefix int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = errors.Join(h.err, response.Err())
	for _, event := range response.Events {
		name := string(event.Kv.Key[prefix:])
		life := h.pods[name]
		if life == nil {
			life = &podLife{}
			h.pods[name] = life
		}
		if event.Type == clientv3.EventTypeDelete {
			life.deleted = true
			continue
		}
		var pod v1alpha1.SimPod
		h.err = errors.Join(h.err, json.Unmarshal(event.Kv.Value, &pod))
		life.revisions++
		life.phase = string(pod.Status.Phase)
		if node := pod.Spec.NodeName; node != "" && (len(life.nodes) == 0 || life.nodes[len(life.nodes)-1] != node) {
			life.nodes = append(life.nodes, node)
		}
	}
}

// in returns how many pods are in a phase.
func (h *podHistory) in(phase string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	count := 0
	for _, life := range h.pods {
		if life.phase == phase {
			count++
		}
	}
	return count
}

// expectEachBoundOnce checks that as many pods were stored as were created, none
// was lost, and each got one node, once.
func (h *podHistory) expectEachBoundOnce(created int) {
	GinkgoHelper()
	h.mu.Lock()
	defer h.mu.Unlock()
	Expect(h.err).NotTo(HaveOccurred(), "the watch on etcd")
	Expect(h.pods).To(HaveLen(created), "pods that etcd has seen")
	for name, life := range h.pods {
		Expect(life.nodes).To(HaveLen(1), "nodes that %s was bound to", name)
		Expect(life.deleted).To(BeFalse(), "%s was deleted", name)
	}
}
