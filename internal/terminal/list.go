// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

// list is a selection among rows that come and go: it stays on what it is on, by
// key, and not on a number.
type list struct {
	key    string
	index  int
	offset int
}

// follow finds the selected row among the keys of now. One that is gone leaves the
// selection at its place.
func (l *list) follow(keys []string) {
	for i, key := range keys {
		if key == l.key {
			l.index = i
			return
		}
	}
	l.index = clamp(l.index, 0, max(len(keys)-1, 0))
	l.key = ""
	if l.index < len(keys) {
		l.key = keys[l.index]
	}
}

// move selects another row.
func (l *list) move(keys []string, by int) {
	l.follow(keys)
	if len(keys) == 0 {
		return
	}
	l.index = clamp(l.index+by, 0, len(keys)-1)
	l.key = keys[l.index]
}

// show returns the rows that fit into a height of lines, the selected one among them.
func (l *list) show(rows, height int) (from, to int) {
	if l.index < l.offset {
		l.offset = l.index
	}
	if l.index >= l.offset+height {
		l.offset = l.index - height + 1
	}
	l.offset = clamp(l.offset, 0, max(rows-height, 0))
	return l.offset, min(l.offset+height, rows)
}
