import { element } from '../elements';
import { report } from '../traps';

import './hint.css';

/** A line of advice in a payment form; `method` gives it its own look. */
export function hint(method: string, text: string, colour: string): HTMLElement {
  const node = element('p', { class: `hint hint--${method}` }, text);

  /* Once it is in the page: the method's own style must win over the shared one. */
  requestAnimationFrame(() => report('css-order', getComputedStyle(node).color, colour));

  return node;
}
