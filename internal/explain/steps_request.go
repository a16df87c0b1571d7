// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// steps lists the steps that happened, in the order in which they were completed.
func (f *facts) steps() []v1alpha1.WalkthroughStep {
	if f.outcome == OutcomeUnknown && f.create == nil {
		return nil
	}
	var story []v1alpha1.WalkthroughStep
	for _, tell := range []func() *v1alpha1.WalkthroughStep{
		f.stepSend, f.stepAdmit, f.stepStore, f.stepSchedule, f.stepRun, f.stepKeep,
	} {
		if s := tell(); s != nil {
			story = append(story, *s)
		}
	}
	answer := []v1alpha1.WalkthroughStep{*f.stepAnswer(), *f.stepShow()}
	story = slices.Insert(story, f.answerPosition(story, answer[0].Time), answer...)
	for i := range story {
		story[i].Input = clip(story[i].Input, maxEffect)
		story[i].Effect = clip(story[i].Effect, maxEffect)
		story[i].Evidence = boundedEvidence(story[i].Evidence)
	}
	return story
}

// maxEffect bounds the texts of a step, in bytes.
const maxEffect = 1500

// answerPosition is where the answer belongs: before the first of the steps 4
// to 6 that was completed later. What has no time stays in the story's order.
func (f *facts) answerPosition(story []v1alpha1.WalkthroughStep, answered *metav1.MicroTime) int {
	if answered != nil {
		for i, s := range story {
			if s.Step > 3 && s.Time != nil && answered.Time.Before(s.Time.Time) {
				return i
			}
		}
	}
	return len(story)
}

// subject names the object of the request.
func (f *facts) subject() string {
	o := f.record.Subject
	name := o.Name
	if name == "" && f.create != nil {
		name = f.create.Object.Name
	}
	name = cmp.Or(name, "(name not recorded)")
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	return f.resource() + " " + name
}

// resource is the resource as kubectl names it.
func (f *facts) resource() string {
	o := f.record.Subject
	if o.Group == "" {
		return cmp.Or(o.Resource, "(resource not recorded)")
	}
	return o.Resource + "." + o.Group
}

// stored reports whether some source says that etcd had the object.
func (f *facts) stored() bool {
	return len(f.revisions) > 0 || !f.refused && !f.dryRun && f.create != nil && f.create.Succeeded()
}

// stepSend is step 1: the client sends the request.
func (f *facts) stepSend() *v1alpha1.WalkthroughStep {
	s := &v1alpha1.WalkthroughStep{
		Step: 1, Component: f.clientComponent(), Action: "sends the request", Input: "create " + f.subject() + f.ownerText(),
	}
	for _, e := range f.sentByClient() {
		s.Time = micro(e.Client.SentAt)
		s.Evidence = append(s.Evidence, clientEvidence(e, "the client sent the request, by its own clock", e.Client.SentAt))
	}
	r := f.create
	if r == nil {
		s.Effect = sentence(f.missing(evidence.SourceAudit, "request that creates the object"))
		s.Evidence = append(s.Evidence, f.createdByFields()...)
		return s
	}
	s.Time = micro(r.ReceivedAt)
	s.Input = r.Verb + " " + f.subject() + f.ownerText()
	s.Effect = sentences(fmt.Sprintf("the API server received it from user %s with user agent %s, as %s of %s, and gave it the audit ID %s",
		cmp.Or(r.User, "(none)"), cmp.Or(r.UserAgent, "(none)"), r.Verb, r.URI, r.AuditID))
	received := receivedEvidence(r, "the API server received the request", addresses(r)...)
	s.Evidence = append([]v1alpha1.Evidence{received}, s.Evidence...)
	return s
}

// clientComponent names the client: of a pod that a controller made it is that
// controller.
func (f *facts) clientComponent() string {
	if f.create != nil {
		if component := f.create.Component(); component != "" {
			return component + " (API client)"
		}
	}
	return component.Client
}

// ownerText says for which object a controller made the pod.
func (f *facts) ownerText() string {
	for _, o := range []*object{f.firstObject(), f.requestObject()} {
		if o == nil {
			continue
		}
		if owner := o.controller(); owner != nil {
			return " for " + owner.Kind + " " + owner.Name
		}
	}
	return ""
}

func (f *facts) firstObject() *object {
	if f.first == nil {
		return nil
	}
	return f.first.state.object
}

func (f *facts) requestObject() *object {
	if f.create == nil {
		return nil
	}
	return decode(f.create.RequestObject)
}

