// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// podChecks hold for the pods of every component, but for podExceptions.
var podChecks = map[string]func(corev1.PodSpec) bool{
	"does not share the node's namespaces": func(pod corev1.PodSpec) bool {
		return !pod.HostNetwork && !pod.HostPID && !pod.HostIPC
	},
	"has no hostPath": func(pod corev1.PodSpec) bool {
		return !slices.ContainsFunc(pod.Volumes, isHostPath)
	},
	"mounts hostPaths read-only": func(pod corev1.PodSpec) bool {
		for _, mount := range pod.Containers[0].VolumeMounts {
			i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
			if i < 0 || isHostPath(pod.Volumes[i]) && !mount.ReadOnly {
				return false
			}
		}
		return true
	},
	"takes no folder of keys from the node": func(pod corev1.PodSpec) bool {
		return !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool {
			return isHostPath(v) && strings.HasPrefix(v.HostPath.Path, "/etc/kubernetes") &&
				(v.HostPath.Type == nil || *v.HostPath.Type != corev1.HostPathFile)
		})
	},
	"has one container": func(pod corev1.PodSpec) bool {
		return len(pod.Containers) == 1 && len(pod.InitContainers) == 0 && len(pod.EphemeralContainers) == 0
	},
	"runs as non-root": func(pod corev1.PodSpec) bool {
		s := pod.SecurityContext
		own := pod.Containers[0].SecurityContext
		return ptr.Deref(s.RunAsNonRoot, false) && ptr.Deref(s.RunAsUser, 0) > 0 && ptr.Deref(s.RunAsGroup, 0) > 0 &&
			own.RunAsNonRoot == nil && own.RunAsUser == nil && own.RunAsGroup == nil
	},
	"has the runtime's seccomp profile": func(pod corev1.PodSpec) bool {
		profile := pod.SecurityContext.SeccompProfile
		return profile != nil && profile.Type == corev1.SeccompProfileTypeRuntimeDefault &&
			pod.Containers[0].SecurityContext.SeccompProfile == nil
	},
	"is spread over nodes, softly": func(pod corev1.PodSpec) bool {
		return slices.ContainsFunc(pod.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
			return c.TopologyKey == corev1.LabelHostname && c.WhenUnsatisfiable == corev1.ScheduleAnyway
		})
	},
}

// containerChecks hold for the container of every component, but for podExceptions.
var containerChecks = map[string]func(corev1.Container) bool{
	"has a read-only root filesystem": func(c corev1.Container) bool { return ptr.Deref(c.SecurityContext.ReadOnlyRootFilesystem, false) },
	"gains no privileges": func(c corev1.Container) bool {
		s := c.SecurityContext
		return !ptr.Deref(s.AllowPrivilegeEscalation, true) && s.Privileged == nil && s.ProcMount == nil
	},
	"drops all capabilities": func(c corev1.Container) bool {
		s := c.SecurityContext.Capabilities
		return slices.Equal(s.Drop, []corev1.Capability{"ALL"}) && len(s.Add) == 0
	},
	"requests CPU and memory": func(c corev1.Container) bool {
		return c.Resources.Requests.Cpu().Sign() > 0 && c.Resources.Requests.Memory().Sign() > 0
	},
	"has a memory limit": func(c corev1.Container) bool { return c.Resources.Limits.Memory().Sign() > 0 },
	"has probes": func(c corev1.Container) bool {
		return c.StartupProbe != nil && c.LivenessProbe != nil && c.ReadinessProbe != nil
	},
	"has no port on the node": func(c corev1.Container) bool {
		return !slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 })
	},
	"has an image with a tag": func(c corev1.Container) bool {
		name := c.Image[strings.LastIndex(c.Image, "/")+1:]
		_, tag, _ := strings.Cut(name, ":")
		return tag != "" && c.ImagePullPolicy == corev1.PullIfNotPresent
	},
	"advertises its own address": func(c corev1.Container) bool {
		return slices.Contains(c.Args, "--advertise-address=$(POD_IP)") &&
			slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
				return e.Name == "POD_IP" && e.ValueFrom.FieldRef.FieldPath == "status.podIP"
			})
	},
}

// podExceptions name, by overlay and Deployment, the checks that do not hold,
// and why. An exception that is not needed is an error, too.
var podExceptions = map[string]map[string]string{
	"kubeadm/glassplane-observer": {
		"has no hostPath":  "it reads the audit log and etcd's client certificate of its node",
		"runs as non-root": "those files can be read by root only",
	},
}

func isHostPath(volume corev1.Volume) bool { return volume.HostPath != nil }

func TestPods(t *testing.T) {
	for _, folder := range deployments {
		for _, d := range components(t, folder) {
			pod, name := d.Spec.Template.Spec, folder+"/"+d.Name
			results := map[string]bool{}
			for check, holds := range podChecks {
				results[check] = holds(pod)
			}
			for check, holds := range containerChecks {
				results[check] = holds(pod.Containers[0])
			}
			for check, got := range results {
				reason, exception := podExceptions[name][check]
				switch {
				case !got && !exception:
					t.Errorf("%s: not so: %s", name, check)
				case got && exception:
					t.Errorf("%s: %s: needs no exception (%s)", name, check, reason)
				}
			}
		}
	}
}

// Each component has an identity of its own, which the overlay brings along.
func TestServiceAccounts(t *testing.T) {
	for _, folder := range deployments {
		accounts := names(ofKind[corev1.ServiceAccount](t, render(t, folder), "ServiceAccount"), func(a corev1.ServiceAccount) string { return a.Name })
		for _, d := range components(t, folder) {
			if got := d.Spec.Template.Spec.ServiceAccountName; got != d.Name || !slices.Contains(accounts, got) {
				t.Errorf("config/%s: %s runs as ServiceAccount %q; want one of its own name, of %q", folder, d.Name, got, accounts)
			}
		}
	}
}

// The manager refuses a flag that it does not know.
func TestFlags(t *testing.T) {
	manager := filepath.Join(t.TempDir(), "manager")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", manager, "../../cmd/manager").CombinedOutput(); err != nil {
		t.Fatalf("building the manager: %v\n%s", err, out)
	}
	variables := strings.NewReplacer("$(POD_IP)", "192.0.2.1", "$(HOST_IP)", "192.0.2.2")
	for _, folder := range deployments {
		for _, d := range components(t, folder) {
			args := commandLine(d, variables)
			if out, err := exec.CommandContext(t.Context(), manager, append(args, "--version")...).CombinedOutput(); err != nil {
				t.Errorf("config/%s: %s: manager %q: %v\n%s", folder, d.Name, args, err, out)
			}
		}
	}
}

// commandLine returns the arguments that the container of a component gives to
// the manager.
func commandLine(d appsv1.Deployment, variables *strings.Replacer) []string {
	container := d.Spec.Template.Spec.Containers[0]
	args := slices.Concat(container.Command[1:], container.Args)
	for i := range args {
		args[i] = variables.Replace(args[i])
	}
	return args
}

// names returns the name of each object.
func names[T any](objects []T, name func(T) string) []string {
	var result []string
	for _, object := range objects {
		result = append(result, name(object))
	}
	return result
}
