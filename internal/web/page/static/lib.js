/**
 * The libraries that views use, by one name each, so that only this file knows where
 * they are.
 */
import htm from './vendor/htm.js';
import { h } from './vendor/preact.js';

export { h, render, Fragment } from './vendor/preact.js';
export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId, useErrorBoundary } from './vendor/hooks.js';
export { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from './vendor/signals.js';

/**
 * Builds nodes from a tagged template. What is put into it is text, never markup.
 */
export const html = htm.bind(h);
