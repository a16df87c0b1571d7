// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// walkthrough is what docs/trace-schema.md says of the JSON of one, as far as
// it is compared.
type walkthrough struct {
	SchemaVersion string `json:"schemaVersion"`
	Subject       struct {
		Group     string `json:"group"`
		Resource  string `json:"resource"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		UID       string `json:"uid"`
	} `json:"subject"`
	AuditID   string         `json:"auditID"`
	Outcome   string         `json:"outcome"`
	Reason    string         `json:"reason"`
	Headline  string         `json:"headline"`
	Request   *toldRequest   `json:"request"`
	Revisions []toldRevision `json:"revisions"`
	// Children are the objects that the request ended, or whose controller it is about.
	Children []toldChild `json:"children"`
	// RevisionsOmitted are states that Revisions leaves out in the middle.
	RevisionsOmitted int              `json:"revisionsOmitted"`
	Printed          *printed         `json:"printed"`
	Complete         bool             `json:"complete"`
	Steps            []step           `json:"steps"`
	Tracker          []trackerMoment  `json:"tracker"`
	KeyMoments       []keyMoment      `json:"keyMoments"`
	Attempts         []attempt        `json:"attempts"`
	Quiz             []question       `json:"quiz"`
	Snapshot         []string         `json:"snapshot"`
	Transcript       string           `json:"transcript"`
	Disagreements    []map[string]any `json:"disagreements"`
	Dropped          uint64           `json:"dropped"`

	// raw is the whole document.
	raw string
}

// toldRequest is the request that a walkthrough is about.
type toldRequest struct {
	AuditID     string `json:"auditID"`
	Verb        string `json:"verb"`
	Subresource string `json:"subresource"`
	URI         string `json:"uri"`
	User        string `json:"user"`
	UserAgent   string `json:"userAgent"`
	// FieldManager is that of the URI.
	FieldManager string `json:"fieldManager"`
	Code         int32  `json:"code"`
	DryRun       bool   `json:"dryRun"`
	Kind         string `json:"kind"`
}

// toldRevision is one entry of the timeline: who made which revision.
type toldRevision struct {
	Revision  int64     `json:"revision"`
	Kind      string    `json:"kind"`
	Time      time.Time `json:"time"`
	Component string    `json:"component"`
	User      string    `json:"user"`
	AuditID   string    `json:"auditID"`
	Verb      string    `json:"verb"`
	Code      int32     `json:"code"`
	Joined    string    `json:"joined"`
	Node      string    `json:"node"`
	Phase     string    `json:"phase"`
}

// toldChild is an object with who began its end and who completed it.
type toldChild struct {
	Subject struct {
		Name string `json:"name"`
		UID  string `json:"uid"`
	} `json:"subject"`
	Created *toldWrite `json:"created"`
	Marked  *toldWrite `json:"marked"`
	Removed *toldWrite `json:"removed"`
}

type toldWrite struct {
	Revision int64  `json:"revision"`
	AuditID  string `json:"auditID"`
}

// printed is the line of step 8.
type printed struct {
	Line     string `json:"line"`
	Observed bool   `json:"observed"`
}

type step struct {
	Step      int        `json:"step"`
	Component string     `json:"component"`
	Action    string     `json:"action"`
	Input     string     `json:"input"`
	Effect    string     `json:"effect"`
	Time      time.Time  `json:"time"`
	Evidence  []evidence `json:"evidence"`
}

type evidence struct {
	Source         string    `json:"source"`
	Summary        string    `json:"summary"`
	Time           time.Time `json:"time"`
	AuditID        string    `json:"auditID"`
	Stage          string    `json:"stage"`
	User           string    `json:"user"`
	Groups         []string  `json:"groups"`
	UserAgent      string    `json:"userAgent"`
	Verb           string    `json:"verb"`
	URI            string    `json:"uri"`
	Code           int32     `json:"code"`
	Key            string    `json:"key"`
	CreateRevision int64     `json:"createRevision"`
	ModRevision    int64     `json:"modRevision"`
	Bytes          int64     `json:"bytes"`
}

type trackerMoment struct {
	Moment       string `json:"moment"`
	RequestState string `json:"requestState"`
	ClusterState string `json:"clusterState"`
	Revision     int64  `json:"revision"`
}

type keyMoment struct{ Title, Explanation string }

type attempt struct {
	Deciding bool   `json:"deciding"`
	Node     string `json:"node"`
}

type question struct {
	ID     string `json:"id"`
	Answer string `json:"answer"`
	Why    string `json:"why"`
}

func (w *walkthrough) step(number int) *step {
	for i := range w.Steps {
		if w.Steps[i].Step == number {
			return &w.Steps[i]
		}
	}
	return nil
}

func (w *walkthrough) numbers() []int {
	numbers := make([]int, 0, len(w.Steps))
	for _, s := range w.Steps {
		numbers = append(numbers, s.Step)
	}
	return numbers
}

// text is all that the steps say to people.
func (w *walkthrough) text() string {
	var b strings.Builder
	for _, step := range w.Steps {
		fmt.Fprintln(&b, step.Input, step.Effect)
		for _, e := range step.Evidence {
			fmt.Fprintln(&b, e.Summary)
		}
	}
	return b.String()
}

func (w *walkthrough) answer(id string) (string, bool) {
	for _, q := range w.Quiz {
		if q.ID == id {
			return q.Answer, true
		}
	}
	return "", false
}

// observer is the API that serves walkthroughs.
type observer struct{ url *url.URL }

func (o observer) ofObject(ctx context.Context, of object, uid string) (*walkthrough, error) {
	return o.get(ctx, url.Values{"uid": {uid}}, "observer/v1/traces", of.resource, of.namespace, of.name)
}

func (o observer) ofRequest(ctx context.Context, auditID string) (*walkthrough, error) {
	return o.get(ctx, nil, "observer/v1/requests", auditID)
}

func (o observer) get(ctx context.Context, query url.Values, path ...string) (*walkthrough, error) {
	address := o.url.JoinPath(path...)
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", address, response.Status, body)
	}
	w := &walkthrough{raw: string(body)}
	return w, json.Unmarshal(body, w)
}
