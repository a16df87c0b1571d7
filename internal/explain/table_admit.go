// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/handling"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// tellAdmit tells step 2: the API server decides on the request.
func tellAdmit(tale *story.Story, _ story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{
		Action: "authenticates, authorizes, admits, defaults and validates the request",
		Input:  "the request and the identity that it was sent with",
	}
	if tale.Kind.Reads() {
		s.Action = "authenticates and authorizes the request"
	}
	r := tale.Asked
	if r == nil {
		s.Effect = prose.Sentences(tale.Missing(evidence.SourceAudit, "request that creates the object"),
			"That the object is stored shows that it was admitted")
		if tale.First != nil && tale.First.Etcd != nil {
			s.Evidence = append(s.Evidence, etcdEvidence(tale.First.Etcd, "etcd has the object, so the API server admitted it"))
		}
		return s
	}
	details := annotations(r)
	if tale.Refused {
		s.Effect = refusalEffect(tale)
		s.Evidence = append(s.Evidence, decisionOn(r, fmt.Sprintf("the API server refused the request with %d %s", r.Code, r.Reason),
			append(details, r.Message)))
		s.Evidence = append(s.Evidence, spanEvidence(tale, 2)...)
		s.Evidence = append(s.Evidence, nothingStored(tale)...)
		return s
	}
	if tale.DryRun {
		s.Evidence = nothingStored(tale)
	}
	added, effect := contentText(tale)
	s.Effect = prose.Sentences(authorizationText(tale), admissionText(tale), effect, decidedIn(tale))
	if tale.DryRun {
		s.Effect += " " + prose.Sentence("the request was a dry run, so nothing was written to etcd for it"+proof(tale))
	}
	s.Evidence = append(s.Evidence, decisionOn(r, "the audit event says what the API server decided on the request", append(details, added...)))
	s.Evidence = append(s.Evidence, spanEvidence(tale, 2)...)
	return s
}

// contentText says what the request asked for: of a create what the API server
// added to the object, of other writes what they change.
func contentText(tale *story.Story) (lines []string, effect string) {
	switch {
	case tale.OfLife():
		return defaults(tale)
	case tale.Kind.Reads():
		return nil, ""
	case len(tale.Asked.RequestObject) == 0:
		if tale.Kind.Ends() && tale.Asked.Level == "RequestResponse" {
			return nil, "the request has no body, so no options"
		}
		return nil, fmt.Sprintf("not available: what it asked for, because the audit level %s keeps no body of it", tale.Asked.Level)
	}
	changes, ok := timeline.Diff(nil, tale.Asked.RequestObject)
	if !ok {
		return nil, "not available: what it asked for, because its body cannot be read"
	}
	changes = slices.DeleteFunc(changes, func(c timeline.Change) bool { return c.Path == "apiVersion" || c.Path == "kind" })
	changes = append(changes, timeline.Removals(tale.Asked.RequestObject)...)
	if len(changes) == 0 {
		return nil, "the body of the request asks for nothing"
	}
	what := "field"
	if tale.Kind.Ends() {
		what = "option"
	}
	effect = fmt.Sprintf("the body of the request has %s: %s", prose.Count(len(changes), what), pathsOf(changes))
	if p := timeline.Precondition(tale.Asked); p != "" {
		effect += "; it was to be carried out only on resourceVersion " + p
	}
	return timeline.Describe(changes, timeline.MaxChanges), effect
}

func pathsOf(changes []timeline.Change) string {
	var paths []string
	for i, c := range changes {
		if i == prose.MaxTold {
			paths = append(paths, "…")
			break
		}
		paths = append(paths, c.Path)
	}
	return strings.Join(paths, ", ")
}

func decisionOn(r *assemble.Request, summary string, details []string) v1alpha1.Evidence {
	e := auditEvidence(r, summary, details...)
	e.Groups = r.Groups[:min(len(r.Groups), maxGroups)]
	return e
}

func authorizationText(tale *story.Story) string {
	r := tale.Asked
	decision := r.Annotations[story.AnnotationDecision]
	who := "user " + cmp.Or(r.User, "(none)")
	switch decision {
	case "":
		return who + " was authenticated; not available: the audit event has no authorization decision"
	case "allow":
		return who + " was authenticated, and authorization allowed the request: " +
			cmp.Or(r.Annotations[story.AnnotationReason], "no reason recorded")
	}
	return who + " was authenticated, and authorization answered " + decision + ": " +
		cmp.Or(r.Annotations[story.AnnotationReason], "no reason recorded")
}

