// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import "maps"

const (
	simGroup   = "sim.glassplane.dev"
	simVersion = simGroup + "/v1alpha1"
	// pool is the label of the nodes that hold what needs no node of its own.
	pool = "main"
)

// m is an object as JSON has it.
type m = map[string]any

func simPod(namespace, name string) object { return object{simGroup, "simpods", namespace, name} }
func simSet(namespace, name string) object {
	return object{simGroup, "simreplicasets", namespace, name}
}
func simNode(name string) object            { return object{simGroup, "simnodes", "", name} }
func corePod(namespace, name string) object { return object{"", "pods", namespace, name} }
func namespaceOf(name string) object        { return object{"", "namespaces", "", name} }
func priorityClass(name string) object {
	return object{"scheduling.k8s.io", "priorityclasses", "", name}
}
func quotaOf(namespace, name string) object { return object{"", "resourcequotas", namespace, name} }
func webhookOf(name string) object {
	return object{"admissionregistration.k8s.io", "validatingwebhookconfigurations", "", name}
}

func policyOf(kind, name string) object {
	return object{"admissionregistration.k8s.io", kind, "", name}
}

// newPod is a simulated pod on the nodes of the pool. Each change is merged into it.
func newPod(of object, changes ...m) m {
	pod := m{
		"apiVersion": simVersion, "kind": "SimPod",
		"metadata": m{"namespace": of.namespace, "name": of.name},
		"spec": m{
			"nodeSelector": m{"pool": pool},
			"containers":   []any{m{"name": "main", "image": "app:1"}},
		},
	}
	for _, change := range changes {
		merge(pod, change)
	}
	return pod
}

// newCorePod is a Pod that only a test binds.
func newCorePod(of object, changes ...m) m {
	pod := m{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": m{"namespace": of.namespace, "name": of.name},
		"spec":     m{"containers": []any{m{"name": "main", "image": "app:1"}}},
	}
	for _, change := range changes {
		merge(pod, change)
	}
	return pod
}

func newNode(name, pool, cpu string) m {
	return m{
		"apiVersion": simVersion, "kind": "SimNode",
		"metadata": m{"name": name, "labels": m{"pool": pool}},
		"spec":     m{"capacity": m{"cpu": cpu, "memory": "64Gi", "pods": "1000"}},
	}
}

func newSet(of object, replicas int, spec m) m {
	template := m{"nodeSelector": m{"pool": pool}, "containers": []any{m{"name": "main", "image": "app:1"}}}
	merge(template, spec)
	return m{
		"apiVersion": simVersion, "kind": "SimReplicaSet",
		"metadata": m{"namespace": of.namespace, "name": of.name},
		"spec": m{
			"replicas": replicas, "selector": m{"matchLabels": m{"set": of.name}},
			"template": m{"metadata": m{"labels": m{"set": of.name}}, "spec": template},
		},
	}
}

// merge puts what change has into the object; a nil takes the field away.
func merge(into, change m) {
	for name, value := range change {
		fields, ok := value.(m)
		have, both := into[name].(m)
		switch {
		case value == nil:
			delete(into, name)
		case ok && both:
			have = maps.Clone(have)
			merge(have, fields)
			into[name] = have
		default:
			into[name] = value
		}
	}
}

func metadata(fields m) m { return m{"metadata": fields} }
func spec(fields m) m     { return m{"spec": fields} }

func labelled(key, value string) m { return metadata(m{"labels": m{key: value}}) }

// simulated is how the containers of a pod behave.
func simulated(fields m) m { return spec(m{"simulation": fields}) }

func lasting(duration string) m { return m{"duration": duration} }

// onNodes puts a pod on other nodes than those of the pool.
func onNodes(label string) m { return spec(m{"nodeSelector": m{"pool": label}}) }

func requesting(cpu string) m {
	return spec(m{"containers": []any{m{"name": "main", "image": "app:1", "resources": m{"requests": m{"cpu": cpu}}}}})
}

func image(name string) m {
	return spec(m{"containers": []any{m{"name": "main", "image": name}}})
}

func finalizers(names ...string) m {
	list := []any{}
	for _, name := range names {
		list = append(list, name)
	}
	return metadata(m{"finalizers": list})
}
