
// A graph: what a file loads and what loads it is highlighted. The drawing is
// there without this.
(() => {
  'use strict';
  const { counted } = drawing;
  for (const box of document.querySelectorAll('[data-graph]')) {
    const svg = box.querySelector('svg.graph');
    if (!svg) continue;
    const nodes = [...svg.querySelectorAll('g.node')], edges = [...svg.querySelectorAll('path.edge')].map((path) => ({ path, from: Number(path.dataset.from), to: Number(path.dataset.to) }));
    let current = -1;

    const label = (i) => nodes[i].dataset.label;
    const files = (some) => counted(some.reduce((n, i) => n + Number(nodes[i].dataset.files), 0), 'file');
    const light = (i) => {
      const near = edges.filter((e) => e.from === i || e.to === i);
      svg.classList.toggle('dim', i >= 0);
      for (const e of edges) e.path.classList.toggle('lit', near.includes(e));
      nodes.forEach((g, n) => g.classList.toggle('lit', n === i || near.some((e) => e.from === n || e.to === n)));
    };
    const enter = (i) => {
      if (nodes[current]) nodes[current].setAttribute('tabindex', '-1');
      current = i;
      nodes[i].setAttribute('tabindex', '0');
      nodes[i].focus();
    };
    // across goes along the edges, within goes up and down a column.
    const middle = (i) => { const r = nodes[i].getBoundingClientRect(); return [r.x, r.y]; };
    const off = (i, side) => Math.abs(middle(i)[side] - middle(current)[side]);
    const nearest = (some) => some.sort((a, b) => off(a, 0) - off(b, 0) || off(a, 1) - off(b, 1))[0];
    const beside = (sign) => nearest(nodes.map((_, i) => i).filter((i) => middle(i)[0] === middle(current)[0] && sign * (middle(i)[1] - middle(current)[1]) > 1));
    const moves = {
      ArrowRight: () => nearest(edges.filter((e) => e.from === current).map((e) => e.to)), ArrowLeft: () => nearest(edges.filter((e) => e.to === current).map((e) => e.from)),
      ArrowUp: () => beside(-1), ArrowDown: () => beside(1),
    };
    svg.setAttribute('role', 'application');
    svg.setAttribute('aria-label', svg.getAttribute('aria-label') + '. Arrow keys go from file to file.');
    nodes.forEach((g, i) => {
      g.setAttribute('tabindex', i ? '-1' : '0');
      g.setAttribute('role', 'img');
      g.setAttribute('aria-label', `${label(i)}: loads ${files(edges.filter((e) => e.from === i).map((e) => e.to))}, loaded by ${files(edges.filter((e) => e.to === i).map((e) => e.from))}`);
      g.addEventListener('pointerenter', () => light(i));
      g.addEventListener('pointerleave', () => light(document.activeElement === nodes[current] ? current : -1));
      g.addEventListener('focus', () => { current = i; light(i); });
      g.addEventListener('blur', () => light(-1));
      g.addEventListener('keydown', (event) => {
        if (!(event.key in moves)) return;
        event.preventDefault();
        const next = moves[event.key]();
        if (next !== undefined) enter(next);
      });
    });
    addEventListener('beforeprint', () => light(-1));
  }
})();