func addresses(r *assemble.Request) []string {
	if len(r.SourceIPs) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("source IPs: %v", r.SourceIPs)}
}

// sentByClient are the client's own words about the request.
func (f *facts) sentByClient() []*evidence.Entry {
	var found []*evidence.Entry
	for _, e := range f.clients {
		if f.create == nil && e.Client.AuditID == f.record.AuditID || f.create != nil && e.Client.AuditID == f.create.AuditID {
			found = append(found, e)
		}
	}
	return found
}

func clientEvidence(e *evidence.Entry, summary string, t time.Time) v1alpha1.Evidence {
	return v1alpha1.Evidence{Source: string(evidence.SourceClient), Summary: summary, Time: micro(t), AuditID: e.Client.AuditID}
}

// createdByFields tells from managedFields who created the object, for where no
// audit log does.
func (f *facts) createdByFields() []v1alpha1.Evidence {
	if f.first == nil || f.first.manager == nil {
		return nil
	}
	m := f.first.manager
	return []v1alpha1.Evidence{{
		Source: string(f.first.from), ModRevision: f.first.number,
		Summary: clip("managedFields name the manager of the object's first fields", maxLine),
		Details: bounded([]string{managerText(m)}),
	}}
}

func managerText(m *fieldOwner) string {
	text := "managedFields: " + m.Manager + " (" + m.Operation
	if m.Subresource != "" {
		text += " of " + m.Subresource
	}
	return text + ")"
}

// stepAdmit is step 2: the API server decides on the request.
func (f *facts) stepAdmit() *v1alpha1.WalkthroughStep {
	s := &v1alpha1.WalkthroughStep{
		Step: 2, Component: component.APIServer, Action: "authenticates, authorizes, admits, defaults and validates the request",
		Input: "the request and the identity that it was sent with",
	}
	r := f.create
	if r == nil {
		s.Effect = sentences(f.missing(evidence.SourceAudit, "request that creates the object"),
			"That the object is stored shows that it was admitted")
		if f.first != nil && f.first.etcd != nil {
			s.Evidence = append(s.Evidence, etcdEvidence(f.first.etcd, "etcd has the object, so the API server admitted it"))
		}
		return s
	}
	details := annotations(r)
	if f.refused {
		s.Time = micro(r.AnsweredAt())
		s.Effect = f.refusalEffect()
		s.Evidence = append(s.Evidence, f.decisionOn(r, fmt.Sprintf("the API server refused the request with %d %s", r.Code, r.Reason),
			append(details, r.Message)))
		s.Evidence = append(s.Evidence, f.nothingStored()...)
		return s
	}
	if f.dryRun {
		s.Time = micro(r.AnsweredAt())
		s.Evidence = f.nothingStored()
	}
	added, effect := f.defaults()
	s.Effect = sentences(f.authorizationText(), f.admissionText(), effect, f.admittedBetween())
	if f.dryRun {
		s.Effect += " " + sentence("the request was a dry run, so nothing was written to etcd for it"+f.proof())
	}
	s.Evidence = append(s.Evidence, f.decisionOn(r, "the audit event says what the API server decided on the request", append(details, added...)))
	return s
}

func (f *facts) decisionOn(r *assemble.Request, summary string, details []string) v1alpha1.Evidence {
	e := auditEvidence(r, summary, details...)
	e.Groups = r.Groups[:min(len(r.Groups), maxGroups)]
	return e
}

func (f *facts) authorizationText() string {
	r := f.create
	decision := r.Annotations[annotationDecision]
	who := "user " + cmp.Or(r.User, "(none)")
	switch decision {
	case "":
		return who + " was authenticated; not available: the audit event has no authorization decision"
	case "allow":
		return who + " was authenticated, and authorization allowed the request: " +
			cmp.Or(r.Annotations[annotationReason], "no reason recorded")
	}
	return who + " was authenticated, and authorization answered " + decision + ": " +
		cmp.Or(r.Annotations[annotationReason], "no reason recorded")
}

// admissionText says what admission left in the audit event: policies and
// webhooks leave annotations, built-in plugins mostly leave none.
func (f *facts) admissionText() string {
	var said []string
	for _, line := range annotations(f.create) {
		if strings.Contains(line, "admission.k8s.io/") || strings.Contains(line, "pod-security.kubernetes.io/") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "admission and validation let it pass and left no annotation"
	}
	return fmt.Sprintf("admission let it pass and said: %v", said)
}

