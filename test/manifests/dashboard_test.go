// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/glassplane/glassplane/internal/manager"
)

// testDashboard checks that the dashboard shows nothing but metrics that the
// components register, by labels that these have.
func testDashboard(ctx SpecContext) {
	startComponents()
	used := dashboardMetrics()
	Expect(used).NotTo(BeEmpty())
	Eventually(ctx, func() []string {
		return sets.List(used.Difference(registeredMetrics()))
	}).Should(BeEmpty(), "metrics on the dashboard that no component has")
}

// startComponents runs the three components with every source of evidence that
// has metrics.
func startComponents() {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.Background())
	auditLog := filepath.Join(GinkgoT().TempDir(), "audit.log")
	Expect(os.WriteFile(auditLog, nil, 0o600)).To(Succeed())
	// A component without an endpoint has no use for metrics.
	options := manager.Options{Config: rest.CopyConfig(apiServer.Config), EndpointAddress: "127.0.0.1:0", Log: GinkgoLogr}
	scheduler, err := manager.NewScheduler(options)
	Expect(err).NotTo(HaveOccurred())
	controllers, err := manager.NewControllerManager(options, nil)
	Expect(err).NotTo(HaveOccurred())
	observer, err := manager.NewObserver(ctx, options, manager.ObserverOptions{
		AuditLog: auditLog,
		Etcd:     &clientv3.Config{Endpoints: []string{apiServer.ControlPlane.Etcd.URL.String()}},
	})
	Expect(err).NotTo(HaveOccurred())
	var group errgroup.Group
	for _, component := range []*manager.Component{scheduler, controllers, observer.Component} {
		group.Go(func() error { return component.Start(ctx) })
	}
	DeferCleanup(func() {
		cancel()
		Expect(group.Wait()).To(Succeed())
	})
}

// description finds name and labels in the text of a Desc, which tells them in
// no other way.
var description = regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: .*, constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)

// registeredMetrics returns all metrics that the components' own endpoints
// serve once they have a value, and of each "name{label}" for its labels.
func registeredMetrics() sets.Set[string] {
	GinkgoHelper()
	registry, ok := metrics.Registry.(prometheus.Collector)
	Expect(ok).To(BeTrue(), "controller-runtime's registry tells what is registered")
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		registry.Describe(descs)
	}()
	known := sets.New[string]()
	for desc := range descs {
		parts := description.FindStringSubmatch(desc.String())
		if parts == nil {
			continue // one that cannot be collected
		}
		known.Insert(parts[1])
		for _, label := range strings.Split(parts[2]+","+parts[3], ",") {
			name, _, _ := strings.Cut(label, "=")
			known.Insert(parts[1] + "{" + name + "}")
		}
	}
	return known
}

var (
	// metricName is how every expression of the dashboard selects a metric.
	metricName = regexp.MustCompile(`([a-z_]+)\{namespace="\$namespace"\}`)
	// histogramSuffix is what a histogram's series add to its name.
	histogramSuffix = regexp.MustCompile(`_(bucket|sum|count)$`)
	// groupLabels are the labels by which an expression adds up.
	groupLabels = regexp.MustCompile(` by \(([a-z_, ]+)\)`)
	// otherLabels are a histogram's, and those that Prometheus adds.
	otherLabels = sets.New("le", "job", "namespace", "pod")
)

// dashboardMetrics returns all metrics that the dashboard shows, with labels as
// registeredMetrics does.
func dashboardMetrics() sets.Set[string] {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join("..", "..", "config", "prometheus", "dashboard.json"))
	Expect(err).NotTo(HaveOccurred())
	var dashboard struct {
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr string }
		}
	}
	Expect(json.Unmarshal(data, &dashboard)).To(Succeed())
	used := sets.New[string]()
	for _, panel := range dashboard.Panels {
		Expect(panel.Type == "row").To(Equal(len(panel.Targets) == 0), "panel %s", panel.Title)
		for _, target := range panel.Targets {
			metric := metricName.FindStringSubmatch(target.Expr)
			Expect(metric).NotTo(BeNil(), "panel %s: a metric of its namespace in %s", panel.Title, target.Expr)
			Expect(strings.Count(target.Expr, "{")).To(Equal(1), "panel %s: one metric in %s", panel.Title, target.Expr)
			name := histogramSuffix.ReplaceAllString(metric[1], "")
			used.Insert(name)
			if labels := groupLabels.FindStringSubmatch(target.Expr); labels != nil {
				for label := range sets.New(strings.Split(labels[1], ", ")...).Difference(otherLabels) {
					used.Insert(name + "{" + label + "}")
				}
			}
		}
	}
	return used
}
