import { createElement } from 'react';

/** The names of the icons whose modules have run, in that order. */
export const drawn = [];

export function icon(name, path) {
  drawn.push(name);

  return function Icon() {
    return createElement(
      'svg',
      { viewBox: '0 0 24 24', className: `icon icon--${name}`, 'aria-hidden': true },
      createElement('path', { d: path }),
    );
  };
}
