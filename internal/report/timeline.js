
// A timeline: spans in lanes on one canvas.
(() => {
  'use strict';
  const { make, counted, duration, percent, each, sheet, fitted, tip } = drawing;
  const axis = 24, title = 21, gap = 6;

  // laid gives lanes their places from above, and spans as objects.
  const laid = (data) => {
    const total = data.lanes.reduce((n, l) => n + l.rows, 0), row = total > 48 ? 12 : 18;
    let y = axis;
    const lanes = [];
    data.lanes.forEach((raw, i) => {
      const before = data.lanes[i - 1]?.path ?? [];
      // A lane around it that has no spans of its own gets its name alone.
      for (let n = 1; n < raw.path.length; n++) {
        if (raw.path.slice(0, n).some((name, j) => name !== before[j])) {
          lanes.push({ name: raw.path[n - 1], depth: n - 1, y, spans: [], height: title });
          y += title;
        }
      }
      const lane = { name: raw.path.at(-1) ?? '', path: raw.path, depth: Math.max(0, raw.path.length - 1), y, height: title + raw.rows * row + gap };
      lane.spans = raw.spans.map(([at, start, length, kind, name, detail]) => ({
        lane, row: at, y: lane.y + title + at * row, start, end: start + length, length, kind, name: data.texts[name], detail: data.texts[detail],
      }));
      lanes.push(lane);
      y += lane.height;
    });
    return { lanes, spans: lanes.flatMap((l) => l.spans), row, height: y + 4 };
  };

  // step is the distance of marks: 1, 2 or 5 of a power of ten.
  const step = (range, most) => {
    const least = range / most, ten = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].find((n) => n * ten >= least) * ten;
  };

  const painted = (context, width, colour, plan, view, found) => {
    const scale = width / (view.to - view.from), font = colour.font;
    context.font = `400 11px ${font}`;
    const marks = step(view.to - view.from, Math.max(4, width / 90));
    for (let t = Math.ceil(view.from / marks) * marks; t <= view.to; t += marks) {
      const x = Math.round((t - view.from) * scale);
      context.fillStyle = colour('rule');
      context.fillRect(x, 16, 1, plan.height);
      context.fillStyle = colour('quiet');
      const text = duration(Math.round(t) * 1000);
      if (x + context.measureText(text).width < width) context.fillText(t === 0 ? '0' : text, x + 3, 12);
    }
    for (const lane of plan.lanes) {
      context.fillStyle = colour(lane.depth ? 'quiet' : 'text');
      context.font = `${lane.depth ? 500 : 650} 11.5px ${font}`;
      context.fillText(fitted(context, lane.name, width - 10), 2 + lane.depth * 12, lane.y + 14);
      context.font = `400 11px ${font}`;
      const filled = []; // to which pixel a row is filled: thousands of short ones are one picture
      for (const s of lane.spans) {
        if (s.end < view.from || s.start > view.to) continue;
        const x = Math.max(-2, (s.start - view.from) * scale), end = Math.min(width + 2, (s.end - view.from) * scale);
        const hit = found?.has(s);
        if (!hit && end <= filled[s.row]) continue;
        const wide = end - x, w = Math.max(1, wide > 3 ? wide - 1 : wide);
        filled[s.row] = Math.ceil(Math.max(x + 1, end));
        const kind = Math.min(s.kind, 5) + 1;
        context.fillStyle = found && !hit ? colour('area-3') : colour(`${found ? 'hit' : 'tile'}-${kind}`);
        context.fillRect(x, s.y, w, plan.row - 2);
        if (!found && w > 2) { // the tint alone is faint for what is small
          context.fillStyle = colour(`hit-${kind}`);
          context.fillRect(x, s.y + plan.row - 3, w, 1);
        }
        if (w < 36 || plan.row < 16) continue;
        context.fillStyle = colour(hit ? 'hit-text' : found ? 'quiet' : 'text');
        const left = Math.max(0, x) + 4;
        const room = x + w - left - 3;
        // A path's end tells more than its beginning.
        const name = context.measureText(s.name).width > room ? s.name.slice(s.name.lastIndexOf('/') + 1) || s.name : s.name;
        context.fillText(fitted(context, name, room), left, s.y + 12);
      }
    }
  };

  each('timeline', (stage, data, caption) => {
    const plan = laid(data), whole = Math.max(1, data.whole);
    const view = { from: 0, to: whole };
    let over = null, at = null, found = null, width = 1, held = null;

    const search = make('input', { type: 'search', autocomplete: 'off', spellcheck: false });
    const sum = make('output', {});
    const button = (text, label, act) => {
      const b = make('button', { type: 'button', textContent: text, ariaLabel: label });
      b.addEventListener('click', act);
      return b;
    };
    const range = make('span', { className: 'number range' });
    const controls = make('div', { className: 'controls' },
      make('span', { className: 'zoom', role: 'group', ariaLabel: 'Zoom' }, button('−', 'Zoom out', () => zoom(2)), button('+', 'Zoom in', () => zoom(.5)), button('All', 'Show all', () => show(0, whole))),
      make('label', {}, 'Search ', search), sum);
    const legend = make('ul', { className: 'legend' }, ...(data.kinds ?? []).map((kind, i) => make('li', { className: 'kind-' + Math.min(i + 1, 6) }, kind)));
    const canvas = make('canvas', { ariaHidden: 'true' });
    const map = make('div', { className: 'canvas', role: 'application', tabIndex: 0, ariaLabel: `${caption}. Arrow keys move, Enter zooms in, Escape zooms out.` }, canvas);
    map.setAttribute('aria-roledescription', 'timeline');
    const told = make('output', { className: 'hidden' });
    const panel = make('div', { className: 'panel' });
    canvas.style.height = plan.height + 'px';
    stage.append(make('p', { className: 'caption', textContent: caption }), controls, make('div', { className: 'line' }, range, legend), map, panel, told);
    const hint = tip(stage);

    const picture = sheet(canvas, (context, w, height, colour) => {
      width = w;
      painted(context, w, colour, plan, view, found);
    }, (context, colour) => {
      for (const [s, name, thick] of [[over, 'text', 1], [at, 'accent', 2.5]]) {
        if (!s) continue;
        const scale = width / (view.to - view.from), x = Math.max(-5, (s.start - view.from) * scale), end = Math.min(width + 5, (s.end - view.from) * scale);
        context.strokeStyle = colour(name);
        context.lineWidth = thick;
        if (end > 0 && x < width) context.strokeRect(x, s.y - .5, Math.max(2, end - x - 1), plan.row - 1);
      }
    });

    const show = (from, to) => {
      const length = Math.min(whole, Math.max(20, to - from));
      view.from = Math.max(0, Math.min(whole - length, from));
      view.to = view.from + length;
      range.textContent = length === whole ? `${duration(whole * 1e3)}, ${counted(plan.spans.length, 'step')}` : `${duration(Math.round(view.from) * 1e3)} to ${duration(Math.round(view.to) * 1e3)} of ${duration(whole * 1e3)}`;
      picture.draw();
    };
    const zoom = (factor, around = at && at.end > view.from && at.start < view.to ? (Math.max(at.start, view.from) + Math.min(at.end, view.to)) / 2 : (view.from + view.to) / 2) =>
      show(around - (around - view.from) * factor, around + (view.to - around) * factor);
    const pan = (share) => show(view.from + share * (view.to - view.from), view.to + share * (view.to - view.from));

    const facts = (s) => [s.name, s.lane.path.join(' › '), `${duration(s.length * 1e3)}, ${percent(s.length / whole)} of the time`, s.detail];
    const details = () => {
      if (!at) {
        panel.replaceChildren(make('p', { className: 'none', textContent: 'Choose a step to see it. Two clicks zoom in; so does the wheel, with Ctrl or once the timeline has the focus. Drag to move.' }));
        return;
      }
      const rows = [['In', at.lane.path.join(' › ')], ['Took', facts(at)[2]], ['After', duration(at.start * 1e3)], ['Detail', at.detail]];
      panel.replaceChildren(make('p', { className: 'title' }, make('code', { textContent: at.name })),
        make('dl', {}, ...rows.filter((r) => r[1]).map(([term, text]) => make('div', {}, make('dt', { textContent: term }), make('dd', { textContent: text })))));
    };
    const select = (s) => {
      at = s;
      if (s && (s.end < view.from || s.start > view.to)) show(s.start - (view.to - view.from) / 2, s.start + (view.to - view.from) / 2);
      if (s) told.textContent = facts(s).filter(Boolean).join(', ');
      details();
      picture.light();
    };

    const time = (event) => view.from + (event.clientX - canvas.getBoundingClientRect().x) / width * (view.to - view.from);
    const point = (event) => {
      const y = event.clientY - canvas.getBoundingClientRect().y, t = time(event), near = 2 * (view.to - view.from) / width;
      const lane = plan.lanes.find((l) => y >= l.y && y < l.y + l.height);
      let best = null, least = Infinity;
      for (const s of lane?.spans ?? []) {
        if (y < s.y || y >= s.y + plan.row) continue;
        const off = Math.max(0, s.start - t, t - s.end);
        if (off <= near && off <= least) [best, least] = [s, off];
      }
      return best;
    };
    map.addEventListener('pointermove', (event) => {
      if (held) {
        const by = (held.x - event.clientX) / width * (view.to - view.from);
        if (Math.abs(held.x - event.clientX) > 3) held.moved = true;
        if (held.moved) { show(view.from + by, view.to + by); held.x = event.clientX; }
        hint(null);
        return;
      }
      const s = point(event);
      hint(s && event, s && facts(s));
      if (s !== over) { over = s; picture.light(); }
    });
    map.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      held = { x: event.clientX, moved: false };
      map.setPointerCapture(event.pointerId);
    });
    map.addEventListener('pointerup', (event) => {
      const moved = held?.moved;
      held = null;
      if (!moved && event.button === 0) select(point(event));
    });
    map.addEventListener('pointercancel', () => { held = null; });
    map.addEventListener('pointerleave', () => { over = null; hint(null); picture.light(); });
    const into = (s) => show(s.start - s.length * .05, s.end + s.length * .05);
    map.addEventListener('dblclick', (event) => { const s = point(event); if (s) into(s); });
    map.addEventListener('wheel', (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      const zooms = event.ctrlKey || event.metaKey || document.activeElement === map;
      if (sideways ? view.to - view.from === whole : !zooms || event.deltaY > 0 && view.to - view.from === whole) return; // the page's
      event.preventDefault();
      if (sideways) pan((event.deltaX || event.deltaY) / width);
      else zoom(Math.exp(Math.max(-100, Math.min(100, event.deltaY)) / 300), time(event));
    }, { passive: false });

    const byStart = [...plan.spans].sort((a, b) => a.start - b.start);
    // beside finds the span before or after one in its row, or the nearest of
    // the next row.
    const beside = (from, dx, dy) => {
      if (dx) {
        const row = byStart.filter((s) => s.y === from.y);
        return row[row.indexOf(from) + dx];
      }
      const ys = [...new Set(plan.spans.map((s) => s.y))].sort((a, b) => a - b);
      const y = ys[ys.indexOf(from.y) + dy], middle = (from.start + from.end) / 2;
      const off = (s) => Math.max(0, s.start - middle, middle - s.end);
      return byStart.filter((s) => s.y === y).reduce((best, s) => !best || off(s) < off(best) ? s : best, undefined);
    };
    const keys = {
      ArrowLeft: () => at ? beside(at, -1, 0) : byStart[0], ArrowRight: () => at ? beside(at, 1, 0) : byStart[0],
      ArrowUp: () => at ? beside(at, 0, -1) : byStart[0], ArrowDown: () => at ? beside(at, 0, 1) : byStart[0],
    };
    const acts = {
      Enter: () => { if (at) into(at); }, Escape: () => { if (view.to - view.from < whole) show(0, whole); else select(null); },
      '+': () => zoom(.5), '=': () => zoom(.5), '-': () => zoom(2), 0: () => show(0, whole), w: () => zoom(.5), s: () => zoom(2), a: () => pan(-.25), d: () => pan(.25),
    };
    map.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys || event.key in acts)) return;
      event.preventDefault();
      if (event.key in acts) return acts[event.key]();
      const next = keys[event.key]();
      if (next) select(next);
    });

    search.addEventListener('input', () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      found = null;
      sum.textContent = '';
      if (words.length) {
        found = new Set(plan.spans.filter((s) => {
          s.text ??= [...s.lane.path, s.name, s.detail].join(' ').toLowerCase();
          return words.every((word) => s.text.includes(word));
        }));
        sum.textContent = `${counted(found.size, 'step')}, ${duration([...found].reduce((n, s) => n + s.length, 0) * 1e3)} in sum`;
      }
      picture.draw();
    });

    details();
    show(0, whole);
  });
})();
