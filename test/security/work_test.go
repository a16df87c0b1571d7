// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

var _ = Describe("the components at work", Ordered, ContinueOnFailure, func() {
	var observerAddress string

	BeforeAll(func(ctx context.Context) {
		observerAddress = startComponents(ctx)
		load(ctx)
	}, NodeTimeout(2*patience))

	itGuardsEndpoints()
	itGuardsLoopback(func() string { return observerAddress })
	itKeepsSecrets()

	It("are refused nothing", func() {
		for event := range requests() {
			Expect(event.ResponseStatus.Code).NotTo(BeEquivalentTo(403), "%s: %s %s: %s",
				event.User.Username, event.Verb, event.RequestURI, event.ResponseStatus.Message)
		}
	})

	for _, component := range accounts {
		It("need all that the table says of "+component, func() {
			Expect(describe(unused(component))).To(BeEmpty())
		})
	}
})

// requests yields what the components asked of the API server.
func requests() func(yield func(auditv1.Event) bool) {
	return func(yield func(auditv1.Event) bool) {
		file, err := os.Open(auditPath)
		Expect(err).NotTo(HaveOccurred())
		defer func() { _ = file.Close() }()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var event auditv1.Event
			// The last line may still be being written.
			if json.Unmarshal(lines.Bytes(), &event) == nil && componentOf(event) != "" && !yield(event) {
				return
			}
		}
		Expect(lines.Err()).NotTo(HaveOccurred())
	}
}

// componentOf returns which component sent a request; none where it was a spec,
// which acts as the same user but under that user's name.
func componentOf(event auditv1.Event) string {
	for _, component := range accounts {
		if event.User.Username == userOf(component) && !strings.HasPrefix(event.UserAgent, userOf(component)) {
			return component
		}
	}
	return ""
}

// unused returns the grants of a component that it did not need, but for those
// that the table says are seldom needed.
func unused(component string) sets.Set[grant] {
	used := sets.New[grant]()
	for event := range requests() {
		if asked, ok := askedFor(event); ok && componentOf(event) == component {
			used.Insert(asked)
		}
		if asked, user, ok := askedBy(event); ok && user == userOf(component) {
			used.Insert(asked)
		}
	}
	left := sets.New[grant]()
	for _, p := range privileges[component] {
		for _, g := range p.grants() {
			if p.idle[g.verb] == "" && !uses(used, g) {
				left.Insert(g)
			}
		}
	}
	return left
}

// uses says whether something that was asked needed the grant.
func uses(used sets.Set[grant], g grant) bool {
	for asked := range used {
		if covers(sets.New(g), asked) {
			return true
		}
	}
	return false
}

// askedFor is what a request for a resource needed.
func askedFor(event auditv1.Event) (grant, bool) {
	ref := event.ObjectRef
	if ref == nil {
		return grant{}, false
	}
	resource := ref.Resource
	if ref.Subresource != "" {
		resource += "/" + ref.Subresource
	}
	return grant{ref.Namespace, ref.APIGroup, resource, ref.Name, "", event.Verb}, true
}

// askedBy is what a component asked the API server about the caller of its
// endpoint.
func askedBy(event auditv1.Event) (asked grant, user string, ok bool) {
	if event.ObjectRef == nil || event.ObjectRef.Resource != "subjectaccessreviews" || event.RequestObject == nil {
		return grant{}, "", false
	}
	var review authorizationv1.SubjectAccessReview
	Expect(json.Unmarshal(event.RequestObject.Raw, &review)).To(Succeed())
	attributes := review.Spec.NonResourceAttributes
	if attributes == nil {
		return grant{}, "", false
	}
	return grant{path: attributes.Path, verb: attributes.Verb}, review.Spec.User, true
}
