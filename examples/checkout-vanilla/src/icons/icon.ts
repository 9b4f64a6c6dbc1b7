/** Draws an icon of 24 by 24 from one path. */
export function icon(name: string, path: string): () => SVGSVGElement {
  return () => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');

    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('class', `icon icon--${name}`);
    svg.setAttribute('aria-hidden', 'true');
    shape.setAttribute('d', path);
    svg.append(shape);

    return svg;
  };
}
