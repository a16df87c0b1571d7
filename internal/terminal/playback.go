// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/explain/run"
)

// speed is how fast a run is played: so many times real time, or step by step.
type speed struct {
	name string
	// factor of real time; 0 for a moment per second.
	factor float64
}

var speeds = []speed{{"step by step", 0}, {"1/10 of real time", 0.1}, {"real time", 1}, {"10 times real time", 10}}

// Bounds of how long a moment is shown while a run is played in real time: long
// enough to be seen, short enough not to seem stuck.
const (
	stepTime      = time.Second
	leastPlayTime = 40 * time.Millisecond
	mostPlayTime  = 5 * time.Second
)

// wait is how long the moment before the next one is shown.
func (s speed) wait(from, to run.Moment) time.Duration {
	if s.factor == 0 || from.At == nil || to.At == nil {
		return stepTime
	}
	d := time.Duration(float64(to.At.Sub(from.At.Time)) / s.factor)
	return max(leastPlayTime, min(d, mostPlayTime))
}

// playback is the one cursor: the moment of the run that is shown.
type playback struct {
	moments []run.Moment
	index   int
	// live is true while the cursor follows the newest moment.
	live bool
	// playing is true while it moves by itself.
	playing bool
	speed   int
	// generation tells the timer that was set last from older ones.
	generation int
}

// load takes the moments of a newer state of the run. The cursor stays at what it
// showed, or follows the newest.
func (p *playback) load(moments []run.Moment) {
	old, had := p.moment()
	p.moments = moments
	p.index = clamp(p.index, 0, max(len(moments)-1, 0))
	if p.live {
		p.index = max(len(moments)-1, 0)
		return
	}
	if !had {
		return
	}
	for i, m := range moments {
		if m.Step == old.Step && m.Revision == old.Revision && m.Actor == old.Actor {
			p.index = i
			return
		}
	}
}

// moment is the one at the cursor, if there is any.
func (p *playback) moment() (run.Moment, bool) {
	if p.index >= len(p.moments) {
		return run.Moment{}, false
	}
	return p.moments[p.index], true
}

// move goes so many moments on, and stops following and playing.
func (p *playback) move(by int) { p.to(p.index + by) }

// to goes to a moment by its index.
func (p *playback) to(index int) {
	if len(p.moments) == 0 {
		return
	}
	p.index = clamp(index, 0, max(len(p.moments)-1, 0))
	p.live, p.playing = false, false
}

// moveRevision goes to the next moment with another revision, in a direction:
// forward to the one that made it, backward to the last one before.
func (p *playback) moveRevision(by int) {
	at, ok := p.moment()
	if !ok {
		return
	}
	i := p.index
	for i+by >= 0 && i+by < len(p.moments) && p.moments[i].Revision == at.Revision {
		i += by
	}
	if by < 0 {
		// To the moment that made that revision.
		for i > 0 && p.moments[i-1].Revision == p.moments[i].Revision {
			i--
		}
	}
	p.to(i)
}

// jump goes to a step or, for a larger number, to a revision. It reports whether
// there is such a moment.
func (p *playback) jump(number int64) bool {
	for i, m := range p.moments {
		if number <= maxStep && int64(m.Step) == number || number > maxStep && m.Revision == number {
			p.to(i)
			return true
		}
	}
	return false
}

// maxStep is the number of the last step; etcd's revisions are larger.
const maxStep = 8

// play starts or stops. At the end it starts over.
func (p *playback) play() {
	if len(p.moments) == 0 {
		return
	}
	p.live = false
	if p.playing = !p.playing; p.playing && p.index >= len(p.moments)-1 {
		p.index = 0
	}
	p.generation++
}

// advance shows the next moment while playing, and stops at the last one.
func (p *playback) advance() {
	p.index = min(p.index+1, max(len(p.moments)-1, 0))
	p.playing = p.index < len(p.moments)-1
	p.generation++
}

// wait is how long to show the moment at the cursor.
func (p *playback) wait() time.Duration {
	if p.index+1 >= len(p.moments) {
		return stepTime
	}
	return speeds[p.speed].wait(p.moments[p.index], p.moments[p.index+1])
}

// time is that of the cursor, or the last one that is known before it.
func (p *playback) time() *metav1.MicroTime {
	for i := p.index; i >= 0 && i < len(p.moments); i-- {
		if at := p.moments[i].At; at != nil {
			return at
		}
	}
	return nil
}

// when says where a thing of the run is, seen from the cursor.
type when int

const (
	past when = iota
	now
	future
)

// of a message: now if the moment at the cursor tells of it, else by its time.
func (p *playback) of(m run.Message) when {
	at, ok := p.moment()
	if !ok {
		return future
	}
	for _, id := range at.Messages {
		if id == m.ID {
			return now
		}
	}
	cursor, sent := p.time(), timeOf(m)
	if cursor == nil || sent == nil || sent.After(cursor.Time) {
		return future
	}
	return past
}

// ofMoment is where a moment is, seen from the cursor.
func (p *playback) ofMoment(index int) when {
	switch {
	case index == p.index:
		return now
	case index < p.index:
		return past
	}
	return future
}

// timeOf a message is when it had arrived at the latest, by what is known.
func timeOf(m run.Message) *metav1.MicroTime {
	for _, t := range []*metav1.MicroTime{m.SentAt, m.ReceivedAt, m.NotAfter, m.NotBefore} {
		if t != nil {
			return t
		}
	}
	return nil
}
