// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/web/sse"
)

// picture is a cluster as a reader of the stream has it.
type picture struct {
	epoch    string
	sequence uint64
	nodes    map[string]overview.Node
	names    map[uint32]string
	// pods by name: their phase and node.
	pods map[string][2]string
	ids  map[uint32]string
}

func draw(s overview.Snapshot) *picture {
	p := &picture{
		epoch: s.Epoch, sequence: s.Sequence, nodes: map[string]overview.Node{}, names: map[uint32]string{0: ""},
		pods: map[string][2]string{}, ids: map[uint32]string{},
	}
	p.set(s.Nodes, &s.Pods)
	return p
}

func (p *picture) set(nodes []overview.Node, pods *overview.Pods) {
	for _, n := range nodes {
		p.nodes[n.Name], p.names[n.ID] = n, n.Name
	}
	if pods == nil {
		return
	}
	for i, id := range pods.ID {
		name := pods.Namespaces[pods.Namespace[i]] + "/" + pods.Name[i]
		p.ids[id], p.pods[name] = name, [2]string{pods.Phases[pods.Phase[i]], p.names[pods.Node[i]]}
	}
}

func (p *picture) apply(d overview.Delta) {
	Expect(d.Epoch).To(Equal(p.epoch))
	Expect(d.From).To(Equal(p.sequence))
	p.set(d.Nodes, d.Changed)
	for _, id := range d.Removed {
		delete(p.pods, p.ids[id])
	}
	for _, id := range d.NodesRemoved {
		delete(p.nodes, p.names[id])
	}
	p.sequence = d.To
}

var _ = Describe("the overview of the cluster", func() {
	It("has its nodes, pods, queues and rates, and follows them by what changes", func(ctx context.Context) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, cluster.ObserverURL().JoinPath("observer/v1/cluster/stream").String(), nil)
		Expect(err).NotTo(HaveOccurred())
		response, err := http.DefaultClient.Do(request)
		Expect(err).NotTo(HaveOccurred())
		defer func() { _ = response.Body.Close() }()
		Expect(response.StatusCode).To(Equal(http.StatusOK))
		events := sse.NewReader(response.Body, 16<<20)

		By("reading the first event")
		event, err := events.Next()
		Expect(err).NotTo(HaveOccurred())
		Expect(event.Name).To(Equal("snapshot"))
		var snapshot overview.Snapshot
		Expect(json.Unmarshal(event.Data, &snapshot)).To(Succeed())
		shown := draw(snapshot)
		Expect(snapshot.Unavailable).To(BeEmpty())
		Expect(snapshot.Rates.Available).To(BeTrue(), snapshot.Rates.Reason)
		for _, name := range []string{"node-1", "node-2", "node-3"} {
			Expect(shown.nodes).To(HaveKey(name))
			Expect(shown.nodes[name].Ready).To(BeTrue())
			Expect(shown.nodes[name].Allocatable.CPU).To(BeNumerically(">", 0))
		}

		By("following pods that run, wait and go")
		create(ctx, newPod("waits-in-overview", requestCPU("900")))
		gone := eventuallyReady(ctx, create(ctx, newPod("goes-in-overview")))
		Expect(user.Delete(ctx, gone)).To(Succeed())
		eventuallyReady(ctx, create(ctx, newPod("runs-in-overview")))
		var last overview.Delta
		done := func() bool {
			_, stillThere := shown.pods["default/goes-in-overview"]
			waits := slices.ContainsFunc(last.Queues.Waiting, func(w evidence.Waiting) bool { return w.Name == "waits-in-overview" && w.For != "" })
			return shown.pods["default/runs-in-overview"][0] == overview.PhaseRunning &&
				shown.pods["default/waits-in-overview"][0] == overview.PhaseUnschedulable && !stillThere && waits
		}
		for !done() {
			event, err = events.Next()
			Expect(err).NotTo(HaveOccurred(), "shown: %v; queues: %+v", shown.pods, last.Queues)
			if event.Name == "delta" {
				last = overview.Delta{}
				Expect(json.Unmarshal(event.Data, &last)).To(Succeed())
				shown.apply(last)
			}
		}

		By("comparing with a new snapshot")
		Eventually(func(g Gomega) {
			var now overview.Snapshot
			g.Expect(ask(ctx, &now, "observer/v1/cluster")).To(Equal(http.StatusOK))
			for now.Sequence > shown.sequence {
				event, err := events.Next()
				g.Expect(err).NotTo(HaveOccurred())
				if event.Name == "delta" {
					var delta overview.Delta
					g.Expect(json.Unmarshal(event.Data, &delta)).To(Succeed())
					shown.apply(delta)
				}
			}
			g.Expect(shown.sequence).To(Equal(now.Sequence)) // else something happened meanwhile
			g.Expect(shown.pods).To(Equal(draw(now).pods))
			g.Expect(shown.nodes).To(Equal(draw(now).nodes))
		}).WithContext(ctx).Should(Succeed())

		By("finding a pod, and where its time went")
		var found overview.Matches
		Expect(askQuery(ctx, &found, map[string][]string{"search": {"RUNS-in-overview"}, "phase": {"Running"}}, "observer/v1/cluster/pods")).To(Equal(http.StatusOK))
		Expect(found.Total).To(Equal(1))
		Eventually(func(g Gomega) {
			var latency overview.Latency
			g.Expect(ask(ctx, &latency, "observer/v1/latency")).To(Equal(http.StatusOK))
			for _, h := range latency.Hops {
				if h.ID != "etcd" { // The API server traces a part of the requests only.
					g.Expect(h.Count).To(BeNumerically(">", 0), h.ID)
				}
			}
		}).WithContext(ctx).Should(Succeed())
	}, SpecTimeout(2*patience))
})
