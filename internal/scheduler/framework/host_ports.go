// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	corev1 "k8s.io/api/core/v1"
)

// bindAll is the address that stands for all addresses of a node.
const bindAll = "0.0.0.0"

// HostPort is a port of a node that a pod uses. Address and protocol are never
// empty: the defaults are 0.0.0.0 and TCP.
type HostPort struct {
	IP       string
	Protocol corev1.Protocol
	Port     int32
}

// hostPorts mirrors GetHostPorts of k8s.io/kubernetes/pkg/scheduler/util: the
// ports of containers, and of init containers that keep running.
func hostPorts(pod *corev1.Pod) []HostPort {
	var out []HostPort
	collect := func(c *corev1.Container) {
		for _, p := range c.Ports {
			if p.HostPort <= 0 {
				continue
			}
			port := HostPort{IP: p.HostIP, Protocol: p.Protocol, Port: p.HostPort}
			if port.IP == "" {
				port.IP = bindAll
			}
			if port.Protocol == "" {
				port.Protocol = corev1.ProtocolTCP
			}
			out = append(out, port)
		}
	}
	for i := range pod.Spec.Containers {
		collect(&pod.Spec.Containers[i])
	}
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			collect(c)
		}
	}
	return out
}

// HostPorts are the ports in use on a node, each with the number of its users.
// Nil is empty and ready to read.
type HostPorts map[HostPort]int

// Conflicts is true where the port cannot be used beside those in use: the same
// port and protocol on the same address, or where either side takes all
// addresses. It mirrors HostPortInfo.CheckConflict of kube-scheduler.
func (h HostPorts) Conflicts(want HostPort) bool {
	if len(h) == 0 {
		return false
	}
	if want.IP != bindAll {
		all := want
		all.IP = bindAll
		return h[want] > 0 || h[all] > 0
	}
	for used := range h {
		if used.Port == want.Port && used.Protocol == want.Protocol {
			return true
		}
	}
	return false
}
