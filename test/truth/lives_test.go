// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/cli"
)

// work is what the lives are made with.
type work struct {
	admin, kubelet, scheduler *user
	history                   *history
	audit                     *auditReader
	namespace                 string
	kubeconfig                string
	observerURL, home         string
}

// scenario makes the life of one pod, or of a few.
type scenario struct {
	name  string
	lives int
	run   func(ctx context.Context, w *work, name string) error
}

// scenarios are forms of a pod's life, each as users and components make it.
var scenarios = []scenario{
	{"created, run and deleted", 1, createAndDelete},
	{"created with a generated name", 1, generateName},
	{"created by server-side apply", 1, applyOnServer},
	{"created by client-side apply", 1, applyOnClient},
	{"created by glassplane run", 1, glassplaneRun},
	{"created by a set", 4, inSet},
	{"patched in each form", 1, patchInEachForm},
	{"changed by several at once", 1, changeAtOnce},
	{"restarted", 1, restart},
	{"run to its end", 2, runToEnd},
	{"gated", 1, gated},
	{"never scheduled", 1, neverScheduled},
	{"slow to start and to stop", 1, slow},
	{"deleted with no grace", 1, noGrace},
	{"deleted twice", 1, deletedTwice},
	{"deleted at once", 1, deletedAtOnce},
	{"held by a foreign finalizer", 1, foreignFinalizer},
	{"deleted with the collection", 4, collection},
	{"deleted with those of a node", 3, collectionByField},
	{"deleted with the collection, up to one that a policy keeps", 3, stoppedCollection},
	{"deleted with the namespace", 4, namespaceEnd},
	{"given a name again", 3, nameAgain},
	{"spared by dry runs", 1, dryRuns},
	{"spared by conflicts and refusals", 1, conflicts},
	{"evicted by a taint", 2, taintEviction},
	{"preempted", 2, preempted},
	{"left without its node", 2, nodeDeleted},
	{"a Pod, bound and ended by its kubelet", 1, podByKubelet},
	{"a Pod, deleted unbound", 1, podUnbound},
	{"a Pod, evicted", 2, podEvicted},
	{"a Pod, deleted by force", 1, podForced},
	{"a Pod, held by a finalizer", 1, podFinalizer},
	{"a Pod, deleted with shorter and shorter grace", 1, podShorterGrace},
	{"Pods, deleted with the collection", 2, podCollection},
}

// makeLives goes through the scenarios until there are as many lives as wanted.
func (w *work) makeLives(ctx context.Context, wanted int) error {
	// More at a time than the machine has processors: most of them wait.
	const workers = 12
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, made := 0, 0; made < wanted || i < len(scenarios); i++ {
		s := scenarios[i%len(scenarios)]
		made += s.lives
		group.Go(func() error {
			if err := s.run(ctx, w, fmt.Sprintf("life-%03d", i)); err != nil {
				return fmt.Errorf("life-%03d, %s: %w", i, s.name, err)
			}
			// Now and then, so that no more than one file is rotated in between.
			_, err := w.audit.read()
			return err
		})
	}
	return group.Wait()
}

// inTurn runs steps until one fails.
func inTurn(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) pod(name string) object { return simPod(w.namespace, name) }

// The steps that most lives are made of.

func (w *work) creates(ctx context.Context, of object, changes ...m) func() error {
	return func() error {
		body := newPod(of, changes...)
		if of.resource == "pods" {
			body = newCorePod(of, changes...)
		}
		_, err := w.admin.create(ctx, of, body)
		return err
	}
}

func (w *work) runs(ctx context.Context, of object) func() error {
	return func() error { return w.history.await(ctx, of, "is ready", (*state).ready) }
}

func (w *work) is(ctx context.Context, of object, what string, check func(*state) bool) func() error {
	return func() error { return w.history.await(ctx, of, what, check) }
}

func (w *work) patches(ctx context.Context, of object, media string, body any, want ...int) func() error {
	return func() error {
		_, err := w.admin.patch(ctx, of, media, body, want...)
		return err
	}
}

func (w *work) deletes(ctx context.Context, of object, body m) func() error {
	return func() error {
		_, err := w.admin.delete(ctx, of, body)
		return err
	}
}

func (w *work) gone(ctx context.Context, objects ...object) func() error {
	return func() error { return w.history.awaitGone(ctx, objects...) }
}

