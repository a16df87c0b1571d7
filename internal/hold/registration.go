// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	// webhookName is that of the webhook, and precedes its annotation in the audit
	// log.
	webhookName = "hold." + v1alpha1.GroupName
	// labelHold is on each configuration; its value is the ID of the hold.
	labelHold = v1alpha1.GroupName + "/hold"
	// annotationPod says which pod is held, as namespace/name.
	annotationPod = v1alpha1.GroupName + "/held-pod"
	namePrefix    = "glassplane-hold-"

	// readyInterval is how often the API server is tried, readyTimeout for how long:
	// it takes some milliseconds to act on a new webhook.
	readyInterval = 50 * time.Millisecond
	readyTimeout  = 5 * time.Second
	// dialTimeout bounds how long a webhook on this machine takes to answer.
	dialTimeout = time.Second
)

// Registration makes the API server ask about one create. As long as it is there
// it also says which pod is held, so that somebody else can let it go where who
// held it is gone.
type Registration struct {
	// Question that the API server asks.
	Question *Question

	client  client.Client
	webhook *Webhook
	config  *admissionregistrationv1.ValidatingWebhookConfiguration
	id      string
}

// Register makes the API server ask the webhook about the create of a pod that
// has the gates, and returns once it does. The error says why it does not; nothing
// is left then.
func Register(ctx context.Context, c client.Client, webhook *Webhook, pod *v1alpha1.SimPod, timeout time.Duration) (*Registration, error) {
	id := pod.Annotations[v1alpha1.AnnotationStartGate]
	r := &Registration{client: c, webhook: webhook, id: id, config: configuration(webhook.clientConfig(), pod, timeout)}
	if err := c.Create(ctx, r.config); err != nil {
		return nil, fmt.Errorf("creating a validating webhook: %w", err)
	}
	r.Question = webhook.expect(id, timeout)
	if err := r.await(ctx, pod); err != nil {
		return nil, errors.Join(err, r.Remove(ctx))
	}
	return r, nil
}

// await returns once the API server asks the webhook. It is tried with dry runs of
// the same request; where one is refused, the request itself will be, too.
func (r *Registration) await(ctx context.Context, pod *v1alpha1.SimPod) error {
	err := wait.PollUntilContextTimeout(ctx, readyInterval, readyTimeout, true, func(ctx context.Context) (bool, error) {
		err := r.client.Create(ctx, pod.DeepCopy(), client.DryRunAll)
		if err != nil && apierrors.ReasonForError(err) == metav1.StatusReasonUnknown {
			return false, err
		}
		select {
		case <-r.Question.ready:
			return true, nil
		default:
			return err != nil, nil
		}
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return fmt.Errorf("the API server did not ask %s within %s: it may be on another machine", *r.config.Webhooks[0].ClientConfig.URL, readyTimeout)
	}
	return err
}

// Remove makes the API server ask no more. It may be repeated, and works also where
// the context has ended.
func (r *Registration) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	r.webhook.forget(r.id)
	if err := client.IgnoreNotFound(r.client.Delete(ctx, r.config)); err != nil {
		return fmt.Errorf("removing the validating webhook %s (remove it with: kubectl delete validatingwebhookconfiguration %[1]s): %w", r.config.Name, err)
	}
	return nil
}

// configuration lets the API server ask about the create of one pod, and of no
// other. Where nobody answers in time the request goes on.
func configuration(where admissionregistrationv1.WebhookClientConfig, pod *v1alpha1.SimPod, timeout time.Duration) *admissionregistrationv1.ValidatingWebhookConfiguration {
	id := pod.Annotations[v1alpha1.AnnotationStartGate]
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{
			Name: namePrefix + id, Labels: map[string]string{labelHold: id},
			Annotations: map[string]string{annotationPod: pod.Namespace + "/" + pod.Name},
		},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{webhook(where, timeout,
			admissionregistrationv1.MatchCondition{Name: "one-pod", Expression: fmt.Sprintf(
				"request.namespace == %s && object.metadata.name == %s", strconv.Quote(pod.Namespace), strconv.Quote(pod.Name))},
			admissionregistrationv1.MatchCondition{Name: "start-gate", Expression: fmt.Sprintf(
				"object.metadata.?annotations[%s].orValue('') == %s", strconv.Quote(v1alpha1.AnnotationStartGate), strconv.Quote(id))},
		)},
	}
}

func webhook(where admissionregistrationv1.WebhookClientConfig, timeout time.Duration, conditions ...admissionregistrationv1.MatchCondition) admissionregistrationv1.ValidatingWebhook {
	return admissionregistrationv1.ValidatingWebhook{
		Name:                    webhookName,
		ClientConfig:            where,
		AdmissionReviewVersions: []string{"v1"},
		SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
		FailurePolicy:           new(admissionregistrationv1.Ignore),
		TimeoutSeconds:          new(int32(timeout / time.Second)),
		Rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule: admissionregistrationv1.Rule{
				APIGroups: []string{v1alpha1.GroupName}, APIVersions: []string{"*"}, Resources: []string{"simpods"},
			},
		}},
		MatchConditions: conditions,
	}
}

// Sweep lets go what processes of this machine hold that do not live any more: it
// takes the gates off their pods and removes their webhooks. It returns the pods,
// as namespace/name.
func Sweep(ctx context.Context, c client.Client) ([]string, error) {
	var left admissionregistrationv1.ValidatingWebhookConfigurationList
	if err := c.List(ctx, &left, client.HasLabels{labelHold}); err != nil {
		return nil, fmt.Errorf("looking for webhooks that were left behind: %w", err)
	}
	var pods []string
	var failed []error
	for i := range left.Items {
		if config := &left.Items[i]; abandoned(ctx, config) {
			if err := sweep(ctx, c, config); err != nil {
				failed = append(failed, fmt.Errorf("removing the webhook %s, which was left behind: %w", config.Name, err))
				continue
			}
			pods = append(pods, config.Annotations[annotationPod])
		}
	}
	return pods, errors.Join(failed...)
}

func sweep(ctx context.Context, c client.Client, config *admissionregistrationv1.ValidatingWebhookConfiguration) error {
	namespace, name, _ := strings.Cut(config.Annotations[annotationPod], "/")
	if _, err := (holder{id: config.Labels[labelHold]}).ungate(ctx, c, client.ObjectKey{Namespace: namespace, Name: name}, true, true); err != nil {
		return err
	}
	return client.IgnoreNotFound(c.Delete(ctx, config, client.Preconditions{UID: &config.UID}))
}

// abandoned says whether nobody answers at a webhook's address any more: the port
// is closed, or somebody else has it, whose certificate is another.
func abandoned(ctx context.Context, config *admissionregistrationv1.ValidatingWebhookConfiguration) bool {
	if len(config.Webhooks) == 0 || config.Webhooks[0].ClientConfig.URL == nil {
		return true
	}
	where := config.Webhooks[0].ClientConfig
	address, err := url.Parse(*where.URL)
	if err != nil {
		return true
	}
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(where.CABundle)
	dialer := tls.Dialer{
		NetDialer: &net.Dialer{Timeout: dialTimeout},
		Config:    &tls.Config{RootCAs: authority, MinVersion: tls.VersionTLS13},
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	connection, err := dialer.DialContext(ctx, "tcp", address.Host)
	if err == nil {
		_ = connection.Close()
		return false
	}
	var other *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &other) || errors.As(err, &record)
}
