// A list of which only the rows that can be seen are in the document.

import { html, useEffect, useId, useRef, useState } from '../lib.js';

// Rows beyond the edges, so that a quick scroll does not show a gap.
const beyond = 6;

/**
 * Column of a list.
 * @typedef {object} Column
 * @property {string} title
 * @property {string} [className]
 * @property {(row: any) => any} cell
 * @property {() => void} [onSort]
 * @property {'ascending'|'descending'|'none'} [sorted]
 */

/**
 * VirtualList is a grid with one row for each of many. Arrow keys, Page Up and Page
 * Down, Home and End move the active row, Enter opens it.
 * @param {object} props
 * @param {string} props.label
 * @param {number} props.count
 * @param {(index: number) => any} props.row what cells are made of
 * @param {(row: any) => string|number} props.rowKey
 * @param {Column[]} props.columns
 * @param {(row: any) => void} [props.onOpen]
 * @param {(row: any) => boolean} [props.isOpen]
 * @param {() => void} [props.onEnd] is called when the last row comes into sight
 * @param {(atTop: boolean) => void} [props.onScrolled]
 * @param {number} [props.rowRems] height of a row
 * @param {any} [props.empty]
 * @param {string} [props.className] gives the columns their widths
 */
export function VirtualList(props) {
  const { label, count, row, rowKey, columns, onOpen, isOpen, onEnd, onScrolled, rowRems = 2, empty, className = '' } = props;
  const id = useId();
  const rowHeight = Math.round(rowRems * rootSize());
  const scroller = useRef(/** @type {HTMLElement|null} */ (null));
  const [box, setBox] = useState({ top: 0, height: 600 });
  const [active, setActive] = useState(0);
  const measure = () => {
    const element = scroller.current;
    if (!element) return;
    setBox({ top: element.scrollTop, height: element.clientHeight });
    onScrolled?.(element.scrollTop < rowHeight / 2);
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    if (scroller.current) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(box.top / rowHeight) - beyond);
  const last = Math.min(count, Math.ceil((box.top + box.height) / rowHeight) + beyond);
  useEffect(() => {
    if (last >= count) onEnd?.();
  }, [last >= count, count]);

  const current = Math.min(active, count - 1);
  const go = (/** @type {number} */ to) => {
    const index = Math.max(0, Math.min(count - 1, to));
    setActive(index);
    const element = scroller.current;
    if (!element) return;
    const top = index * rowHeight;
    const head = element.querySelector('.vhead')?.clientHeight ?? 0;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight + head > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight + head - element.clientHeight;
  };
  const page = Math.max(1, Math.floor(box.height / rowHeight) - 2);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.target !== scroller.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = /** @type {Record<string, number>} */ ({
      ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: count - 1,
    });
    if (event.key in moves) go(moves[event.key]);
    else if (event.key === 'Enter' && onOpen && count > 0) onOpen(row(current));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const rows = [];
  for (let index = first; index < last; index++) {
    const value = row(index);
    rows.push(html`<div
      key=${rowKey(value)} id=${`${id}-${index}`} role="row" aria-rowindex=${index + 2}
      aria-selected=${isOpen ? String(isOpen(value)) : undefined}
      class="vrow ${index === current ? 'active' : ''} ${onOpen ? 'opens' : ''}"
      style=${{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }}
      onClick=${() => { setActive(index); onOpen?.(value); }}
    >${columns.map((column) => html`<div role="gridcell" class=${column.className}>${column.cell(value)}</div>`)}</div>`);
  }
  return html`<div
    ref=${scroller} class="vlist ${className}" role="grid" aria-label=${label} aria-rowcount=${count + 1} aria-colcount=${columns.length}
    tabindex="0" aria-activedescendant=${current >= first && current < last ? `${id}-${current}` : undefined}
    onScroll=${measure} onKeyDown=${onKeyDown}
  >
    <div class="vhead" role="row" aria-rowindex="1">${columns.map((column) => html`<div role="columnheader" class=${column.className} aria-sort=${column.sorted}>
      ${column.onSort ? html`<button type="button" class="sort" onClick=${column.onSort}>${column.title}<span aria-hidden="true">${arrow(column.sorted)}</span></button>` : column.title}
    </div>`)}</div>
    <div class="vbody" role="rowgroup" style=${{ height: `${count * rowHeight}px` }}>${rows}</div>
    ${count === 0 && html`<div class="vempty" role="row"><div role="gridcell">${empty ?? 'none'}</div></div>`}
  </div>`;
}

/** @param {string} [sorted] */
function arrow(sorted) {
  return sorted === 'ascending' ? ' ▲' : sorted === 'descending' ? ' ▼' : '';
}

/** The size of the page's text, which is larger on a projector. */
function rootSize() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}