func (w *work) sends(ctx context.Context, u *user, c call) func() error {
	return func() error {
		_, err := u.do(ctx, c)
		return err
	}
}

// grace is the body of a delete with a grace period.
func grace(seconds int) m {
	return m{"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": seconds}
}

func createAndDelete(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(w.creates(ctx, pod), w.runs(ctx, pod), w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

func generateName(ctx context.Context, w *work, name string) error {
	body := newPod(w.pod(""), metadata(m{"name": nil, "generateName": name + "-"}))
	created, err := w.admin.create(ctx, w.pod(""), body)
	if err != nil {
		return err
	}
	return w.runs(ctx, w.pod(created.name()))()
}

func applyOnServer(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	applies := func(manager string, want int, changes ...m) func() error {
		return func() error {
			_, err := w.admin.apply(ctx, pod, manager, newPod(pod, changes...), want)
			return err
		}
	}
	forced := call{method: http.MethodPatch, path: pod.path(), media: serverApply, body: newPod(pod, image("app:3")),
		query: options("fieldManager", "team-b", "force", "true")}
	return inTurn(
		applies("team-a", http.StatusCreated), w.runs(ctx, pod),
		applies("team-a", http.StatusOK), // changes nothing
		applies("team-a", http.StatusOK, labelled("tier", "web")),
		applies("team-b", http.StatusConflict, image("app:2")),
		w.sends(ctx, w.admin, forced),
		w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

// applyOnClient sends what kubectl apply does: a create with the annotation that
// keeps what was applied, then a merge patch of what has changed.
func applyOnClient(ctx context.Context, w *work, name string) error {
	const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
	pod := w.pod(name)
	return inTurn(
		w.creates(ctx, pod, metadata(m{"annotations": m{lastApplied: "{}"}})), w.runs(ctx, pod),
		w.patches(ctx, pod, mergePatch, metadata(m{"annotations": m{lastApplied: `{"metadata":{}}`}, "labels": m{"applied": "again"}})))
}

func glassplaneRun(ctx context.Context, w *work, name string) error {
	out := &bytes.Buffer{}
	code := cli.Main(ctx, "glassplane", []string{"run", name, "--image=app:1", "--node-selector=pool=" + pool, "-n", w.namespace,
		"--kubeconfig", w.kubeconfig, "--observer", w.observerURL}, w.streams(out))
	if code != 0 {
		return fmt.Errorf("glassplane run ended with %d: %s", code, out)
	}
	return nil
}

// streams is what a command of glassplane reads from and writes to.
func (w *work) streams(out *bytes.Buffer) cli.IO {
	environment := map[string]string{"GLASSPLANE_HOME": w.home}
	return cli.IO{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: out},
		Clock:     clock.RealClock{}, Env: func(name string) string { return environment[name] },
	}
}

func inSet(ctx context.Context, w *work, name string) error {
	set := simSet(w.namespace, name)
	pods := func() []object {
		w.history.mu.Lock()
		defer w.history.mu.Unlock()
		var owned []object
		for _, states := range w.history.keys {
			of := states[0].of
			if of.resource == "simpods" && of.namespace == w.namespace && strings.HasPrefix(of.name, name+"-") && w.history.latest(of) != nil {
				owned = append(owned, of)
			}
		}
		return owned
	}
	ready := func(replicas float64) func() error {
		return w.is(ctx, set, fmt.Sprintf("has %v ready pods", replicas), func(s *state) bool {
			n, _ := nested(s.value, "status", "readyReplicas").(float64)
			all, _ := nested(s.value, "status", "replicas").(float64)
			return n == replicas && all == replicas
		})
	}
	scale := call{method: http.MethodPatch, path: set.path("scale"), media: mergePatch, body: spec(m{"replicas": 2})}
	return inTurn(
		func() error {
			_, err := w.admin.create(ctx, set, newSet(set, 3, m{}))
			return err
		},
		ready(3),
		func() error {
			victim := pods()[0]
			return inTurn(w.deletes(ctx, victim, nil), w.gone(ctx, victim))
		},
		ready(3), w.sends(ctx, w.admin, scale), ready(2),
		func() error {
			left := pods()
			return inTurn(w.deletes(ctx, set, m{"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}), w.gone(ctx, left...))
		})
}

func patchInEachForm(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	put := func() error {
		current, err := w.admin.get(ctx, pod)
		if err != nil {
			return err
		}
		merge(current.body, metadata(m{"annotations": m{"put": "yes"}}))
		_, err = w.admin.do(ctx, call{method: http.MethodPut, path: pod.path(), body: current.body})
		return err
	}
	retag := []any{m{"op": "replace", "path": "/spec/containers/0/image", "value": "app:2"}}
	return inTurn(
		w.creates(ctx, pod), w.runs(ctx, pod),
		w.patches(ctx, pod, mergePatch, labelled("a", "1")),
		w.patches(ctx, pod, mergePatch, labelled("a", "1")), // changes nothing
		w.patches(ctx, pod, mergePatch, labelled("a", "2")),
		w.patches(ctx, pod, mergePatch, labelled("a", "1")),
		w.patches(ctx, pod, jsonPatch, retag),
		w.is(ctx, pod, "runs the new image", func(s *state) bool {
			return s.ready() && strings.Contains(fmt.Sprint(nested(s.value, "status", "containerStatuses")), "app:2")
		}),
		put,
		w.sends(ctx, w.admin, call{method: http.MethodPatch, path: pod.path("status"), media: mergePatch, body: m{"status": m{"message": "by hand"}}}),
	)
}

// changeAtOnce sends patches that change the same pod, two of them in the same way.
func changeAtOnce(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	if err := inTurn(w.creates(ctx, pod), w.runs(ctx, pod)); err != nil {
		return err
	}
	var group errgroup.Group
	for _, value := range []string{"1", "2", "3", "3", "4"} {
		group.Go(w.patches(ctx, pod, mergePatch, labelled("racer", value)))
	}
	return inTurn(group.Wait, w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

func restart(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(
		w.creates(ctx, pod, simulated(m{"runDuration": lasting("1ms"), "exitCode": 3})),
		w.is(ctx, pod, "was restarted", func(s *state) bool { return s.restarts() > 0 }),
		w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

func runToEnd(ctx context.Context, w *work, name string) error {
	succeeds, fails := w.pod(name+"-succeeds"), w.pod(name+"-fails")
	never := spec(m{"restartPolicy": "Never"})
	return inTurn(
		w.creates(ctx, succeeds, never, simulated(m{"runDuration": lasting("10ms")})),
		w.creates(ctx, fails, never, simulated(m{"runDuration": lasting("10ms"), "exitCode": 1})),
		w.is(ctx, succeeds, "has succeeded", func(s *state) bool { return s.phase() == "Succeeded" }),
		w.is(ctx, fails, "has failed", func(s *state) bool { return s.phase() == "Failed" }),
		w.deletes(ctx, fails, nil), w.gone(ctx, fails))
}

func gated(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(
		w.creates(ctx, pod, spec(m{"schedulingGates": []any{m{"name": "example.com/quota"}}})),
		w.is(ctx, pod, "is held by its gate", func(s *state) bool { return s.condition("PodScheduled") == "False" }),
		w.patches(ctx, pod, jsonPatch, []any{m{"op": "remove", "path": "/spec/schedulingGates/0"}}),
		w.runs(ctx, pod))
}

func neverScheduled(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(
		w.creates(ctx, pod, requesting("100000")),
		w.is(ctx, pod, "is unschedulable", func(s *state) bool { return s.condition("PodScheduled") == "False" }),
		w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

func slow(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(
		w.creates(ctx, pod, simulated(m{"startDelay": lasting("50ms"), "readinessDelay": lasting("50ms"), "shutdownDuration": lasting("100ms")})),
		w.runs(ctx, pod), w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

func noGrace(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(w.creates(ctx, pod), w.runs(ctx, pod), w.deletes(ctx, pod, grace(0)), w.gone(ctx, pod))
}

func deletedTwice(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(
		w.creates(ctx, pod, simulated(m{"shutdownDuration": lasting("300ms")})), w.runs(ctx, pod),
		w.deletes(ctx, pod, grace(20)), w.deletes(ctx, pod, grace(10)), w.gone(ctx, pod))
}

// deletedAtOnce does not wait for anything, so the delete meets the pod anywhere
// between its creation and its bind.
func deletedAtOnce(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(w.creates(ctx, pod), w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

func foreignFinalizer(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	const hold = "example.com/hold"
	return inTurn(
		w.creates(ctx, pod, finalizers(hold)), w.runs(ctx, pod), w.deletes(ctx, pod, nil),
		w.is(ctx, pod, "is held by its finalizer alone", func(s *state) bool {
			return s.marked() && len(s.finalizers()) == 1 && s.finalizers()[0] == hold
		}),
		w.patches(ctx, pod, mergePatch, labelled("held", "yes")),
		w.patches(ctx, pod, mergePatch, finalizers()), w.gone(ctx, pod))
}

func collection(ctx context.Context, w *work, name string) error {
	group := labelled("collection", name)
	pods := []object{w.pod(name + "-quick-1"), w.pod(name + "-quick-2"), w.pod(name + "-slow"), w.pod(name + "-pending")}
	return inTurn(
		w.creates(ctx, pods[0], group), w.creates(ctx, pods[1], group),
		w.creates(ctx, pods[2], group, simulated(m{"shutdownDuration": lasting("100ms")})),
		w.creates(ctx, pods[3], group, requesting("100000")),
		w.runs(ctx, pods[0]), w.runs(ctx, pods[1]), w.runs(ctx, pods[2]),
		w.sends(ctx, w.admin, call{method: http.MethodDelete, path: pods[0].collection().path(), query: options("labelSelector", "collection="+name)}),
		w.gone(ctx, pods...))
}

func collectionByField(ctx context.Context, w *work, name string) error {
	first, second, other := w.pod(name+"-1"), w.pod(name+"-2"), w.pod(name+"-other")
	return inTurn(
		w.ownNode(ctx, name, "4"),
		w.creates(ctx, first, onNodes(name)), w.creates(ctx, second, onNodes(name)), w.creates(ctx, other),
		w.runs(ctx, first), w.runs(ctx, second), w.runs(ctx, other),
		w.sends(ctx, w.admin, call{method: http.MethodDelete, path: first.collection().path(), query: options("fieldSelector", "spec.nodeName="+name)}),
		w.deletes(ctx, other, nil), w.gone(ctx, first, second, other))
}

// stoppedCollection deletes three pods of which a policy keeps the second.
func stoppedCollection(ctx context.Context, w *work, name string) error {
	own := *w
	own.namespace = w.namespace + "-" + name
	pods := []object{own.pod("a"), own.pod("b"), own.pod("c")}
	return inTurn(
		w.makesNamespace(ctx, own.namespace),
		own.creates(ctx, pods[0]), own.creates(ctx, pods[1], labelled(kept, "yes")), own.creates(ctx, pods[2]),
		own.runs(ctx, pods[0]), own.runs(ctx, pods[1]), own.runs(ctx, pods[2]),
		w.sends(ctx, w.admin, call{method: http.MethodDelete, path: pods[0].collection().path(), want: []int{http.StatusForbidden, http.StatusUnprocessableEntity}}),
		own.gone(ctx, pods[0]))
}

func namespaceEnd(ctx context.Context, w *work, name string) error {
	own := *w
	own.namespace = w.namespace + "-" + name
	pods := []object{own.pod("quick-1"), own.pod("quick-2"), own.pod("slow"), own.pod("pending")}
	return inTurn(
		w.makesNamespace(ctx, own.namespace),
		own.creates(ctx, pods[0]), own.creates(ctx, pods[1]),
		own.creates(ctx, pods[2], simulated(m{"shutdownDuration": lasting("200ms")})),
		own.creates(ctx, pods[3], requesting("100000")),
		own.runs(ctx, pods[0]), own.runs(ctx, pods[1]), own.runs(ctx, pods[2]),
		w.deletes(ctx, namespaceOf(own.namespace), nil), own.gone(ctx, pods...))
}

func (w *work) makesNamespace(ctx context.Context, name string) func() error {
	return func() error {
		_, err := w.admin.create(ctx, namespaceOf(name), m{"apiVersion": "v1", "kind": "Namespace", "metadata": m{"name": name}})
		return err
	}
}

func nameAgain(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	return inTurn(
		w.creates(ctx, pod), w.runs(ctx, pod), w.deletes(ctx, pod, nil), w.gone(ctx, pod),
		w.creates(ctx, pod, requesting("100000")), w.deletes(ctx, pod, nil), w.gone(ctx, pod),
		w.creates(ctx, pod), w.runs(ctx, pod))
}

func dryRuns(ctx context.Context, w *work, name string) error {
	pod, ghost := w.pod(name), w.pod(name+"-ghost")
	if err := inTurn(w.creates(ctx, pod), w.runs(ctx, pod)); err != nil {
		return err
	}
	current, err := w.admin.get(ctx, pod)
	if err != nil {
		return err
	}
	merge(current.body, labelled("put", "dry"))
	dry := options("dryRun", "All")
	inBody := m{"apiVersion": "v1", "kind": "DeleteOptions", "dryRun": []any{"All"}}
	return inTurn(
		w.sends(ctx, w.admin, call{method: http.MethodPost, path: ghost.collection().path(), body: newPod(ghost), query: dry}),
		w.sends(ctx, w.admin, call{method: http.MethodPatch, path: pod.path(), media: mergePatch, body: labelled("patched", "dry"), query: dry}),
		w.sends(ctx, w.admin, call{method: http.MethodPut, path: pod.path(), body: current.body, query: dry}),
		w.deletes(ctx, pod, inBody),
		w.sends(ctx, w.admin, call{method: http.MethodDelete, path: pod.path(), query: dry}),
		w.sends(ctx, w.admin, call{method: http.MethodDelete, path: pod.collection().path(), body: inBody}))
}

func conflicts(ctx context.Context, w *work, name string) error {
	pod := w.pod(name)
	if err := inTurn(w.creates(ctx, pod), w.runs(ctx, pod)); err != nil {
		return err
	}
	stale, err := w.admin.get(ctx, pod)
	if err != nil {
		return err
	}
	merge(stale.body, labelled("stale", "yes"))
	again := call{method: http.MethodPost, path: pod.collection().path(), body: newPod(pod), want: []int{http.StatusConflict}}
	return inTurn(
		w.patches(ctx, pod, mergePatch, labelled("first", "yes")),
		w.sends(ctx, w.admin, call{method: http.MethodPut, path: pod.path(), body: stale.body, want: []int{http.StatusConflict}}),
		w.patches(ctx, pod, mergePatch, spec(m{"schedulerName": "another"}), http.StatusUnprocessableEntity),
		w.patches(ctx, pod, mergePatch, spec(m{"nodeName": "another"}), http.StatusUnprocessableEntity),
		w.sends(ctx, w.admin, again),
		w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

// ownNode makes a node that no other life uses, and waits until it is ready.
func (w *work) ownNode(ctx context.Context, name, cpu string) func() error {
	return func() error {
		_, err := w.admin.create(ctx, simNode(name), newNode(name, name, cpu))
		return err
	}
}

func taintEviction(ctx context.Context, w *work, name string) error {
	quick, slow := w.pod(name+"-quick"), w.pod(name+"-slow")
	taint := spec(m{"taints": []any{m{"key": "example.com/out", "effect": "NoExecute"}}})
	return inTurn(
		w.ownNode(ctx, name, "4"),
		w.creates(ctx, quick, onNodes(name)), w.creates(ctx, slow, onNodes(name), simulated(m{"shutdownDuration": lasting("100ms")})),
		w.runs(ctx, quick), w.runs(ctx, slow),
		w.patches(ctx, simNode(name), mergePatch, taint), w.gone(ctx, quick, slow))
}

func preempted(ctx context.Context, w *work, name string) error {
	low, high := w.pod(name+"-low"), w.pod(name+"-high")
	return inTurn(
		w.ownNode(ctx, name, "1"),
		w.creates(ctx, low, onNodes(name), requesting("800m")), w.runs(ctx, low),
		w.creates(ctx, high, onNodes(name), requesting("800m"), spec(m{"priorityClassName": highPriority})),
		w.gone(ctx, low), w.runs(ctx, high))
}

func nodeDeleted(ctx context.Context, w *work, name string) error {
	quick, slow := w.pod(name+"-quick"), w.pod(name+"-slow")
	return inTurn(
		w.ownNode(ctx, name, "4"),
		w.creates(ctx, quick, onNodes(name)), w.creates(ctx, slow, onNodes(name), simulated(m{"shutdownDuration": lasting("100ms")})),
		w.runs(ctx, quick), w.runs(ctx, slow),
		w.deletes(ctx, simNode(name), nil), w.gone(ctx, quick, slow))
}
