// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// reviewers is how many reviews are under way at once.
const reviewers = 16

var (
	allVerbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "*"}
	// specialVerbs have a meaning for some resources only.
	specialVerbs = map[string][]string{
		"roles": {"bind", "escalate"}, "clusterroles": {"bind", "escalate"},
		"users": {"impersonate"}, "groups": {"impersonate"}, "serviceaccounts": {"impersonate"}, "uids": {"impersonate"}, "userextras/scopes": {"impersonate"},
		"signers": {"approve", "sign", "attest"},
	}
	// allNamespaces are those where components have roles, and another one: what is
	// allowed in all namespaces is allowed there.
	allNamespaces = []string{system, v1alpha1.NodeLeaseNamespace, elsewhere}
	allPaths      = []string{
		"/", "/api", "/apis", "/healthz", "/livez", "/readyz", "/version", "/openapi/v3", "/metrics", "/logs", "/debug/pprof",
		"/configz", "/flagz", "/statusz", "/decisions", "/queue", "/transitions", "/observer", "/observer/v1/traces", "/observer/*", "/*", "*",
	}
)

// kindOfResource is a resource that can be asked about.
type kindOfResource struct {
	group, resource string
	namespaced      bool
}

// notDiscovered are what the API server authorizes but does not list.
var notDiscovered = []kindOfResource{
	{sim, "simpods/binding", true},
	{sim, "simpods/finalizers", true},
	{sim, "simnodes/finalizers", false},
	{sim, "faults/finalizers", false},
	{sim, "simreplicasets/finalizers", true},
	{sim, "simdeployments/finalizers", true},
	{sim, "simstatefulsets/finalizers", true},
	{sim, "simdaemonsets/finalizers", true},
	{sim, "simjobs/finalizers", true},
	{sim, "simnodepools/finalizers", false},
	{sim, "walkthroughs/finalizers", true},
	{sim, "simpods/eviction", true},
	{sim, "*", true},
	{"", "*", true},
	{"*", "*", true},
	{"*", "*/finalizers", true},
	{"", "users", false},
	{"", "groups", false},
	{"authentication.k8s.io", "uids", false},
	{"authentication.k8s.io", "userextras/scopes", false},
	{"certificates.k8s.io", "signers", false},
	{"", "nodes/metrics", false},
	{"", "nodes/log", false},
}

var _ = Describe("the API server allows", func() {
	for _, component := range accounts {
		It(component+" what the table says", func(ctx context.Context) {
			denied := sets.New[grant]()
			for g := range grantsOf(component) {
				if !isAllowed(ctx, component, g) {
					denied.Insert(g)
				}
			}
			Expect(describe(denied)).To(BeEmpty())
		}, SpecTimeout(patience))

		It(component+" nothing else that exists", func(ctx context.Context) {
			questions := matrix()
			Expect(questions.Len()).To(BeNumerically(">", 2000), "discovery lists all resources")
			allowed := askAll(ctx, component, questions)
			stated := grantsOf(component)
			beyond := sets.New[grant]()
			for g := range allowed {
				// What everybody may, a component may too.
				if !covers(stated, g) && !isAllowed(ctx, plainAccount, g) {
					beyond.Insert(g)
				}
			}
			Expect(describe(beyond)).To(BeEmpty(), "allowed, but not in the table")
			for g := range questions {
				if covers(stated, g) && !allowed.Has(g) {
					Fail("in the table, but not allowed: " + g.String())
				}
			}
		}, SpecTimeout(patience))
	}
})

// askAll returns which of the questions are allowed.
func askAll(ctx context.Context, account string, questions sets.Set[grant]) sets.Set[grant] {
	GinkgoHelper()
	var mu sync.Mutex
	allowed := sets.New[grant]()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reviewers)
	for question := range questions {
		group.Go(func() error {
			answer, err := ask(ctx, account, question)
			if answer {
				mu.Lock()
				defer mu.Unlock()
				allowed.Insert(question)
			}
			return err
		})
	}
	Expect(group.Wait()).To(Succeed())
	return allowed
}

func ask(ctx context.Context, account string, question grant) (bool, error) {
	answer, err := admin.AuthorizationV1().SubjectAccessReviews().
		Create(ctx, question.review(userOf(account), groupsOf()), metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}

func isAllowed(ctx context.Context, account string, question grant) bool {
	GinkgoHelper()
	allowed, err := ask(ctx, account, question)
	Expect(err).NotTo(HaveOccurred())
	return allowed
}

// matrix is every verb on every resource in every namespace, and on every path.
// Objects are named where a privilege depends on the name: those of all
// components, so that each is tried on those of the others.
func matrix() sets.Set[grant] {
	GinkgoHelper()
	questions := sets.New[grant]()
	for _, kind := range append(discover(), notDiscovered...) {
		namespaces := []string{""}
		if kind.namespaced {
			namespaces = allNamespaces
		}
		for _, namespace := range namespaces {
			for _, name := range namesOf(kind) {
				for _, verb := range slices.Concat(allVerbs, specialVerbs[kind.resource]) {
					questions.Insert(grant{namespace, kind.group, kind.resource, name, "", verb})
				}
			}
		}
	}
	for _, path := range allPaths {
		for _, verb := range []string{"get", "head", "options", "post", "put", "patch", "delete", "*"} {
			questions.Insert(grant{path: path, verb: verb})
		}
	}
	return questions
}

func namesOf(kind kindOfResource) []string {
	names := []string{""}
	switch {
	case kind.group == leases && kind.resource == "leases":
		names = append(names, accounts...)
	case kind.group == "" && kind.resource == "configmaps":
		for _, component := range accounts {
			names = append(names, endpointOf(component))
		}
	}
	return names
}

// discover lists every resource and subresource of the API server.
func discover() []kindOfResource {
	GinkgoHelper()
	_, lists, err := admin.Discovery().ServerGroupsAndResources()
	Expect(err).NotTo(HaveOccurred())
	var kinds []kindOfResource
	for _, list := range lists {
		group, _, isGroup := strings.Cut(list.GroupVersion, "/")
		if !isGroup {
			group = "" // v1
		}
		for _, resource := range list.APIResources {
			kinds = append(kinds, kindOfResource{group, resource.Name, resource.Namespaced})
		}
	}
	return kinds
}

// splitResource takes a subresource apart. A resource of an RBAC rule is
// "simpods/status" where a request has two fields.
func splitResource(resource string) (string, string) {
	resource, subresource, _ := strings.Cut(resource, "/")
	return resource, subresource
}
