
// A treemap: squarified areas on one canvas.
(() => {
  'use strict';
  const { make, counted, bytes, percent, each, sheet, fitted, tip, copier } = drawing;

  // grown makes the tree of [name, areas] and [name, size, origin, original, kind].
  const grown = (raw, up) => {
    const node = { name: raw[0], up, value: 0, leaves: 0, kinds: [] };
    if (!Array.isArray(raw[1])) {
      [, node.value, node.origin, node.original, node.kind] = raw;
      node.leaves = 1;
      node.kinds[node.kind] = node.value;
      return node;
    }
    node.inside = raw[1].map((one) => grown(one, node));
    summed(node);
    return node;
  };
  const summed = (node) => {
    for (const one of node.inside) {
      node.value += one.value;
      node.leaves += one.leaves;
      one.kinds.forEach((value, kind) => { node.kinds[kind] = (node.kinds[kind] ?? 0) + value; });
    }
  };
  const chain = (node) => {
    const out = [];
    for (; node; node = node.up) out.unshift(node);
    return out;
  };
  // named is a node's path below the whole.
  const named = (node) => chain(node).slice(1).map((one) => one.name);
  const leavesOf = (node, out = []) => {
    if (!node.inside) out.push(node);
    else for (const one of node.inside) leavesOf(one, out);
    return out;
  };

  // squarify lays nodes, the largest first, into a rectangle: in rows whose
  // cells are as near to squares as they get (Bruls, Huizing, van Wijk, 2000).
  const squarify = (nodes, total, x, y, w, h, put) => {
    const scale = w * h / total;
    for (let i = 0; i < nodes.length;) {
      const side = Math.min(w, h), largest = nodes[i].value * scale;
      let sum = 0, worst = Infinity, end = i;
      for (; end < nodes.length; end++) {
        const value = nodes[end].value * scale, next = sum + value;
        const ratio = Math.max(side * side * largest / (next * next), next * next / (side * side * value));
        if (ratio > worst) break;
        worst = ratio;
        sum = next;
      }
      const thick = sum / side, wide = w >= h;
      for (let along = 0; i < end; i++) {
        const long = nodes[i].value * scale / thick;
        if (wide) put(nodes[i], x, y + along, thick, long);
        else put(nodes[i], x + along, y, long, thick);
        along += long;
      }
      if (wide) { x += thick; w -= thick; } else { y += thick; h -= thick; }
      if (w <= 0 || h <= 0) return;
    }
  };

  const head = 19; // the height of an area's name
  // placed gives the cells that can be seen, outer ones before inner ones.
  const placed = (root, width, height) => {
    const cells = [];
    const place = (node, x, y, w, h, depth) => {
      if (w < 1 || h < 1) return;
      Object.assign(node, { x, y, w, h, depth, open: !!node.inside && w > 9 && h > 9 });
      node.head = node.open && depth > 0 && w > 46 && h > 38;
      cells.push(node);
      if (!node.open) return;
      const pad = depth === 0 ? 0 : node.head ? 3 : 1, top = node.head ? head : pad;
      squarify(node.inside, node.value, x + pad, y + top, w - 2 * pad, h - top - pad, (one, ...at) => place(one, ...at, depth + 1));
    };
    if (root.value > 0) place(root, 0, 0, width, height, root.inside ? 0 : 1);
    return cells;
  };

  // mainly is the kind that most of a node is of.
  const mainly = (node) => {
    let best = 0;
    node.kinds.forEach((value, kind) => { if (value > (node.kinds[best] ?? 0)) best = kind; });
    return Math.min(best, 5) + 1;
  };

  const painted = (context, cells, colour, found) => {
    const font = colour.font;
    for (const c of cells) {
      if (c.depth === 0) continue;
      const x = Math.round(c.x), y = Math.round(c.y), w = Math.round(c.x + c.w) - x - 1, h = Math.round(c.y + c.h) - y - 1;
      if (w < 1 || h < 1) continue;
      const quiet = found && !(c.inside ? c.open || leavesOf(c).some((l) => found.has(l)) : found.has(c));
      const hit = found && !quiet && !c.open;
      context.fillStyle = c.open ? colour(c.depth === 1 ? 'area-1' : 'area-2') : quiet ? colour('area-3') : colour(`${hit ? 'hit' : 'tile'}-${mainly(c)}`);
      context.fillRect(x, y, w, h);
      if (c.open) {
        context.strokeStyle = colour(c.depth === 1 ? 'strong-rule' : 'rule');
        context.strokeRect(x + .5, y + .5, w - 1, h - 1);
      }
      if (c.open ? !c.head : w < 40 || h < 15) continue;
      context.font = `${c.open ? (c.depth === 1 ? 650 : 500) : 400} 11.5px ${font}`;
      context.fillStyle = colour(hit ? 'hit-text' : quiet ? 'quiet' : 'text');
      const name = fitted(context, c.name, w - 10);
      context.fillText(name, x + 5, y + (c.open || h > 22 ? 13.5 : h / 2 + 4));
      if (!hit) context.fillStyle = colour('quiet');
      context.font = `400 11px ${font}`;
      if (c.open ? name !== c.name : h < 35) continue;
      const size = bytes(c.value), room = w - 10 - context.measureText(size).width;
      if (!c.open && room >= 0) context.fillText(size, x + 5, y + 28);
      else if (c.open && room > name.length * 7 + 8) context.fillText(size, x + w - 5 - context.measureText(size).width, y + 13.5);
    }
  };

  const under = (cells, x, y) => {
    for (let i = cells.length - 1; i >= 0; i--) { // inner ones come later
      const c = cells[i];
      if (x >= c.x && x < c.x + c.w && y >= c.y && y < c.y + c.h) return c;
    }
    return null;
  };

  // beside finds the next cell of the same depth in a direction.
  const beside = (cells, from, dx, dy) => {
    const middle = (c) => [c.x + c.w / 2, c.y + c.h / 2];
    const [x, y] = middle(from);
    let best = null, least = Infinity;
    for (const c of cells) {
      if (c.depth !== from.depth || c === from) continue;
      const [cx, cy] = middle(c);
      const forth = (cx - x) * dx + (cy - y) * dy, aside = Math.abs((cx - x) * dy) + Math.abs((cy - y) * dx);
      if (forth > 1 && forth + 2 * aside < least) [best, least] = [c, forth + 2 * aside];
    }
    return best;
  };

  // route is who imports whom, from the entry to the origin.
  const route = (origins, i) => {
    const out = [];
    for (const seen = new Set(); i >= 0 && !seen.has(i); i = origins[i][1]) {
      seen.add(i);
      out.unshift({ name: origins[i][0], how: origins[i][1] < 0 ? 'entry' : origins[i][2] || 'import' });
    }
    return out;
  };

  each('treemap', (stage, data, caption) => {
    const files = data.tree.map((raw) => grown(raw, null));
    const copies = new Map(); // leaves by origin
    for (const l of files.flatMap((f) => leavesOf(f))) if (l.origin >= 0) copies.set(l.origin, [...copies.get(l.origin) ?? [], l]);
    const wholeOf = (label, inside) => {
      const whole = { name: label, inside, up: null, value: 0, leaves: 0, kinds: [] };
      for (const f of inside) f.up = whole;
      summed(whole);
      return whole;
    };
    let whole, top, root, cells = [], over = null, at = null, found = null;

    const choice = make('select', {});
    const option = (label, value) => make('option', { textContent: label, value });
    choice.append(option('All files', 'all'), ...(data.views ?? []).map((v, i) => option(v[0], 'v' + i)));
    if (files.length > 1) choice.append(make('optgroup', { label: 'One file' }, ...files.map((f, i) => option(`${f.name} · ${bytes(f.value)}`, 'f' + i))));
    const search = make('input', { type: 'search', autocomplete: 'off', spellcheck: false });
    const sum = make('output', {});
    const controls = make('div', { className: 'controls' }, make('label', {}, 'Show ', choice), make('label', {}, 'Search ', search), sum);
    const crumbs = make('div', { className: 'crumbs', role: 'group', ariaLabel: 'Zoom' });
    const legend = make('ul', { className: 'legend' });
    const canvas = make('canvas', { ariaHidden: 'true' });
    const told = make('output', { className: 'hidden' });
    const map = make('div', { className: 'canvas', role: 'application', tabIndex: 0, ariaLabel: `${caption}. Arrow keys move, Enter goes in, Escape goes out.` }, canvas);
    map.setAttribute('aria-roledescription', 'treemap');
    const panel = make('div', { className: 'panel' });
    stage.append(make('p', { className: 'caption', textContent: caption }), controls, make('div', { className: 'line' }, crumbs, legend), map, panel, told);
    const hint = tip(stage);

    const picture = sheet(canvas, (context, width, height, colour) => {
      cells = placed(root, width, height);
      painted(context, cells, colour, found);
    }, (context, colour) => {
      for (const [c, name, thick] of [[over, 'text', 1], [at, 'accent', 2.5]]) {
        if (!c || !cells.includes(c)) continue;
        context.strokeStyle = colour(name);
        context.lineWidth = thick;
        context.strokeRect(Math.round(c.x) + thick / 2, Math.round(c.y) + thick / 2, Math.max(1, Math.round(c.w) - thick - 1), Math.max(1, Math.round(c.h) - thick - 1));
      }
    });

    const share = (node) => `${bytes(node.value)}, ${percent(node.value / whole.value)} of ${whole.name === 'All files' ? 'all files' : whole.name}`;
    const what = (node) => node.inside ? counted(node.leaves, 'module') : node.original ? `${bytes(node.original)} of source` : '';

    const zoom = (node, select = null) => {
      root = node;
      at = select;
      over = null;
      hint(null);
      crumbs.replaceChildren(...chain(root).slice(top === whole ? 0 : 1).map((one) => {
        const crumb = make(one === root ? 'strong' : 'button', { textContent: one.name });
        if (one !== root) Object.assign(crumb, { type: 'button' }).addEventListener('click', () => { zoom(one); map.focus(); });
        return crumb;
      }), make('span', { className: 'number', textContent: `${bytes(root.value)} in ${counted(root.leaves, 'module')}` }));
      legend.replaceChildren(...(data.kinds ?? []).map((kind, i) => root.kinds[i] &&
        make('li', { className: 'kind-' + Math.min(i + 1, 6) }, kind, make('span', { className: 'number', textContent: bytes(root.kinds[i]) }))).filter(Boolean));
      details();
      picture.draw();
      if (at) tell();
    };
    const tell = () => { told.textContent = [at.name, share(at), what(at)].filter(Boolean).join(', '); };
    const select = (node) => {
      at = node;
      tell();
      details();
      picture.light();
    };

    // matches lists the largest that a search found: some are too small to point at.
    const matches = () => {
      const all = [...found].sort((a, b) => b.value - a.value);
      const item = (leaf) => {
        const button = make('button', { type: 'button', textContent: named(leaf).slice(1).join('/') || leaf.name });
        button.addEventListener('click', () => { zoom(leaf.up, leaf); map.focus(); });
        return make('li', {}, button, make('span', { className: 'number', textContent: bytes(leaf.value) }));
      };
      return [make('ul', { className: 'matches' }, ...all.slice(0, 8).map(item)),
        make('p', { className: 'none', textContent: all.length > 8 ? `And ${counted(all.length - 8, 'smaller module')}.` : all.length ? '' : 'No module has these words in its path.' })];
    };

    // details tells of the selected node, and why it is there.
    const details = () => {
      if (!at) {
        panel.replaceChildren(...found ? matches() : [make('p', { className: 'none', textContent: 'Choose an area to zoom in, a module to see who imports it.' })]);
        return;
      }
      const [file, ...path] = named(at);
      const rows = [['In', file], ['Size', share(at)], at.inside ? ['Holds', counted(at.leaves, 'module')] : ['Source', at.original && bytes(at.original)]];
      const parts = [make('p', { className: 'title' }, make('code', { textContent: path.join('/') || file }))];
      const others = at.origin >= 0 ? copies.get(at.origin).filter((l) => l !== at) : [];
      if (others.length) rows.push(['Also in', others.map((l) => chain(l).find((n) => files.includes(n)).name).join(', ')]);
      parts.push(make('dl', {}, ...rows.filter((r) => r[1]).map(([term, text]) => make('div', {}, make('dt', { textContent: term }), make('dd', { textContent: text })))));
      const steps = at.inside ? [] : route(data.origins, at.origin);
      if (steps.length) {
        const text = () => steps.map((s, i) => (i ? `  ${s.how} ` : '') + s.name).join('\n');
        parts.push(make('div', { className: 'why' }, make('p', { className: 'title', textContent: 'Why it is there' }), copier('Copy', text)),
          make('ol', { className: 'route' }, ...steps.map((s) => make('li', {}, make('span', { className: s.how === 'import()' ? 'how later' : 'how', textContent: s.how }), make('code', { textContent: s.name })))));
      }
      panel.replaceChildren(...parts);
    };

    const point = (event) => {
      const r = canvas.getBoundingClientRect();
      const node = under(cells, event.clientX - r.x, event.clientY - r.y);
      return node === root && node.inside ? null : node;
    };
    const goes = (node) => node.inside && node !== root;
    map.addEventListener('pointermove', (event) => {
      const node = point(event);
      hint(node && event, node && [node.name, named(node).slice(0, -1).join(' › '), share(node), what(node), goes(node) ? 'Click to zoom in' : '']);
      map.classList.toggle('in', !!node && !!goes(node));
      if (node !== over) {
        over = node;
        picture.light();
      }
    });
    map.addEventListener('pointerleave', () => { over = null; hint(null); picture.light(); });
    map.addEventListener('click', (event) => {
      const node = point(event);
      if (node) goes(node) ? zoom(node) : select(node);
    });
    const out = () => {
      if (root !== top) zoom(root.up, root);
      else if (at) { at = null; details(); picture.light(); }
    };
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    map.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key in arrows) {
        const next = at && cells.includes(at) ? beside(cells, at, ...arrows[event.key]) : cells[root.inside ? 1 : 0];
        if (next) select(next);
      } else if (event.key === 'Enter' && at?.inside) zoom(at, at.inside[0]);
      else if (event.key === 'Escape' || event.key === 'Backspace') out();
      else return;
      event.preventDefault();
    });

    choice.addEventListener('change', () => {
      const i = Number(choice.value.slice(1));
      if (choice.value === 'all') show('All files', files);
      else if (choice.value[0] === 'v') show(data.views[i][0], data.views[i][1].map((f) => files[f]));
      else show(files[i].name, [files[i]]);
    });
    const look = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      found = null;
      sum.textContent = '';
      if (!words.length) return;
      const all = leavesOf(whole).filter((l) => {
        l.text ??= named(l).join('/').toLowerCase();
        return words.every((word) => l.text.includes(word));
      });
      found = new Set(all);
      const value = all.reduce((s, l) => s + l.value, 0);
      sum.textContent = `${counted(all.length, 'module')}, ${bytes(value)}, ${percent(value / whole.value)}`;
    };
    search.addEventListener('input', () => { look(); at = null; details(); picture.draw(); });

    const show = (label, some) => {
      whole = wholeOf(label, some);
      top = some.length === 1 ? some[0] : whole;
      look();
      zoom(top);
    };
    show('All files', files);
  });
})();
