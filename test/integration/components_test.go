// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/kubelet"
	"github.com/glassplane/glassplane/internal/manager"
)

var _ = Describe("the API server refuses", func() {
	It("the scheduler to write the status of a node", func(ctx context.Context) {
		node := &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: "node-1"}}
		err := componentClient(manager.SchedulerName).Status().Patch(ctx, node,
			client.RawPatch("application/merge-patch+json", []byte(`{"status":{"summary":"broken"}}`)))
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	})

	It("the controller manager to bind a pod", func(ctx context.Context) {
		pod := create(ctx, newPod("not-to-be-bound", requestCPU("64")))
		err := componentClient(manager.ControllerManagerName).Patch(ctx, pod,
			client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"nodeName":"node-1"}}`)))
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		Expect(err).To(MatchError(ContainSubstring("simpods/binding")))
	})

	It("the observer to create a pod", func(ctx context.Context) {
		err := componentClient(manager.ObserverName).Create(ctx, newPod("observed"))
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	})

	It("the scheduler to create a pod", func(ctx context.Context) {
		err := componentClient(manager.SchedulerName).Create(ctx, newPod("scheduled"))
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	})
})

var _ = Describe("what it costs", func() {
	It("is three writes and one event per pod, each by whom it should be", func(ctx context.Context) {
		pod := eventuallyReady(ctx, create(ctx, newPod("three-writes")))
		Eventually(func() []string {
			return writesAbout(ctx, pod.Name)
		}).WithContext(ctx).Should(ConsistOf(
			"create simpods by integration-test",
			"patch simpods by glassplane-scheduler",
			"patch simpods/status by glassplane-controller-manager",
			"create events by glassplane-scheduler",
		))
	}, SpecTimeout(patience))

	It("is nothing but leases while nothing happens", func(ctx context.Context) {
		By("waiting until what earlier specs left has come to rest")
		// A node's status.allocated follows its pods with the next heartbeat.
		const rest = kubelet.DefaultHeartbeatInterval + 2*time.Second
		Eventually(func() []string { return writesSince(time.Now().Add(-rest)) }).
			WithContext(ctx).WithPolling(time.Second).Should(BeEmpty())

		By("counting the writes of the next ten seconds")
		since := time.Now()
		Consistently(func() []string { return writesSince(since) }).
			WithContext(ctx).WithTimeout(10 * time.Second).WithPolling(time.Second).Should(BeEmpty())
	}, SpecTimeout(3*patience))
})

var _ = Describe("the observer's API", func() {
	It("says that it does not know what was never requested", func(ctx context.Context) {
		Expect(ask(ctx, nil, "observer/v1/traces/simpods/default/never-requested")).To(Equal(http.StatusNotFound))
	})

	It("is healthy", func(ctx context.Context) {
		Expect(ask(ctx, nil, "healthz")).To(Equal(http.StatusOK))
	})
})

// auditEvents reads the completed requests of the audit log so far.
func auditEvents() []auditv1.Event {
	GinkgoHelper()
	return slices.DeleteFunc(auditLog(), func(event auditv1.Event) bool { return event.Stage != auditv1.StageResponseComplete })
}

// auditLog reads all of the audit log so far.
func auditLog() []auditv1.Event {
	GinkgoHelper()
	file, err := os.Open(cluster.AuditLogPath())
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	var events []auditv1.Event
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event auditv1.Event
		// The last line may still be being written.
		if json.Unmarshal(lines.Bytes(), &event) == nil {
			events = append(events, event)
		}
	}
	Expect(lines.Err()).NotTo(HaveOccurred())
	return events
}

func isWrite(event auditv1.Event) bool {
	switch event.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return event.ObjectRef != nil
	}
	return false
}

func resourceOf(event auditv1.Event) string {
	if event.ObjectRef.Subresource != "" {
		return event.ObjectRef.Resource + "/" + event.ObjectRef.Subresource
	}
	return event.ObjectRef.Resource
}

// writesAbout lists the writes to a pod and of events about it.
func writesAbout(_ context.Context, name string) []string {
	var writes []string
	for _, event := range auditEvents() {
		if !isWrite(event) || (event.ObjectRef.Name != name && !strings.HasPrefix(event.ObjectRef.Name, name+".")) {
			continue
		}
		agent, _, _ := strings.Cut(event.UserAgent, "/")
		writes = append(writes, fmt.Sprintf("%s %s by %s", event.Verb, resourceOf(event), agent))
	}
	return writes
}

// writesSince lists the writes since a moment that are not heartbeats. Reviews
// are questions: they store nothing.
func writesSince(since time.Time) []string {
	var writes []string
	for _, event := range auditEvents() {
		if !isWrite(event) || event.StageTimestamp.Time.Before(since) {
			continue
		}
		switch event.ObjectRef.Resource {
		case "leases", "tokenreviews", "subjectaccessreviews":
			continue
		}
		writes = append(writes, fmt.Sprintf("%s %s %s by %s", event.Verb, resourceOf(event), event.ObjectRef.Name, event.UserAgent))
	}
	return writes
}
