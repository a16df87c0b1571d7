// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simjob

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/internal/workload/job"
)

// manage executes a plan and returns what came of it.
func (r *Reconciler) manage(ctx context.Context, s *scope, plan job.Plan) job.Done {
	switch {
	case len(plan.Delete) > 0:
		return r.delete(ctx, s, plan)
	case plan.Create > 0:
		return r.create(ctx, s, plan)
	}
	return job.Done{}
}

// delete deletes pods. Those whose end is not to be counted lose their tracking
// finalizer before: afterwards nobody could tell them from pods that failed.
func (r *Reconciler) delete(ctx context.Context, s *scope, plan job.Plan) job.Done {
	pods, failed := plan.Delete, false
	if plan.Uncounted {
		untracked, err := r.pods.Untrack(ctx, pods)
		r.memory.released(s.job, untracked)
		s.Add("letting go of pods that are too many", err)
		pods, failed = untracked, err != nil
	}
	if err := r.pods.Delete(ctx, s.job, pods, s.now); err != nil {
		s.Add("deleting pods", err)
		// Which of them are deleted, the next pass will see.
		return job.Done{Failed: true}
	}
	return job.Done{Deleted: pods, Failed: failed}
}

// create creates pods, unless such ones were refused and the pause is not over.
func (r *Reconciler) create(ctx context.Context, s *scope, plan job.Plan) job.Done {
	if refused := r.pods.Refused(s.job); s.now.Before(refused.Until) {
		// The refusal stands: an event of a pod must not undo the pause.
		s.WakeAt(refused.Until)
		return job.Done{}
	}
	created, err := r.pods.Create(ctx, s.job, job.NewPods(s.job, plan), s.now)
	if err == nil {
		r.pods.ForgetRefusal(s.job)
		return job.Done{Created: len(created)}
	}
	until, news := r.pods.NoteRefusal(s.job, err, s.now)
	s.WakeAt(until)
	if news {
		log.FromContext(ctx).Error(err, "Pods of a SimJob cannot be created; it is tried again quietly", "simJob", client.ObjectKeyFromObject(s.job))
	}
	return job.Done{Created: len(created)}
}
