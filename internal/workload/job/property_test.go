// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

// world stands for the API server, and for what the pods' kubelets and other
// people do there.
type world struct {
	t      *testing.T
	random *rand.Rand
	job    *v1alpha1.SimJob
	now    time.Time
	serial int

	pods     map[types.UID]*v1alpha1.SimPod
	versions map[types.UID]int
	// known is the controller's memory; seen what its cache has.
	known   sets.Set[types.UID]
	backoff Backoff
	seen    map[types.UID]*v1alpha1.SimPod
	seenAt  map[types.UID]int

	// released are the pods that lost their finalizer after their end was noted,
	// dropped those that were taken out before, because they were too many.
	released, dropped sets.Set[types.UID]
	// successes are the pods that had succeeded when they were released.
	successes sets.Set[types.UID]
}

func newWorld(t *testing.T, seed uint64, job *v1alpha1.SimJob) *world {
	return &world{
		t: t, random: rand.New(rand.NewPCG(seed, 7)), job: job, now: now,
		pods: map[types.UID]*v1alpha1.SimPod{}, versions: map[types.UID]int{},
		known: sets.New[types.UID](), seen: map[types.UID]*v1alpha1.SimPod{}, seenAt: map[types.UID]int{},
		released: sets.New[types.UID](), dropped: sets.New[types.UID](), successes: sets.New[types.UID](),
	}
}

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.random.IntN(n) == 0 }

func (w *world) changed(uid types.UID) {
	w.versions[uid]++
	if pod := w.pods[uid]; pod != nil && pod.DeletionTimestamp != nil && len(pod.Finalizers) == 0 {
		delete(w.pods, uid)
	}
}

// happen lets something happen to a pod that the controller did not do.
func (w *world) happen() {
	for _, uid := range slices.Sorted(maps.Keys(w.pods)) {
		pod := w.pods[uid]
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		switch {
		case !w.chance(3):
		case ended && pod.DeletionTimestamp == nil && w.chance(8):
			w.remove(pod) // somebody cleans up
		case ended:
		case pod.DeletionTimestamp == nil && w.chance(6):
			w.remove(pod) // an eviction
		case pod.DeletionTimestamp != nil && w.chance(2):
			w.end(pod, w.chance(3)) // its kubelet stops it, or it was faster
		case pod.DeletionTimestamp == nil:
			w.end(pod, !w.chance(4))
		}
	}
}

func (w *world) remove(pod *v1alpha1.SimPod) {
	pod.DeletionTimestamp = &metav1.Time{Time: w.now}
	w.changed(pod.UID)
}

func (w *world) end(pod *v1alpha1.SimPod, success bool) {
	pod.Status.Phase = corev1.PodFailed
	if success {
		pod.Status.Phase = corev1.PodSucceeded
	}
	w.changed(pod.UID)
}

// relist brings the cache up to date, or some of it.
func (w *world) relist(all bool) {
	for _, uid := range slices.Sorted(maps.Keys(w.versions)) {
		if !all && !w.chance(2) {
			continue
		}
		delete(w.seen, uid)
		if pod := w.pods[uid]; pod != nil {
			w.seen[uid] = pod.DeepCopy()
		}
		w.seenAt[uid] = w.versions[uid]
	}
}

// restart is that of the controller: it forgets all, and reads all.
func (w *world) restart() {
	w.known = sets.New[types.UID]()
	w.relist(true)
	w.backoff = BackoffOf(w.job, w.cached())
}

func (w *world) cached() []*v1alpha1.SimPod {
	var out []*v1alpha1.SimPod
	for _, uid := range slices.Sorted(maps.Keys(w.seen)) {
		out = append(out, w.seen[uid])
	}
	return out
}

// settled is what expectations say: the cache has all that was created and deleted.
func (w *world) settled() bool {
	for uid, version := range w.versions {
		_, seen := w.seenAt[uid]
		if !seen || (version != w.seenAt[uid] && w.pods[uid] == nil) {
			return false
		}
	}
	return true
}

// untrack takes the finalizer off unless the cache was stale, and says whether the
// pod has none any more.
func (w *world) untrack(pod *v1alpha1.SimPod) bool {
	current := w.pods[pod.UID]
	switch {
	case current == nil:
		return true
	case w.versions[pod.UID] != w.seenAt[pod.UID]:
		return false // 409
	}
	current.Finalizers = slices.DeleteFunc(slices.Clone(current.Finalizers), func(f string) bool { return f == v1alpha1.FinalizerJobTracking })
	w.changed(pod.UID)
	w.known.Insert(pod.UID)
	return true
}

