// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// rule says what it changes that a field is left out.
type rule struct {
	effect Effect
	why    string
}

// rules are those of a type's fields, by their path without indexes. What is
// below a field has its rule where it has none of its own.
type rules map[string]rule

var harmless = rule{effect: EffectNone}

// podRules are those of the fields of a PodSpec.
var podRules = rules{
	"automountServiceAccountToken": harmless,
	"dnsConfig":                    harmless,
	"dnsPolicy":                    harmless,
	"enableServiceLinks":           harmless,
	"ephemeralContainers":          harmless,
	"evictionResponders":           {EffectLifecycle, "nobody is asked before the pod is evicted"},
	"hostAliases":                  harmless,
	"hostIPC":                      harmless,
	"hostNetwork":                  {EffectNone, "the ports of the containers are host ports, which is what a scheduler sees of it"},
	"hostPID":                      harmless,
	"hostUsers":                    harmless,
	"hostname":                     harmless,
	"hostnameOverride":             harmless,
	"imagePullSecrets":             harmless,
	"os":                           harmless,
	"readinessGates":               {EffectLifecycle, "the pod is ready without them"},
	"resourceClaims":               {EffectPlacement, "the pod fits without the devices that it claims"},
	"resources.claims":             {EffectPlacement, "the pod fits without the devices that it claims"},
	"runtimeClassName":             {EffectPlacement, "the overhead, nodeSelector and tolerations of the class count only where they are in the pod already"},
	"schedulingGroup":              {EffectPlacement, "the pod is scheduled by itself, not with its group"},
	"securityContext":              harmless,
	"serviceAccount":               harmless,
	"serviceAccountName":           harmless,
	"setHostnameAsFQDN":            harmless,
	"shareProcessNamespace":        harmless,
	"subdomain":                    harmless,
	"volumes":                      {EffectPlacement, "the pod fits also where the volume cannot be had"},
}

// containerRules are those of the fields of a Container.
var containerRules = rules{
	"args":                     harmless,
	"command":                  harmless,
	"env":                      harmless,
	"envFrom":                  harmless,
	"imagePullPolicy":          {EffectNone, "no image is pulled; simulation.startDelay can stand for it"},
	"lifecycle":                {EffectLifecycle, "containers start and stop as simulation says"},
	"livenessProbe":            {EffectLifecycle, "it never fails: containers run as simulation.runDuration says"},
	"readinessProbe":           {EffectLifecycle, "containers are ready once simulation.readinessDelay is over, at once by default"},
	"resizePolicy":             harmless,
	"resources.claims":         {EffectPlacement, "the pod fits without the devices that it claims"},
	"restartPolicyRules":       {EffectLifecycle, "containers are restarted as the pod's restartPolicy says"},
	"securityContext":          harmless,
	"startupProbe":             {EffectLifecycle, "containers have started at once; simulation.readinessDelay can stand for it"},
	"stdin":                    harmless,
	"stdinOnce":                harmless,
	"terminationMessagePath":   harmless,
	"terminationMessagePolicy": harmless,
	"tty":                      harmless,
	"volumeDevices":            harmless, // the volume is named
	"volumeMounts":             harmless,
	"workingDir":               harmless,
}

// anywhere are the volumes that can be had on each node.
var anywhere = []string{"configMap", "downwardAPI", "emptyDir", "gitRepo", "hostPath", "image", "projected", "secret"}

// templateRules are those of the fields of a PodTemplateSpec.
var templateRules = rules{"metadata": harmless}

var statefulSetRules = rules{
	"persistentVolumeClaimRetentionPolicy": harmless,
	"serviceName":                          harmless,
	"volumeClaimTemplates":                 {EffectPlacement, "the pods fit also where their volumes cannot be had"},
}

var jobRules = rules{
	"backoffLimitPerIndex": {EffectLifecycle, "failures count for the whole job: its backoffLimit is 6 where it has none"},
	"managedBy":            {EffectLifecycle, "the SimJob is looked after by the controller of all SimJobs"},
	"manualSelector":       harmless,
	"maxFailedIndexes":     {EffectLifecycle, "failures count for the whole job"},
	"scheduling":           {EffectPlacement, "each pod is scheduled by itself, not with its group"},
	"selector":             harmless,
	"successPolicy":        {EffectLifecycle, "the job goes on until all completions have succeeded"},
}

var cronJobRules = rules{
	"concurrencyPolicy":          {EffectLifecycle, "nothing repeats the job"},
	"failedJobsHistoryLimit":     harmless,
	"schedule":                   {EffectLifecycle, "nothing repeats the job"},
	"startingDeadlineSeconds":    {EffectLifecycle, "the job begins at once"},
	"successfulJobsHistoryLimit": harmless,
	"suspend":                    harmless, // nothing is made of a CronJob that is suspended
	"timeZone":                   {EffectLifecycle, "nothing repeats the job"},
}

var nodeRules = rules{
	"configSource":        harmless,
	"externalID":          harmless,
	"podCIDR":             harmless,
	"podCIDRs":            harmless,
	"podPreemptionPolicy": {EffectPlacement, "pods of the node can be preempted"},
	"providerID":          harmless,
}

// find returns the rule of a field.
func (r rules) find(path string) (rule, bool) {
	for path != "" {
		if found, ok := r[path]; ok {
			return found, true
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return rule{}, false
}

var indexes = regexp.MustCompile(`\[\d+\]`)

// leftOut describes the fields below a path that a value has, its own type may
// have and the simulated type has not.
func leftOut(path string, value any, own, simulated reflect.Type, known rules) []Difference {
	unknown := absent(path, value, own)
	var out []Difference
	for _, field := range absent(path, value, simulated) {
		switch found, ok := known.find(indexes.ReplaceAllString(strings.TrimPrefix(field, path+"."), "")); {
		case slices.Contains(unknown, field):
			continue // below
		case !ok: // the tables are complete: a test sees to it
			out = append(out, Difference{field, EffectUnknown, "what it changes is not known", true})
		default:
			out = append(out, Difference{field, found.effect, found.why, true})
		}
	}
	for _, field := range unknown {
		out = append(out, unknownField(field))
	}
	return out
}

func unknownField(field string) Difference {
	return Difference{field, EffectUnknown, "it is not a field of this kind in Kubernetes 1.37: misspelt, or of another version", true}
}

// volumes describes what is left out of the volumes: one entry for each, with
// the source that says where it can be had.
func volumes(path string, list []any) []Difference {
	var out []Difference
	for i, v := range list {
		volume, _ := v.(map[string]any)
		field, result := path+indexOf(i), harmless
		for source := range volume {
			if source == "name" {
				continue
			}
			field = path + indexOf(i) + "." + source
			if !slices.Contains(anywhere, source) {
				result = podRules["volumes"]
			}
		}
		out = append(out, Difference{field, result.effect, result.why, true})
	}
	return out
}
