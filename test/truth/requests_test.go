// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/substrate"
)

// typed is a command of kubectl, and the request of it that is followed.
type typed struct {
	what string
	// verb and subresource of the request; the last one of the command that has them.
	verb, subresource string
	args              []string
	stdin             string
	// changed, if set, is sent as it is with a label more.
	changed *object
	// code of the answer; 0 for any.
	code int32
	// namespace of the command, where it is another one.
	namespace string
	// unseen is what the audit log cannot have, so that no line can be told.
	unseen bool
}

var _ = Describe("what is told of a request", Ordered, ContinueOnFailure, func() {
	var (
		k      kubectl
		alive  = simPod(namespace, "asked")
		other  = simPod(namespace, "asked-too")
		set    = simSet(namespace, "asked-set")
		core   = corePod(namespace, "asked-core")
		ledger = newLedger()
	)

	BeforeAll(func(ctx context.Context) {
		assets, err := substrate.FindAssets(os.Getenv)
		Expect(err).NotTo(HaveOccurred())
		if assets.Kubectl == "" {
			Skip("kubectl is not among the control plane's binaries: what it prints cannot be compared")
		}
		k = kubectl{path: assets.Kubectl, kubeconfig: cluster.KubeconfigPath(), home: GinkgoT().TempDir()}
		Expect(inTurn(
			world.creates(ctx, alive), world.creates(ctx, other), world.creates(ctx, core),
			func() error { _, err := world.admin.create(ctx, set, newSet(set, 1, m{})); return err },
			world.runs(ctx, alive), world.runs(ctx, other),
			world.is(ctx, set, "has a ready pod", func(s *state) bool { return nested(s.value, "status", "readyReplicas") == 1.0 }),
		)).To(Succeed())
		refuseByWebhook(ctx)
		refuseByQuota(ctx)
	}, NodeTimeout(patience))

	named := func(of object, changes ...m) string { return manifest(newPod(of, changes...)) }
	fresh := func(name string) object { return simPod(namespace, "typed-"+name) }
	const file = "-f-"

	DescribeTable("is what was sent, and what kubectl printed", func(ctx context.Context, c typed) {
		if c.changed != nil {
			current, err := world.admin.get(ctx, *c.changed)
			Expect(err).NotTo(HaveOccurred())
			merge(current.body, labelled("replaced", "yes"))
			c.stdin = manifest(current.body)
		}
		p, err := k.run(ctx, c.stdin, append(slices.Clone(c.args), "-n", cmp.Or(c.namespace, namespace))...)
		Expect(err).NotTo(HaveOccurred())
		r := loggedRequest(ctx, p, c.verb, c.subresource)
		if c.code != 0 {
			Expect(r.ResponseStatus.Code).To(Equal(c.code), "kubectl printed %q and %q", p.out, p.err)
		}
		own, w := compareTold(ctx, r)
		if !c.unseen {
			comparePrinted(own.subject("request "+r.String()), w, p)
		}
		ledger.add(own)
		own.expectTrue()
	},
		func(c typed) string { return c.what },
		Entry(nil, typed{what: "get", verb: "get", args: []string{"get", "simpod", alive.name}, code: 200}),
		Entry(nil, typed{what: "get of nothing", verb: "get", args: []string{"get", "simpod", "nobody"}, code: 404}),
		Entry(nil, typed{what: "list", verb: "list", args: []string{"get", "simpods", "-l", "no=pod"}, code: 200, unseen: true}),
		Entry(nil, typed{what: "create", verb: "create", args: []string{"create", file}, stdin: named(fresh("create")), code: 201}),
		Entry(nil, typed{what: "create, dry run", verb: "create", args: []string{"create", file, "--dry-run=server"}, stdin: named(fresh("ghost")), code: 201}),
		Entry(nil, typed{what: "create of a name that is taken", verb: "create", args: []string{"create", file}, stdin: named(alive), code: 409}),
		Entry(nil, typed{what: "create that the schema refuses", verb: "create", args: []string{"create", file}, stdin: named(fresh("schema"), requesting("-1")), code: 422}),
		Entry(nil, typed{what: "create that the schema refuses, dry run", verb: "create", args: []string{"create", file, "--dry-run=server"}, stdin: named(fresh("schema"), requesting("-1")), code: 422}),
		Entry(nil, typed{what: "create that a policy refuses", verb: "create", args: []string{"create", file, "--as=system:serviceaccount:glassplane-system:glassplane-controller-manager"},
			stdin: named(fresh("policy"), spec(m{"nodeName": "main-1"})), code: 403}),
		Entry(nil, typed{what: "create that a webhook refuses", verb: "create", args: []string{"create", file}, stdin: named(fresh("webhook"), labelled("refuse", "webhook"))}),
		Entry(nil, typed{what: "create that a quota refuses", verb: "create", args: []string{"create", file}, namespace: fullNamespace,
			stdin: named(simPod(fullNamespace, "typed-quota")), code: 403}),
		Entry(nil, typed{what: "create that RBAC refuses", verb: "create", args: []string{"create", file, "--as=mallory"}, stdin: named(fresh("rbac")), code: 403}),
		Entry(nil, typed{what: "apply that creates", verb: "create", args: []string{"apply", file}, stdin: named(fresh("apply")), code: 201}),
		Entry(nil, typed{what: "apply that changes", verb: "patch", args: []string{"apply", file}, stdin: named(fresh("apply"), labelled("a", "1")), code: 200}),
		Entry(nil, typed{what: "apply on the server that creates", verb: "patch", args: []string{"apply", "--server-side", file}, stdin: named(fresh("server")), code: 201}),
		Entry(nil, typed{what: "apply on the server that changes", verb: "patch", args: []string{"apply", "--server-side", file}, stdin: named(fresh("server"), labelled("a", "1")), code: 200}),
		Entry(nil, typed{what: "apply on the server, dry run", verb: "patch", args: []string{"apply", "--server-side", "--dry-run=server", file}, stdin: named(fresh("server"), labelled("a", "2")), code: 200}),
		Entry(nil, typed{what: "apply on the server that conflicts", verb: "patch", args: []string{"apply", "--server-side", "--field-manager=team-b", file}, stdin: named(fresh("server"), image("app:2")), code: 409}),
		Entry(nil, typed{what: "apply on the server that RBAC refuses", verb: "patch", args: []string{"apply", "--server-side", file, "--as=mallory"}, stdin: named(fresh("rbac")), code: 403}),
		Entry(nil, typed{what: "apply on the server that the schema refuses", verb: "patch", args: []string{"apply", "--server-side", file}, stdin: named(fresh("schema"), requesting("-1")), code: 422}),
		Entry(nil, typed{what: "apply whose change the schema refuses", verb: "patch", args: []string{"apply", file}, stdin: named(fresh("apply"), spec(m{"schedulerName": "another"})), code: 422}),
		Entry(nil, typed{what: "apply whose change a dry run tries", verb: "patch", args: []string{"apply", "--dry-run=server", file}, stdin: named(fresh("apply"), labelled("a", "2")), code: 200}),
		Entry(nil, typed{what: "label", verb: "patch", args: []string{"label", "simpod", alive.name, "a=1"}, code: 200}),
		Entry(nil, typed{what: "label, dry run", verb: "patch", args: []string{"label", "simpod", alive.name, "b=1", "--dry-run=server"}, code: 200}),
		Entry(nil, typed{what: "label that changes one and removes one", verb: "patch", args: []string{"label", "simpod", alive.name, "--overwrite", "a-", "d=1"}, code: 200}),
		Entry(nil, typed{what: "label that removes", verb: "patch", args: []string{"label", "simpod", alive.name, "d-"}, code: 200}),
		Entry(nil, typed{what: "annotate, dry run", verb: "patch", args: []string{"annotate", "simpod", alive.name, "note=0", "--dry-run=server"}, code: 200}),
		Entry(nil, typed{what: "annotate", verb: "patch", args: []string{"annotate", "simpod", alive.name, "note=1"}, code: 200}),
		Entry(nil, typed{what: "patch", verb: "patch", args: []string{"patch", "simpod", alive.name, "--type=merge", "-p", `{"metadata":{"labels":{"c":"1"}}}`}, code: 200}),
		Entry(nil, typed{what: "patch that changes nothing", verb: "patch", args: []string{"patch", "simpod", alive.name, "--type=merge", "-p", `{"metadata":{"labels":{"c":"1"}}}`}, code: 200}),
		Entry(nil, typed{what: "patch, dry run", verb: "patch", args: []string{"patch", "simpod", alive.name, "--type=merge", "--dry-run=server", "-p", `{"metadata":{"labels":{"c":"2"}}}`}, code: 200}),
		Entry(nil, typed{what: "patch of nothing", verb: "get", args: []string{"patch", "simpod", "nobody", "--type=merge", "-p", `{"metadata":{"labels":{"c":"2"}}}`}, code: 404}),
		Entry(nil, typed{what: "patch that is refused", verb: "patch", args: []string{"patch", "simpod", alive.name, "--type=merge", "-p", `{"spec":{"schedulerName":"another"}}`}, code: 422}),
		Entry(nil, typed{what: "patch of the status", verb: "patch", subresource: "status", args: []string{"patch", "simpod", alive.name, "--subresource=status", "--type=merge", "-p", `{"status":{"message":"by hand"}}`}, code: 200}),
		Entry(nil, typed{what: "replace", verb: "update", args: []string{"replace", file}, changed: &other, code: 200}),
		Entry(nil, typed{what: "replace that is refused", verb: "update", args: []string{"replace", file}, stdin: named(other, spec(m{"schedulerName": "another"})), code: 422}),
		Entry(nil, typed{what: "replace, dry run", verb: "update", args: []string{"replace", "--dry-run=server", file}, changed: &other, code: 200}),
		Entry(nil, typed{what: "scale, dry run", verb: "patch", subresource: "scale", args: []string{"scale", "simreplicaset", set.name, "--replicas=3", "--dry-run=server"}, code: 200}),
		Entry(nil, typed{what: "scale", verb: "patch", subresource: "scale", args: []string{"scale", "simreplicaset", set.name, "--replicas=2"}, code: 200}),
		Entry(nil, typed{what: "delete, dry run", verb: "delete", args: []string{"delete", "simpod", alive.name, "--dry-run=server"}, code: 200}),
		Entry(nil, typed{what: "delete", verb: "delete", args: []string{"delete", "simpod", alive.name, "--wait=false"}, code: 200}),
		Entry(nil, typed{what: "delete of nothing", verb: "delete", args: []string{"delete", "simpod", "nobody"}, code: 404}),
		Entry(nil, typed{what: "delete by force", verb: "delete", args: []string{"delete", "simpod", other.name, "--force", "--grace-period=0", "--wait=false"}, code: 200}),
		Entry(nil, typed{what: "delete of a collection, dry run", verb: "deletecollection",
			args: []string{"delete", "--raw", set.collection().path() + "?dryRun=All"}, code: 200, unseen: true}),
		Entry(nil, typed{what: "delete of a collection", verb: "deletecollection",
			args: []string{"delete", "--raw", alive.collection().path() + "?labelSelector=set%3D" + set.name}, code: 200, unseen: true}),
		Entry(nil, typed{what: "get of a Pod", verb: "get", args: []string{"get", "pod", core.name}, code: 200}),
		Entry(nil, typed{what: "create of a binding", verb: "create", subresource: "binding", args: []string{"create", "--raw", core.path("binding"), file}, code: 201, unseen: true,
			stdin: manifest(m{"apiVersion": "v1", "kind": "Binding", "metadata": m{"name": core.name}, "target": m{"kind": "Node", "name": "node-of-pods"}})}),
		Entry(nil, typed{what: "eviction, dry run", verb: "create", subresource: "eviction", args: []string{"create", "--raw", core.path("eviction"), file}, unseen: true,
			stdin: manifest(m{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": m{"name": core.name, "namespace": namespace}, "deleteOptions": m{"dryRun": []any{"All"}}})}),
		Entry(nil, typed{what: "eviction", verb: "create", subresource: "eviction", args: []string{"create", "--raw", core.path("eviction"), file}, unseen: true,
			stdin: manifest(m{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": m{"name": core.name, "namespace": namespace}})}),
		Entry(nil, typed{what: "label of a Pod", verb: "patch", args: []string{"label", "pod", core.name, "a=1"}, code: 200}),
		Entry(nil, typed{what: "delete of a Pod, dry run", verb: "delete", args: []string{"delete", "pod", core.name, "--dry-run=server"}, code: 200}),
		Entry(nil, typed{what: "delete of a Pod", verb: "delete", args: []string{"delete", "pod", core.name, "--wait=false"}, code: 200}),
	)

	AfterAll(func() { AddReportEntry("totals", ledger.totals()) })
})

// requestOf returns the last of the requests with a verb and a subresource; nil
// for none.
func (l auditLog) requestOf(auditIDs []string, verb, subresource string) *request {
	for _, id := range slices.Backward(auditIDs) {
		if r := l[id]; r != nil && r.Verb == verb && r.ObjectRef.Subresource == subresource {
			return r
		}
	}
	return nil
}

// examples are up to two requests of each form: verb, resource, code and dry run,
// of the requests that this test's users have sent, and all that have ended a
// collection.
func (t *truth) examples() []*request {
	const each = 2
	count := map[string]int{}
	var examples []*request
	for _, r := range t.log.inOrder() {
		of := r.object()
		followed := of.group == simGroup && (of.resource == "simpods" || of.resource == "simreplicasets") || of.group == "" && of.resource == "pods"
		if !followed || r.completed().IsZero() {
			continue
		}
		if r.Verb == "deletecollection" {
			examples = append(examples, r)
		}
		if r.UserAgent != userAgent || r.Verb == "deletecollection" {
			continue
		}
		form := fmt.Sprint(r.Verb, of.resource, r.ObjectRef.Subresource, r.ResponseStatus.Code, r.dryRun())
		if count[form]++; count[form] <= each {
			examples = append(examples, r)
		}
	}
	return examples
}

// askedInLives sends the forms of requests that no life has.
func askedInLives(ctx context.Context) error {
	pod := simPod(namespace, "asked-raw")
	return inTurn(
		world.creates(ctx, pod), world.runs(ctx, pod),
		world.sends(ctx, world.admin, call{method: http.MethodGet, path: pod.path()}),
		world.sends(ctx, world.admin, call{method: http.MethodGet, path: pod.collection().path()}),
		world.sends(ctx, mallory, call{method: http.MethodGet, path: pod.path(), want: []int{403}}),
		world.sends(ctx, mallory, call{method: http.MethodGet, path: pod.collection().path(), want: []int{403}}),
		world.sends(ctx, mallory, call{method: http.MethodDelete, path: pod.path(), want: []int{403}}),
		world.sends(ctx, mallory, call{method: http.MethodPatch, path: pod.path(), media: mergePatch, body: labelled("a", "1"), want: []int{403}}),
		world.sends(ctx, mallory, call{method: http.MethodPost, path: pod.collection().path(), body: newPod(pod), want: []int{403}}),
		world.deletes(ctx, pod, nil), world.gone(ctx, pod))
}

// loggedRequest is the request of kubectl with a verb and a subresource, once the audit
// log has its end. Others of its requests, such as those for discovery, are not
// logged.
func loggedRequest(ctx context.Context, p printout, verb, subresource string) (r *request) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		log, err := world.audit.read()
		g.Expect(err).NotTo(HaveOccurred())
		r = log.requestOf(p.auditIDs, verb, subresource)
		g.Expect(r).NotTo(BeNil(), "kubectl sent no such request: %s %s; it printed %q and %q", verb, subresource, p.out, p.err)
		g.Expect(r.Stage).To(Equal(stageComplete))
	}).WithContext(ctx).WithTimeout(10 * time.Second).Should(Succeed())
	return r
}

// derived is how step 8 gives the line before it is a field of its own.
const derived = "kubectl would print: "

// ofFile is what kubectl says of an error about an object of a file. The audit log
// does not have the name of the file.
var ofFile = regexp.MustCompile(`error when [a-z]+ "STDIN": `)

// compareTold compares what is told of a request with the truth, which is read
// after it. What a request causes goes on meanwhile, and is in the next answer: so
// it is asked for again where something differs, a few times.
func compareTold(ctx context.Context, r *request) (own *ledger, w *walkthrough) {
	GinkgoHelper()
	for range 5 {
		var err error
		w, err = said.ofRequest(ctx, r.AuditID)
		Expect(err).NotTo(HaveOccurred())
		own = newLedger()
		readTruth(ctx).compareRequest(own, r, w)
		if len(own.wrong) == 0 {
			break
		}
	}
	return own, w
}

// comparePrinted compares the line of step 8 with what kubectl has printed. Where
// that names a file, step 8 says so of its line.
func comparePrinted(s *statements, w *walkthrough, p printout) {
	printed := strings.TrimSpace(p.out)
	if printed == "" {
		printed = ofFile.ReplaceAllString(p.err, "")
		if eight := w.step(8); eight != nil {
			s.compare(aboutLine, 0, strings.Contains(eight.Effect, "kubectl also names the file"), printed != p.err, kubectlSaid)
		}
	}
	line, known := "", false
	switch {
	case w.Printed != nil:
		line, known = w.Printed.Line, true
	case w.step(8) != nil:
		_, line, known = strings.Cut(w.step(8).Effect, derived)
		line, _, _ = strings.Cut(line, "\n(Derived")
	}
	if !known {
		s.compare(aboutLine, 0, "no line", printed, kubectlSaid)
		return
	}
	if cut, long := strings.CutSuffix(line, "…"); long {
		printed, line = printed[:min(len(cut), len(printed))], cut
	}
	s.compare(aboutLine, 0, inWords(line), inWords(printed), kubectlSaid)
}

// inWords leaves out how a text is laid out.
func inWords(text string) string { return strings.Join(strings.Fields(text), " ") }

// fullNamespace has a quota of no pods.
const fullNamespace = namespace + "-full"

// refuseByQuota fills a namespace. The status of a quota is what admission goes by.
func refuseByQuota(ctx context.Context) {
	GinkgoHelper()
	quota := quotaOf(fullNamespace, "none")
	none := m{"count/simpods." + simGroup: "0"}
	Expect(inTurn(
		world.makesNamespace(ctx, fullNamespace),
		func() error {
			_, err := world.admin.create(ctx, quota, m{"apiVersion": "v1", "kind": "ResourceQuota",
				"metadata": m{"name": quota.name, "namespace": quota.namespace}, "spec": m{"hard": none}})
			return err
		},
		world.sends(ctx, world.admin, call{method: http.MethodPatch, path: quota.path("status"), media: mergePatch,
			body: m{"status": m{"hard": none, "used": none}}}),
	)).To(Succeed())
	// Until admission has read the quota, it lets the pods in.
	Eventually(func() error {
		_, err := world.admin.do(ctx, call{method: http.MethodPost, path: simPod(fullNamespace, "").path(), want: []int{403},
			body: newPod(simPod(fullNamespace, "refused")), query: options("dryRun", "All")})
		return err
	}).WithContext(ctx).Should(Succeed())
}

// refuseByWebhook has the API server ask a webhook about pods with the label
// refuse=webhook, which refuses them.
func refuseByWebhook(ctx context.Context) {
	GinkgoHelper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Request struct {
				UID string `json:"uid"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(m{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": m{
			"uid": review.Request.UID, "allowed": false, "status": m{"code": 403, "message": "not today"},
		}})
	}))
	DeferCleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	hook := webhookOf("truth")
	_, err := world.admin.create(ctx, hook, m{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": m{"name": hook.name},
		"webhooks": []any{m{
			"name": "refuse.truth.test", "admissionReviewVersions": []any{"v1"}, "sideEffects": "None",
			"clientConfig":   m{"url": server.URL, "caBundle": base64.StdEncoding.EncodeToString(authority)},
			"objectSelector": m{"matchLabels": m{"refuse": "webhook"}},
			"rules":          []any{m{"apiGroups": []any{simGroup}, "apiVersions": []any{"*"}, "operations": []any{"CREATE"}, "resources": []any{"simpods"}}},
		}},
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, err := world.admin.delete(ctx, hook, nil)
		Expect(err).NotTo(HaveOccurred())
	})
	// Until the API server has read the configuration, it lets the pods in.
	Eventually(func(g Gomega) {
		a, err := world.admin.do(ctx, call{method: http.MethodPost, path: simPod(namespace, "").path(), want: []int{403},
			body: newPod(simPod(namespace, "refused"), labelled("refuse", "webhook")), query: options("dryRun", "All")})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(text(a.body, "message")).To(ContainSubstring("not today"))
	}).WithContext(ctx).Should(Succeed())
}
