// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import "strings"

// Gaps are what walkthroughs are known not to tell rightly yet. Each is counted
// and printed with the totals; an entry goes when its gap is closed.
const (
	gapShorterGrace = "a second delete, with a shorter grace period, is not named for its revision"
	gapSelector     = "a deletecollection is named for an object that it does not select"
	gapOrder        = "step 6 of an object that is deleted at once comes before the step that it follows"
)

// gapOf names the gap that a wrong statement belongs to; empty where it is none
// that is known.
func gapOf(f fact) string {
	switch {
	case f.gap != "":
		return f.gap
	case f.about == aboutOrder && strings.HasPrefix(f.said, "step 6 "):
		return gapOrder
	}
	return ""
}

// gapOfMaker names the gap that the telling of a revision's maker belongs to.
func (t *truth) gapOfMaker(state *state, toldAuditID string) string {
	is, told := t.makers[state.revision].request, t.log[toldAuditID]
	switch {
	case is != nil && is.Verb == "delete" && deedOf(state) == changes && is.revision() == state.revision:
		return gapShorterGrace
	case told != nil && told.Verb == "deletecollection" && !selects(told, state):
		return gapSelector
	}
	return ""
}
