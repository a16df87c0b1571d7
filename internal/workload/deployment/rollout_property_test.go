// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// world has a deployment, its sets and their pods, and controllers that act when
// they are told to, on what their caches show, which may be old, but not older than
// what they wrote themselves. A write on the grounds of an old object fails, as one
// with an optimistic lock does.
type world struct {
	t          *testing.T
	random     *rand.Rand
	deployment *v1alpha1.SimDeployment
	sets       map[string]*stored
	order      []string
	clock      time.Time
	log        []string
	// enough says that once as many pods were available as the strategy demands.
	enough bool
}

// stored is a set in the store, what the caches show of it, and its pods: true for
// one that is available.
type stored struct {
	set, ofDeployment, ofSets *v1alpha1.SimReplicaSet
	// scaled is the version that the controller of deployments wrote last.
	scaled string
	pods   []bool
}

func newWorld(t *testing.T, seed uint64, d *v1alpha1.SimDeployment) *world {
	return &world{t: t, random: rand.New(rand.NewPCG(seed, 0)), deployment: d, sets: map[string]*stored{}, clock: now}
}

func (w *world) say(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// write stores a set, if it was changed from what is stored.
func (w *world) write(before, after *v1alpha1.SimReplicaSet) bool {
	s := w.sets[after.Name]
	if s.set.ResourceVersion != before.ResourceVersion {
		return false
	}
	next := after.DeepCopy()
	next.ResourceVersion += "+"
	if workload.Replicas(next) != workload.Replicas(s.set) || next.Spec.MinReadySeconds != s.set.Spec.MinReadySeconds {
		next.Generation++
	}
	s.set = next
	return true
}

// deploy lets the controller of deployments take a step.
func (w *world) deploy() {
	state := State{Deployment: w.deployment, Now: w.clock}
	for _, name := range w.order {
		s := w.sets[name]
		if s.ofDeployment == nil || len(s.ofDeployment.ResourceVersion) < len(s.scaled) {
			return
		}
		state.Sets = append(state.Sets, s.ofDeployment)
	}
	p, err := Next(state)
	if err != nil {
		w.t.Fatal(err)
	}
	outcome := Outcome{}
	if p.Create && w.sets[p.Present.Name] == nil {
		set := p.Present.DeepCopy()
		set.Generation, set.UID, set.CreationTimestamp = 1, types.UID(set.Name), metav1.Time{Time: w.clock}
		w.sets[set.Name] = &stored{set: set}
		w.order = append(w.order, set.Name)
		outcome.Created = true
		w.say("create %s with %d", set.Name, workload.Replicas(set))
	}
	for _, u := range p.Update {
		if !w.write(u.Before, u.After) {
			return
		}
		w.sets[u.After.Name].scaled = w.sets[u.After.Name].set.ResourceVersion
		w.say("scale %s from %d to %d", u.After.Name, workload.Replicas(u.Before), workload.Replicas(u.After))
	}
	status, _, _ := Status(state, p, outcome)
	w.deployment.Status = status
}

// keep lets the controller of sets take a step for one.
func (w *world) keep(name string) {
	s := w.sets[name]
	set := s.ofSets
	if set == nil {
		return
	}
	missing := int(workload.Replicas(set)) - len(s.pods)
	for range missing {
		s.pods = append(s.pods, false)
	}
	status := set.DeepCopy()
	status.Status.Replicas, status.Status.AvailableReplicas = int32(len(s.pods)), 0
	for _, available := range s.pods {
		if available {
			status.Status.AvailableReplicas++
		}
	}
	status.Status.ReadyReplicas, status.Status.ObservedGeneration = status.Status.AvailableReplicas, set.Generation
	if missing < 0 {
		// Those that are not ready go first. The status counts them all the same.
		slices.SortFunc(s.pods, func(a, b bool) int { return map[bool]int{false: 0, true: 1}[a] - map[bool]int{false: 0, true: 1}[b] })
		s.pods = s.pods[-missing:]
	}
	w.write(set, status)
}

// start lets one pod of a set become available, unless its image is bad.
func (w *world) start(name string) {
	s := w.sets[name]
	if i := slices.Index(s.pods, false); i >= 0 && s.set.Spec.Template.Spec.Containers[0].Image != "bad" {
		s.pods[i] = true
	}
}

func (w *world) step() {
	w.clock = w.clock.Add(time.Second)
	if len(w.order) == 0 || w.random.IntN(4) == 0 {
		w.deploy()
		return
	}
	name := w.order[w.random.IntN(len(w.order))]
	s := w.sets[name]
	switch w.random.IntN(4) {
	case 0:
		s.ofDeployment = s.set
	case 1:
		s.ofSets = s.set
	case 2:
		w.keep(name)
	case 3:
		w.start(name)
	}
}

func (w *world) check() {
	pods, available := 0, 0
	for _, s := range w.sets {
		pods += len(s.pods)
		for _, ok := range s.pods {
			if ok {
				available++
			}
		}
	}
	surge, unavailable := Bounds(w.deployment)
	least := int(Replicas(w.deployment) - unavailable)
	w.enough = w.enough || available >= least
	if most := int(Replicas(w.deployment) + surge); pods > most || w.enough && available < least {
		w.t.Fatalf("%d pods of at most %d, %d available of at least %d; sets:\n%v", pods, most, available, least, w.log)
	}
}

func (w *world) use(image string) {
	w.deployment.Spec.Template.Spec.Containers[0].Image = image
	w.deployment.Generation++
	w.say("template %s", image)
}

// Whatever the order in which controllers act, and however old what they see is, at
// no time are there fewer available pods than replicas-maxUnavailable, once there
// were as many, or more pods than replicas+maxSurge; and every rollout comes to its
// end. Templates change in between, bad ones and former ones among them.
func TestRolloutKeepsItsBounds(t *testing.T) {
	bounds := [][2]string{{"25%", "25%"}, {"1", "0"}, {"0", "1"}, {"100%", "0"}, {"3", "2"}, {"0", "100%"}}
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b := bounds[seed%uint64(len(bounds))]
			w := newWorld(t, seed, web(int32(1+seed%11)).Bounds(b[0], b[1]).Obj())
			for range 1 + w.random.IntN(4) {
				w.use([]string{"good-1", "good-2", "good-3", "bad"}[w.random.IntN(4)])
				for range w.random.IntN(300) {
					w.step()
					w.check()
				}
			}
			w.use("good-2")
			for range 20_000 {
				w.step()
				w.check()
				if Complete(w.deployment, &w.deployment.Status) {
					return
				}
			}
			t.Fatalf("the rollout does not end; status %+v, sets:\n%v", w.deployment.Status, w.log)
		})
	}
}

// The same where the size changes on the way: the rollout ends with all pods of the
// present template, and the sets have no others.
func TestScaledRolloutEnds(t *testing.T) {
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, seed, web(int32(seed%9)).Obj())
			for range 6 {
				w.deployment.Spec.Replicas = new(int32(w.random.IntN(12)))
				w.deployment.Spec.Paused = w.random.IntN(4) == 0
				w.use([]string{"good-1", "good-2", "bad"}[w.random.IntN(3)])
				for range w.random.IntN(200) {
					w.step()
				}
			}
			w.deployment.Spec.Paused = false
			w.use("good-2")
			for range 20_000 {
				if w.step(); Complete(w.deployment, &w.deployment.Status) {
					return
				}
			}
			t.Fatalf("the rollout does not end; status %+v, sets:\n%v", w.deployment.Status, w.log)
		})
	}
}
