// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"slices"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// roll takes the next step of a rolling update: the present set grows, or else the
// others shrink. It is rolloutRolling of upstream.
func (p *Plan) roll(d *v1alpha1.SimDeployment) error {
	if err := p.create(d); err != nil || p.Create {
		return err
	}
	if p.scale(d, p.Present, p.presentReplicas(d), false) || p.shrinkOld(d) {
		return nil
	}
	if Complete(d, &d.Status) {
		p.cleanUp(d)
	}
	return nil
}

// recreate lets all former pods end before it creates new ones: rolloutRecreate of
// upstream.
func (p *Plan) recreate(d *v1alpha1.SimDeployment) error {
	scaled := false
	for _, set := range active(p.Old) {
		scaled = p.scale(d, set, 0, false) || scaled
	}
	if scaled || p.oldPodsExist() {
		return nil
	}
	if err := p.create(d); err != nil || p.Create {
		return err
	}
	p.scale(d, p.Present, Replicas(d), false)
	if Complete(d, &d.Status) {
		p.cleanUp(d)
	}
	return nil
}

// oldPodsExist says whether pods of former templates have not ended: oldPodsRunning
// of upstream, which looks at the pods. The sets count the same ones.
func (p *Plan) oldPodsExist() bool {
	return slices.ContainsFunc(p.Old, func(set *v1alpha1.SimReplicaSet) bool {
		return set.Status.Replicas > 0 || set.Status.TerminatingReplicas > 0
	})
}

// presentReplicas returns how many pods of the present template there may be now:
// reconcileNewReplicaSet and NewRSNewReplicas of upstream.
func (p *Plan) presentReplicas(d *v1alpha1.SimDeployment) int32 {
	wanted, now := Replicas(d), workload.Replicas(p.Present)
	if !Rolling(d) || now >= wanted {
		return wanted
	}
	surge, _ := Bounds(d)
	room := wanted + surge - sum(p.all(), existing)
	return now + max(0, min(room, wanted-now))
}

// shrinkOld takes away pods of former templates as far as enough stay available:
// first those that are not, whichever template they are of. It is
// reconcileOldReplicaSets of upstream.
func (p *Plan) shrinkOld(d *v1alpha1.SimDeployment) bool {
	_, unavailable := Bounds(d)
	least := Replicas(d) - unavailable
	// Pods of the present template that are not available count as if they were not
	// there: those of former templates must not go in their stead.
	spare := sum(p.all(), workload.Replicas) - least - (workload.Replicas(p.Present) - available(p.Present))
	if spare <= 0 {
		return false
	}
	cleaned := p.removeUnavailable(d, spare)
	shrunk := p.removeAvailable(d, sum(p.all(), available)-least)
	return cleaned+shrunk > 0
}

// removeUnavailable is cleanupUnhealthyReplicas of upstream. A set deletes pods that
// are not ready before others, so that none that is available goes.
func (p *Plan) removeUnavailable(d *v1alpha1.SimDeployment, most int32) (removed int32) {
	for _, set := range p.Old {
		n := min(most-removed, workload.Replicas(set)-available(set))
		if n > 0 && p.scale(d, set, workload.Replicas(set)-n, false) {
			removed += n
		}
	}
	return removed
}

// removeAvailable is scaleDownOldReplicaSetsForRollingUpdate of upstream.
func (p *Plan) removeAvailable(d *v1alpha1.SimDeployment, most int32) (removed int32) {
	for _, set := range p.Old {
		n := min(most-removed, workload.Replicas(set))
		if n > 0 && p.scale(d, set, workload.Replicas(set)-n, false) {
			removed += n
		}
	}
	return removed
}