// pass is one of the controller, which may be killed after any write. It says
// whether it was.
func (w *world) pass() (killed bool) {
	for uid := range w.known {
		if pod := w.seen[uid]; pod == nil || !Tracked(pod) {
			w.known.Delete(uid)
		}
	}
	pass := Begin(Facts{Job: w.job, Pods: w.cached(), Released: w.known.Clone(), Backoff: w.backoff, Settled: w.settled(), Now: w.now})
	for _, pod := range pass.Untracked() {
		if current := w.pods[pod.UID]; current != nil && w.versions[pod.UID] == w.seenAt[pod.UID] {
			current.Finalizers = append(current.Finalizers, v1alpha1.FinalizerJobTracking)
			w.changed(pod.UID)
			w.changed(pod.UID)
			w.known.Delete(pod.UID)
			w.dropped.Delete(pod.UID)
			return false
		}
	}
	done, killed := w.execute(pass.Plan())
	if killed {
		return true
	}
	first := pass.Track(done)
	first.Status.DeepCopyInto(&w.job.Status)
	w.backoff = pass.Backoff()
	var released []*v1alpha1.SimPod
	for _, pod := range first.Release {
		if w.chance(12) {
			return true
		}
		if current := w.pods[pod.UID]; w.untrack(pod) {
			released = append(released, pod)
			w.released.Insert(pod.UID)
			if current != nil && current.Status.Phase == corev1.PodSucceeded && !slices.Contains(noted(first.Status), "-"+string(pod.UID)) {
				w.successes.Insert(pod.UID)
			}
		}
	}
	if w.chance(12) {
		return true
	}
	w.job.Status = pass.Settle(released).Status
	return false
}

func (w *world) execute(plan Plan) (done Done, killed bool) {
	for _, pod := range NewPods(w.job, plan) {
		if w.chance(20) {
			return done, true
		}
		w.serial++
		pod.Name = fmt.Sprintf("%s%03d", pod.GenerateName, w.serial)
		pod.UID = types.UID(pod.Name)
		pod.CreationTimestamp = metav1.Time{Time: w.now}
		w.pods[pod.UID] = pod
		w.changed(pod.UID)
		done.Created++
	}
	for _, pod := range plan.Delete {
		if plan.Uncounted {
			if !w.untrack(pod) {
				done.Failed = true
				continue
			}
			w.dropped.Insert(pod.UID)
		}
		if w.chance(12) {
			return done, true
		}
		if current := w.pods[pod.UID]; current != nil && current.DeletionTimestamp == nil {
			w.remove(current)
		}
		done.Deleted = append(done.Deleted, pod)
	}
	return done, false
}

// Whatever happens in whatever order, and wherever the controller is killed, each
// end is counted exactly once.
func TestEachEndIsCountedOnce(t *testing.T) {
	kinds := map[string]func() *wrappers.JobWrapper{
		"NonIndexed": func() *wrappers.JobWrapper { return wrappers.MakeJob("job").Completions(6).Parallelism(3) },
		"Indexed":    func() *wrappers.JobWrapper { return wrappers.MakeJob("job").Completions(6).Parallelism(3).Indexed() },
		"replaced once failed": func() *wrappers.JobWrapper {
			return wrappers.MakeJob("job").Completions(6).Parallelism(3).Replace(v1alpha1.ReplaceFailed)
		},
		"a few failures": func() *wrappers.JobWrapper {
			return wrappers.MakeJob("job").Completions(6).Parallelism(3).BackoffLimit(2)
		},
	}
	for name, job := range kinds {
		t.Run(name, func(t *testing.T) {
			ends := map[string]int{}
			for seed := range uint64(200) {
				w := newWorld(t, seed, job().UID("job").Obj())
				if w.job.Spec.BackoffLimit == nil || *w.job.Spec.BackoffLimit > 2 {
					w.job.Spec.BackoffLimit = new(int32(1000))
				}
				w.run()
				w.check(seed)
				ends[w.job.Status.Summary]++
			}
			t.Logf("jobs by their end: %v", ends)
		})
	}
}

// run lets things happen until the job is over.
func (w *world) run() {
	for step := 0; !Finished(w.job); step++ {
		if step > 3000 {
			w.t.Fatalf("the job does not end: %+v", w.job.Status)
		}
		w.now = w.now.Add(time.Duration(w.random.IntN(400)) * time.Second)
		switch {
		case step > 2000:
			w.job.Spec.Suspend, w.job.Spec.Parallelism = false, new(int32(3))
		case w.chance(15):
			w.job.Spec.Suspend = !w.job.Spec.Suspend
		case w.chance(20):
			w.job.Spec.Parallelism = new(int32(w.random.IntN(4)))
		}
		w.happen()
		w.relist(step%5 == 0)
		if w.pass() || w.chance(20) {
			w.restart()
		}
		w.overrun()
	}
}

// overrun fails where more pods run than may succeed.
func (w *world) overrun() {
	active := 0
	for _, pod := range w.pods {
		if pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			active++
		}
	}
	if active > 3 {
		w.t.Fatalf("%d pods run, 3 may", active)
	}
}

func (w *world) check(seed uint64) {
	w.t.Helper()
	status := w.job.Status
	if status.UncountedTerminatedPods != nil {
		w.t.Errorf("seed %d: over with ends that are not counted: %+v", seed, status.UncountedTerminatedPods)
	}
	if isIndexed(w.job) {
		if status.Summary == v1alpha1.SimJobComplete && (status.CompletedIndexes != "0-5" || status.Succeeded != 6) {
			w.t.Errorf("seed %d: %s, %d", seed, status.CompletedIndexes, status.Succeeded)
		}
		return
	}
	if got, want := int(status.Succeeded+status.Failed), w.released.Difference(w.dropped).Len(); got != want {
		w.t.Errorf("seed %d: %d ends are counted (%d, %d), %d happened", seed, got, status.Succeeded, status.Failed, want)
	}
	if got, want := int(status.Succeeded), w.successes.Len(); got != want {
		w.t.Errorf("seed %d: %d successes are counted, %d happened", seed, got, want)
	}
}
