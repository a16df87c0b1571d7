// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/config"
)

// Uninstaller removes everything that the manifests brought to a cluster: the
// CRDs of our group with all their objects; of the cluster-scoped kinds in the
// manifests what is named there, or labelled app.kubernetes.io/name=glassplane;
// and our namespaces with all that is in them. It may be stopped and repeated.
type Uninstaller struct {
	// Grace is how long objects may take to end by themselves. It starts anew
	// whenever one ends. Those that are left then lose our finalizers.
	Grace time.Duration
	// Progress is told what was done.
	Progress func(format string, args ...any)

	objects metadata.Interface
	client  client.Client
}

// NewUninstaller returns one for the cluster of a configuration.
func NewUninstaller(cfg *rest.Config, grace time.Duration, progress func(format string, args ...any)) (*Uninstaller, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.QPS = -1 // the number of workers is the limit
	objects, err := metadata.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("creating a client to remove objects: %w", err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apiextensionsv1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("creating a client to find what is installed: %w", err)
	}
	return &Uninstaller{Grace: grace, Progress: progress, objects: objects, client: c}, nil
}

// Plan is what there is to remove.
type Plan struct {
	// Counts are in the order of the removal, without what there is nothing of.
	Counts []Count

	// What creates pods ends first, and nodes after the pods on them, so that
	// the components end the pods for as long as they run.
	creators, pods, nodes, components []set
	crds, cluster, namespaces         []set
}

// Count is how many objects of a resource there are.
type Count struct {
	Resource schema.GroupResource
	Objects  int
}

// Plan finds what there is to remove.
func (u *Uninstaller) Plan(ctx context.Context) (Plan, error) {
	var plan Plan
	if err := u.addCustomResources(ctx, &plan); err != nil {
		return Plan{}, err
	}
	if err := plan.addManifests(); err != nil {
		return Plan{}, err
	}
	for _, s := range slices.Concat(plan.creators, plan.pods, plan.nodes, plan.components, plan.crds, plan.cluster, plan.namespaces) {
		count := Count{Resource: s.resource.GroupResource()}
		err := u.each(ctx, s, func(*metav1.PartialObjectMetadata) { count.Objects++ })
		if err != nil {
			return Plan{}, err
		}
		if count.Objects > 0 {
			plan.Counts = append(plan.Counts, count)
		}
	}
	return plan, nil
}

// addCustomResources adds the kinds of our group. Those whose CRD is being
// deleted already may still have objects.
func (u *Uninstaller) addCustomResources(ctx context.Context, plan *Plan) error {
	var crds apiextensionsv1.CustomResourceDefinitionList
	if err := u.client.List(ctx, &crds); err != nil {
		return fmt.Errorf("listing customresourcedefinitions: %w", err)
	}
	for _, crd := range crds.Items {
		served := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return v.Served })
		if crd.Spec.Group != v1alpha1.GroupName || served < 0 {
			continue
		}
		kind := set{resource: schema.GroupVersionResource{
			Group: crd.Spec.Group, Version: crd.Spec.Versions[served].Name, Resource: crd.Spec.Names.Plural,
		}}
		switch kind.resource.Resource {
		case "simpods":
			plan.pods = append(plan.pods, kind)
		case "simnodes":
			plan.nodes = append(plan.nodes, kind)
		default:
			plan.creators = append(plan.creators, kind)
		}
	}
	plan.crds = []set{{
		resource: apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"),
		system:   true,
		match: func(object *metav1.PartialObjectMetadata) bool {
			return strings.HasSuffix(object.Name, "."+v1alpha1.GroupName)
		},
	}}
	return nil
}

// addManifests adds what is in the manifests beside the CRDs. What is in our
// namespaces goes with them; only the components are stopped before.
func (p *Plan) addManifests() error {
	names := map[schema.GroupVersionResource]sets.Set[string]{}
	files, err := fs.Glob(config.FS, "*/*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		objects, err := readFile(config.FS, file)
		if err != nil {
			return err
		}
		for _, object := range objects {
			if object.GetNamespace() != "" {
				continue
			}
			resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
			if names[resource] == nil {
				names[resource] = sets.New[string]()
			}
			names[resource].Insert(object.GetName())
		}
	}
	namespaces := corev1.SchemeGroupVersion.WithResource("namespaces")
	for resource, names := range names {
		named := func(object *metav1.PartialObjectMetadata) bool { return names.Has(object.Name) }
		if resource == namespaces {
			p.namespaces = append(p.namespaces, set{resource: resource, match: named, system: true})
			continue
		}
		p.cluster = append(p.cluster, set{resource: resource, match: func(object *metav1.PartialObjectMetadata) bool {
			return named(object) || isLabelled(object)
		}})
	}
	slices.SortFunc(p.cluster, func(a, b set) int { return strings.Compare(a.resource.Resource, b.resource.Resource) })
	p.components = []set{{
		resource:  schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"},
		namespace: v1alpha1.SystemNamespace, match: isLabelled,
	}}
	return nil
}

// isLabelled is true for what config/default brings.
func isLabelled(object *metav1.PartialObjectMetadata) bool {
	return object.Labels["app.kubernetes.io/name"] == "glassplane"
}

// Run removes what the plan found, and what was created of it since. Its error
// is a *KeptError where everything is gone but what others keep.
func (u *Uninstaller) Run(ctx context.Context, plan Plan) error {
	var kept []Kept
	end := func(title string, force bool, sets ...set) error {
		r := removal{u: u, title: title, sets: sets, force: force, waits: len(kept) > 0}
		err := r.run(ctx)
		kept = append(kept, r.held...)
		return err
	}
	// Leases have finalizers of ours only if somebody wrote them by hand.
	for _, namespace := range []string{v1alpha1.SystemNamespace, v1alpha1.NodeLeaseNamespace} {
		plan.namespaces = append(plan.namespaces, set{
			resource:  schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
			namespace: namespace,
		})
	}
	for _, phase := range []struct {
		title string
		force bool
		sets  []set
	}{
		{"what creates simulated pods", false, plan.creators},
		{"simulated pods", false, plan.pods},
		{"simulated nodes", false, plan.nodes},
		{"components", false, plan.components},
		// Nobody is left who would end what was created meanwhile.
		{"definitions", true, slices.Concat(plan.crds, plan.creators, plan.pods, plan.nodes)},
		{"policies and RBAC", true, plan.cluster},
		{"namespaces and leases", true, plan.namespaces},
	} {
		if err := end(phase.title, phase.force, phase.sets...); err != nil {
			return err
		}
	}
	return keptError(kept)
}