// admittedBetween bounds the time of the step, which the audit log does not have.
func (f *facts) admittedBetween() string {
	if f.answerTime().IsZero() {
		return ""
	}
	return fmt.Sprintf("This happened between %s, when the request arrived, and %s, when it was answered; the audit log has no time of its own for it",
		clock(f.create.ReceivedAt), clock(f.answerTime()))
}

// lastApplied is the annotation in which kubectl apply keeps what it sent.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// sent is the object as the client sent it. The audit log keeps the object of a
// create or an update as the API server decoded it, with the defaults of its
// schema; as it was sent it is known from the client, from a patch, or from
// kubectl's annotation.
func (f *facts) sent(r *assemble.Request) (raw json.RawMessage, asSent bool) {
	for _, e := range f.clients {
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
func (f *facts) defaults() (lines []string, effect string) {
	r := f.create
	if r.RequestObject == nil || r.ResponseObject == nil {
		return nil, fmt.Sprintf("not available: the defaults that were added, because the audit level %s does not keep both objects", r.Level)
	}
	object, asSent := f.sent(r)
	changes, ok := diff(object, r.ResponseObject)
	if !ok {
		return nil, "not available: the defaults that were added, because an object in the audit log cannot be read"
	}
	changes = slices.DeleteFunc(changes, func(c change) bool { return c.Path == join("metadata.annotations", lastApplied) })
	if !asSent {
		effect = "not available: which defaults of the schema were added, because the audit log keeps the object as decoded, with its defaults"
	}
	if len(changes) == 0 {
		return nil, sentences("nothing was added to the object", effect)
	}
	return describe(changes, maxChanges), sentences(fmt.Sprintf("%s were added or changed, such as %s",
		count(len(changes), "field"), changes[exampleOf(changes)].Path), effect)
}

// exampleOf prefers a default in the spec to the metadata that every object gets.
func exampleOf(changes []change) int {
	return max(0, slices.IndexFunc(changes, func(c change) bool { return len(c.Path) > 5 && c.Path[:5] == "spec." }))
}

// refusalEffect says at which gate the request ended.
func (f *facts) refusalEffect() string {
	r := f.create
	answer := fmt.Sprintf("%d %s: %s", r.Code, r.Reason, clip(r.Message, maxLine))
	switch f.outcome {
	case OutcomeUnauthenticated:
		return sentences("authentication refused the request with "+answer, "Nothing was written to etcd for it"+f.proof())
	case OutcomeForbidden:
		return sentences("user "+r.User+" was authenticated, and authorization refused the request with "+answer,
			"admission and validation never saw it, and nothing was written to etcd for it"+f.proof())
	case OutcomeAlreadyExists:
		return sentences(f.authorizationText(), "the key in etcd is taken, so the create was refused with "+answer, f.existing())
	case OutcomeError:
		return sentences(f.authorizationText(), "the API server could not carry out the request: "+answer+f.proof())
	}
	return sentences(f.authorizationText(), "decoding, admission or validation refused the request with "+answer,
		"Nothing was written to etcd for it"+f.proof())
}

// proof points to the read that found nothing.
func (f *facts) proof() string {
	if e := f.lastAbsent(); e != nil {
		return fmt.Sprintf(", as a read at revision %d proves", e.Etcd.ReadRevision)
	}
	if f.record.Subject.Name == "" {
		return " (no read of etcd can prove it: the name is not recorded, because the request was refused before its body was read)"
	}
	return " (" + f.missing(evidence.SourceEtcd, "read of the key") + ")"
}

// existing describes the object that had the name already.
func (f *facts) existing() string {
	if f.holder() == nil {
		return f.missing(evidence.SourceEtcd, "revision of the object that has the name")
	}
	o := f.holder()
	text := fmt.Sprintf("etcd holds another object under the name, at revision %d", o.number)
	if o.etcd != nil && o.etcd.Etcd.CreateRevision > 0 {
		text += fmt.Sprintf(" (create revision %d)", o.etcd.Etcd.CreateRevision)
	}
	return text + ", which this request did not make"
}

// holder is the state of the object that had the name when the request came:
// the last one that was not seen after the answer or, because a source may see
// history late, the first one that is recorded. It is nil where there is none.
func (f *facts) holder() *revision {
	for _, r := range slices.Backward(f.others) {
		if at, _ := r.seenAt(); !r.state.removed && (at.IsZero() || !at.After(f.answerTime())) {
			return r
		}
	}
	if len(f.others) > 0 && !f.others[0].state.removed {
		return f.others[0]
	}
	return nil
}

// lastAbsent is the last read after the request that found nothing. An earlier
// one proves nothing about what the request did.
func (f *facts) lastAbsent() *evidence.Entry {
	for _, e := range slices.Backward(f.absent) {
		if f.create == nil || !e.Time.Before(f.answerTime()) {
			return e
		}
	}
	return nil
}

// nothingStored is what etcd says of the key of a refused request.
func (f *facts) nothingStored() []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	if e := f.lastAbsent(); e != nil && f.outcome != OutcomeAlreadyExists {
		all = append(all, absentEvidence(e))
	}
	if o := f.holder(); o != nil && o.etcd != nil {
		all = append(all, etcdEvidence(o.etcd, "another object has the name; this request did not make it"))
	}
	return all
}

// stepStore is step 3: the API server writes the pending pod.
func (f *facts) stepStore() *v1alpha1.WalkthroughStep {
	if !f.stored() {
		return nil
	}
	s := &v1alpha1.WalkthroughStep{
		Step: 3, Component: component.APIServer, Action: "writes the pending pod to etcd", Input: "the admitted object",
	}
	if f.first == nil {
		s.Effect = sentences(f.storedUnseen(), f.missing(evidence.SourceEtcd, "first revision of the key"))
		s.Evidence = f.answerEvidence("the API server answered that the object was created")
		if f.last != nil && f.last.etcd != nil && f.last.etcd.Etcd.CreateRevision > 0 {
			s.Evidence = append(s.Evidence, etcdEvidence(f.last.etcd, "a later revision of the key still names its create revision"))
		}
		s.Time = micro(f.answerTime())
		return s
	}
	at, by := f.first.seenAt()
	s.Time = micro(at)
	s.Effect = sentences(f.storedText(), f.sameRevision(), notLater(at, by))
	if f.first.etcd != nil {
		s.Evidence = append(s.Evidence, etcdEvidence(f.first.etcd, "etcd holds the first state of the key"))
	}
	s.Evidence = append(s.Evidence, f.answerEvidence("the resourceVersion in the response is the revision")...)
	if f.first.watch != nil {
		s.Evidence = append(s.Evidence, watchEvidence(f.first))
	}
	return s
}

// storedUnseen says how it is known that the object was stored, where no source
// has its first revision.
func (f *facts) storedUnseen() string {
	if f.create != nil && f.create.Succeeded() {
		return "the answer to the request shows that the object was stored"
	}
	if e := f.last.etcd; e != nil && e.Etcd.CreateRevision > 0 {
		return fmt.Sprintf("revision %d of the key names %d as its create revision", f.last.number, e.Etcd.CreateRevision)
	}
	return "later revisions of the object show that it was stored"
}

func (f *facts) answerEvidence(summary string) []v1alpha1.Evidence {
	if f.create == nil || !f.create.Answered {
		return nil
	}
	if f.create.ResponseRevision == 0 {
		summary = "the create was answered; audit level " + f.create.Level + " keeps no revision"
	}
	return []v1alpha1.Evidence{auditEvidence(f.create, summary)}
}

func (f *facts) storedText() string {
	r := f.first
	if r.etcd == nil {
		return fmt.Sprintf("stored as revision %d; %s", r.number, f.missing(evidence.SourceEtcd, "first revision of the key"))
	}
	return fmt.Sprintf("stored as revision %d (create revision %d, %d bytes) under %s",
		r.etcd.Etcd.ModRevision, r.etcd.Etcd.CreateRevision, r.etcd.Etcd.Bytes, r.etcd.Etcd.Key)
}

// sameRevision checks etcd's revision against the resourceVersion of the response.
func (f *facts) sameRevision() string {
	switch {
	case f.create == nil:
		return f.missing(evidence.SourceAudit, "answer to compare the revision with")
	case f.create.ResponseRevision == 0:
		return fmt.Sprintf("the audit level %s keeps no resourceVersion to compare it with", f.create.Level)
	case f.first.etcd == nil:
		return ""
	case f.create.ResponseRevision != f.first.etcd.Etcd.ModRevision:
		return fmt.Sprintf("the sources disagree: the response has resourceVersion %d", f.create.ResponseRevision)
	}
	return "The revision equals the resourceVersion in the response"
}

// notLater says by which clock a time is known: etcd keeps no times.
func notLater(t time.Time, by evidence.Source) string {
	if t.IsZero() {
		return "not available: the time, because etcd keeps none and no other source saw the write"
	}
	return fmt.Sprintf("etcd keeps no times; it was done by %s, by source %s", clock(t), by)
}