// admissionText says what admission left in the audit event: policies and
// webhooks leave annotations, built-in plugins mostly leave none.
func admissionText(tale *story.Story) string {
	if tale.Kind.Reads() {
		return "a request that only reads is not admitted: admission sees writes alone"
	}
	var said []string
	for _, line := range annotations(tale.Asked) {
		if byAdmission(line) {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "admission and validation let it pass and left no annotation"
	}
	return fmt.Sprintf("admission let it pass and said: %v", said)
}

// byAdmission tells an annotation of admission from those of the API server's other
// parts. A webhook's own have its name before them.
func byAdmission(annotation string) bool {
	domain, _, _ := strings.Cut(annotation, "/")
	return strings.HasSuffix(domain, "admission.k8s.io") || domain == "pod-security.kubernetes.io" ||
		!strings.HasSuffix(domain, "k8s.io") && !strings.HasSuffix(domain, "kubernetes.io")
}

// decidedIn says how long the decision took, by what the servers measured or, where
// they did not, between which times it lies.
func decidedIn(tale *story.Story) string {
	if tale.Handled == nil {
		return prose.Sentences(admittedBetween(tale), unmeasured(tale))
	}
	return tookText(tale, handling.Authenticate, handling.Authorize, handling.Decode, handling.Patch, handling.Admit)
}

// admittedBetween bounds the time of the step, which the audit log does not have.
func admittedBetween(tale *story.Story) string {
	if tale.AnsweredAt().IsZero() {
		return ""
	}
	return fmt.Sprintf("This happened between %s, when the request arrived, and %s, when it was answered; the audit log has no time of its own for it",
		prose.Clock(tale.Asked.ReceivedAt), prose.Clock(tale.AnsweredAt()))
}

// lastApplied is the annotation in which kubectl apply keeps what it sent.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// sent is the object as the client sent it. The audit log keeps the object of a
// create or an update as the API server decoded it, with the defaults of its
// schema; as it was sent it is known from the client, from a patch, or from
// kubectl's annotation.
func sent(tale *story.Story, r *assemble.Request) (raw json.RawMessage, asSent bool) {
	for _, e := range tale.Clients {
		if e.Client.AuditID == r.AuditID && e.Client.Object != nil {
			return e.Client.Object, true
		}
	}
	if r.Verb == "patch" {
		return r.RequestObject, true
	}
	var o struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	if json.Unmarshal(r.RequestObject, &o) == nil && o.Metadata.Annotations[lastApplied] != "" {
		return json.RawMessage(o.Metadata.Annotations[lastApplied]), true
	}
	return r.RequestObject, false
}

// defaults compares the object that was sent with the one that came back.
func defaults(tale *story.Story) (lines []string, effect string) {
	r := tale.Asked
	if r.RequestObject == nil || r.ResponseObject == nil {
		return nil, fmt.Sprintf("not available: the defaults that were added, because the audit level %s does not keep both objects", r.Level)
	}
	object, asSent := sent(tale, r)
	lines, effect, ok := added(object, r.ResponseObject)
	if !ok {
		return nil, "not available: the defaults that were added, because an object in the audit log cannot be read"
	}
	if !asSent {
		effect = prose.Sentences(effect, decodedOnly)
	}
	return lines, effect
}

// added are the fields that an answer has beyond what was sent; false where one
// of the two cannot be read.
func added(sent, answer json.RawMessage) (lines []string, effect string, ok bool) {
	changes, ok := timeline.Diff(sent, answer)
	if !ok {
		return nil, "", false
	}
	changes = slices.DeleteFunc(changes, func(c timeline.Change) bool { return c.Path == timeline.PathOf("metadata.annotations", lastApplied) })
	if len(changes) == 0 {
		return nil, "nothing was added to the object", true
	}
	verb := "were"
	if len(changes) == 1 {
		verb = "was"
	}
	return timeline.Describe(changes, timeline.MaxChanges), fmt.Sprintf("%s %s added or changed, such as %s",
		prose.Count(len(changes), "field"), verb, timeline.Example(changes).Path), true
}

// refusalEffect says at which gate the request ended.
func refusalEffect(tale *story.Story) string {
	r := tale.Asked
	answer := fmt.Sprintf("%d %s: %s", r.Code, r.Reason, prose.Clip(r.Message, prose.MaxLine))
	switch tale.Outcome {
	case story.Unauthenticated:
		return prose.Sentences("authentication refused the request with "+answer, "Nothing was written to etcd for it"+proof(tale))
	case story.Forbidden:
		return prose.Sentences("user "+r.User+" was authenticated, and authorization refused the request with "+answer,
			"admission and validation never saw it, and nothing was written to etcd for it"+proof(tale))
	case story.AlreadyExists:
		return prose.Sentences(authorizationText(tale), "the key in etcd is taken, so the create was refused with "+answer, existing(tale))
	case story.Error:
		return prose.Sentences(authorizationText(tale), "the API server could not carry out the request: "+answer+proof(tale))
	}
	if tale.Stopped() {
		return prose.Sentences(authorizationText(tale), gate(tale)+" refused the request with "+answer,
			"the API server ends the objects of a collection one after the other: what it had written by then stays")
	}
	return prose.Sentences(authorizationText(tale), gate(tale)+" refused the request with "+answer,
		"Nothing was written to etcd for it"+proof(tale))
}

// gate names what refused a request that authorization allowed, as far as the
// answer tells.
func gate(tale *story.Story) string {
	r := tale.Asked
	switch {
	case strings.Contains(r.Message, "ValidatingAdmissionPolicy"):
		return "an admission policy"
	case strings.Contains(r.Message, "admission webhook"):
		return "an admission webhook"
	case strings.Contains(r.Message, "exceeded quota"):
		return "the admission of resource quotas"
	case r.Reason == "NotFound":
		return "there is no object of that name, so the API server"
	case r.Reason == "Conflict":
		return "the object is not as the request wants it to be, so the API server"
	case r.Code == 429 && tale.Kind == story.Evict:
		return "a disruption budget"
	}
	return "decoding, admission or validation"
}

// proof points to the read that found nothing.
func proof(tale *story.Story) string {
	if r := tale.Start(); r != nil && !tale.OfLife() {
		return fmt.Sprintf(": the object was at revision %d, and no revision was written by it", r.Number)
	}
	if e := tale.LastAbsent(); e != nil {
		return fmt.Sprintf(", as a read at revision %d proves", e.Etcd.ReadRevision)
	}
	if aboutSeveral(tale) {
		if tale.Kind == story.DeleteCollection && tale.Asked.EndsCollection() {
			return ", as far as any source says: none has a revision that it made"
		}
		return ""
	}
	if tale.Record.Subject.Name == "" {
		return " (no read of etcd can prove it: the name is not recorded, because the request was refused before its body was read)"
	}
	return " (" + tale.Missing(evidence.SourceEtcd, "read of the key") + ")"
}

// existing describes the object that had the name already.
func existing(tale *story.Story) string {
	if tale.Holder() == nil {
		return tale.Missing(evidence.SourceEtcd, "revision of the object that has the name")
	}
	o := tale.Holder()
	text := fmt.Sprintf("etcd holds another object under the name, at revision %d", o.Number)
	if o.Etcd != nil && o.Etcd.Etcd.CreateRevision > 0 {
		text += fmt.Sprintf(" (create revision %d)", o.Etcd.Etcd.CreateRevision)
	}
	return text + ", which this request did not make"
}

// nothingStored is what etcd says of the key of a refused request.
func nothingStored(tale *story.Story) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	if r := tale.Start(); r != nil && r.Etcd != nil && !tale.OfLife() {
		return []v1alpha1.Evidence{etcdEvidence(r.Etcd, "the object as it was; this request did not make it")}
	}
	if e := tale.LastAbsent(); e != nil && tale.Outcome != story.AlreadyExists {
		all = append(all, absentEvidence(e))
	}
	if o := tale.Holder(); o != nil && o.Etcd != nil {
		all = append(all, etcdEvidence(o.Etcd, "another object has the name; this request did not make it"))
	}
	return all
}
