// A field in which something is typed to filter by.

import { html, useEffect, useRef, useState } from '../lib.js';

const pause = 250;

/**
 * Typed hands out its value when the typing pauses. A value that comes from
 * elsewhere, such as an address, is taken over.
 * @param {{type: string, label: string, placeholder: string, value: string, problem?: string, onValue: (value: string) => void}} props
 */
export function Typed({ type, label, placeholder, value, problem, onValue }) {
  const [text, setText] = useState(value);
  const handed = useRef(value);
  const timer = useRef(0);
  useEffect(() => {
    if (value === handed.current) return;
    handed.current = value;
    clearTimeout(timer.current);
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onInput = (/** @type {any} */ event) => {
    const now = event.target.value;
    setText(now);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      handed.current = now;
      onValue(now);
    }, pause);
  };
  return html`<input type=${type} aria-label=${label} placeholder=${placeholder} value=${text} spellcheck=${false} autocomplete="off"
    aria-invalid=${problem ? 'true' : undefined} onInput=${onInput} />`;
}
