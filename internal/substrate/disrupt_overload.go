// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"fmt"
	"sync"
	"time"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes"
)

const (
	// overloadName names the priority level of Overload, and its flow schema.
	overloadName = "glassplane-overload"
	// heartbeatsName names the flow schema that keeps leases out of it.
	heartbeatsName = "glassplane-overload-heartbeats"
	// loadUser is who the load is from.
	loadUser = "glassplane-load"
	// overloadShares is the least part of what the API server has in flight. Of
	// the 600 requests that it takes by default, that are 3.
	overloadShares = 1
	// overloadQueue is how many requests may wait.
	overloadQueue = 3
	// loadWorkers are so many that some find no place: 3 requests are in flight
	// and 3 wait.
	loadWorkers = 8
	// loadPause is how long each waits between its requests, unless the API server
	// asks for more. Without it, a place that is free would be taken at once by
	// who has left it, and nobody else would ever have one.
	loadPause = time.Second
	// futureRevision is one that etcd does not reach. The API server waits for it for 3 s
	// before it answers, see waitUntilFreshAndBlock in k8s.io/apiserver/pkg/storage/cacher:
	// a place is taken for long at little cost to the machine.
	futureRevision = "999999999999"
	// overloadPrecedence puts the flow schema after those of Kubernetes' own
	// components and before those of all others.
	overloadPrecedence = 1000
	// heartbeatsLevel is where Kubernetes puts the heartbeats of nodes.
	heartbeatsLevel = "node-high"
)

// overloadedServer is an API server with more requests than it takes.
type overloadedServer struct {
	l *Local
	// stop ends the load and returns when it has ended.
	stop func()
}

// injectOverload leaves users and workloads three requests in flight and three in
// the queue, and asks for more. Kubernetes' own components, leases, and who is
// exempt from priority and fairness are not affected.
func (l *Local) injectOverload(ctx context.Context, _ *component, _ Disruption) (breakage, error) {
	overload := &overloadedServer{l: l, stop: func() {}}
	admin, err := kubernetes.NewForConfig(l.AdminConfig())
	if err != nil {
		return overload, err
	}
	api := admin.FlowcontrolV1()
	if _, err := api.PriorityLevelConfigurations().Create(ctx, overloadLevel(), metav1.CreateOptions{}); err != nil {
		return overload, fmt.Errorf("create the priority level: %w", err)
	}
	for _, schema := range overloadSchemas() {
		if _, err := api.FlowSchemas().Create(ctx, schema, metav1.CreateOptions{}); err != nil {
			return overload, fmt.Errorf("create the flow schema %s: %w", schema.Name, err)
		}
	}
	return overload, overload.start(ctx)
}

// start begins the load, and returns when the first request was refused.
func (o *overloadedServer) start(ctx context.Context) error {
	config, err := o.l.UserConfig(loadUser, []string{AdminGroup})
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(o.l.background)
	refused := make(chan struct{}, 1)
	var workers sync.WaitGroup
	for range loadWorkers {
		workers.Go(func() { keepAsking(running, client, refused) })
	}
	o.stop = func() { cancel(); workers.Wait() }
	timeout, cancelTimeout := context.WithTimeoutCause(ctx, effectTimeout, fmt.Errorf("no request was refused within %s", effectTimeout))
	defer cancelTimeout()
	select {
	case <-refused:
		return nil
	case <-timeout.Done():
		return fmt.Errorf("overload the API server: %w", context.Cause(timeout))
	}
}

// keepAsking has one request in flight until ctx ends, and tells of those that
// were refused.
func keepAsking(ctx context.Context, client kubernetes.Interface, refused chan<- struct{}) {
	for ctx.Err() == nil {
		err := client.CoreV1().RESTClient().Get().Resource("configmaps").Namespace(metav1.NamespaceDefault).
			Param("resourceVersion", futureRevision).Param("resourceVersionMatch", string(metav1.ResourceVersionMatchNotOlderThan)).
			MaxRetries(0).Do(ctx).Error()
		if apierrors.IsTooManyRequests(err) {
			select {
			case refused <- struct{}{}:
			default: // It is known.
			}
		}
		seconds, _ := apierrors.SuggestsClientDelay(err)
		pause(ctx, max(loadPause, time.Duration(seconds)*time.Second))
	}
}

// pause returns after a time, or when ctx ends.
func pause(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(duration):
	}
}

// heal ends the load and removes the limit.
func (o *overloadedServer) heal(ctx context.Context) error {
	o.stop()
	return o.l.removeOverload(ctx)
}

func (o *overloadedServer) release() { o.stop() }

// removeOverload removes what Overload has created, if there is anything.
func (l *Local) removeOverload(ctx context.Context) error {
	admin, err := kubernetes.NewForConfig(l.AdminConfig())
	if err != nil {
		return err
	}
	api := admin.FlowcontrolV1()
	var errs []error
	for _, name := range []string{overloadName, heartbeatsName} {
		errs = append(errs, api.FlowSchemas().Delete(ctx, name, metav1.DeleteOptions{}))
	}
	errs = append(errs, api.PriorityLevelConfigurations().Delete(ctx, overloadName, metav1.DeleteOptions{}))
	for _, err := range errs {
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("remove the priority level %s and its flow schemas: %w", overloadName, err)
		}
	}
	return nil
}

func overloadLevel() *flowcontrolv1.PriorityLevelConfiguration {
	return &flowcontrolv1.PriorityLevelConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: overloadName},
		Spec: flowcontrolv1.PriorityLevelConfigurationSpec{
			Type: flowcontrolv1.PriorityLevelEnablementLimited,
			Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
				NominalConcurrencyShares: new(int32(overloadShares)),
				BorrowingLimitPercent:    new(int32(0)),
				LimitResponse: flowcontrolv1.LimitResponse{
					Type:    flowcontrolv1.LimitResponseTypeQueue,
					Queuing: &flowcontrolv1.QueuingConfiguration{Queues: 1, HandSize: 1, QueueLengthLimit: overloadQueue},
				},
			},
		},
	}
}

func overloadSchemas() []*flowcontrolv1.FlowSchema {
	return []*flowcontrolv1.FlowSchema{
		flowSchema(heartbeatsName, heartbeatsLevel, overloadPrecedence-1, "coordination.k8s.io", "leases"),
		flowSchema(overloadName, overloadName, overloadPrecedence, flowcontrolv1.APIGroupAll, flowcontrolv1.ResourceAll),
	}
}

// flowSchema puts everybody's requests for a resource into a priority level.
func flowSchema(name, level string, precedence int32, group, resource string) *flowcontrolv1.FlowSchema {
	return &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: level},
			MatchingPrecedence:         precedence,
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects: []flowcontrolv1.Subject{{Kind: rbacv1.GroupKind, Group: &flowcontrolv1.GroupSubject{Name: user.AllAuthenticated}}},
				ResourceRules: []flowcontrolv1.ResourcePolicyRule{{
					Verbs: []string{flowcontrolv1.VerbAll}, APIGroups: []string{group}, Resources: []string{resource},
					ClusterScope: true, Namespaces: []string{flowcontrolv1.NamespaceEvery},
				}},
			}},
		},
	}
}
