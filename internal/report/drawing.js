
// What the drawings share: how amounts are written, a canvas in the page's
// colours, and the moment to start. A drawing takes its data from the JSON
// beside it, and says nothing that the table below it does not.
const drawing = (() => {
  'use strict';
  const make = (name, set, ...inside) => {
    const e = Object.assign(document.createElement(name), set);
    e.append(...inside);
    return e;
  };

  // As internal/report/units.go writes them.
  const fixed = (f, n) => {
    const shifted = f * 10 ** n, near = Math.round(shifted);
    return ((shifted % 1 === 0.5 && near % 2 ? near - 1 : near) / 10 ** n).toFixed(n);
  };
  const figures = (f) => fixed(f, f < 9.995 ? 2 : f < 99.95 ? 1 : 0);
  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
  const counted = (n, noun) => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
  const bytes = (n) => {
    if (n < 1024) return n + ' B';
    let unit = -1;
    do { n /= 1024; unit++; } while (n >= 999.5 && unit < 3);
    return figures(n) + ' ' + ['KiB', 'MiB', 'GiB', 'TiB'][unit];
  };
  const percent = (share) => {
    const p = share * 100;
    if (!(p > 0)) return '0%';
    return p >= 100 ? '100%' : p >= 99.95 ? '99.9%' : p < 0.05 ? '<0.1%' : fixed(p, 1) + '%';
  };
  const duration = (ns) => {
    if (ns < 1e6) return Math.floor(ns / 1e3) + ' µs';
    if (ns < 999.5e6) return Math.round(ns / 1e6) + ' ms';
    if (ns < 59.95e9) return figures(ns / 1e9) + ' s';
    const s = Math.round(ns / 1e9), m = Math.round(s / 60);
    return s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${count(Math.floor(m / 60))} h ${m % 60} min`;
  };

  // each starts every drawing of a kind when it comes near the screen, or goes
  // on paper. The box keeps its place before that, so nothing moves.
  const waiting = new Set();
  const each = (kind, begin) => {
    for (const box of document.querySelectorAll(`[data-${kind}]`)) {
      const stage = make('div', { className: 'stage' });
      stage.dataset.added = '';
      box.prepend(stage);
      const start = () => {
        watch.disconnect();
        waiting.delete(start);
        begin(stage, JSON.parse(box.querySelector('script').textContent), box.getAttribute('data-' + kind));
      };
      const watch = new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting)) start(); }, { rootMargin: '50%' });
      watch.observe(stage);
      waiting.add(start);
    }
  };

  const everything = () => { for (const start of [...waiting]) start(); };

  // Paper is light whatever the screen is.
  const sheets = new Set();
  let paper = false;
  const printing = (on) => {
    paper = on;
    document.documentElement.classList.toggle('paper', on);
    everything();
    for (const draw of sheets) draw();
  };
  addEventListener('beforeprint', () => printing(true));
  addEventListener('afterprint', () => printing(false));

  // sheet is a canvas as wide as its box. paint(ctx, width, height, colour)
  // draws it; over(ctx, colour) adds what changes with the pointer.
  const sheet = (canvas, paint, over) => {
    const context = canvas.getContext('2d');
    const still = document.createElement('canvas');
    let width = 0, height = 0, asked = 0;
    const colours = () => {
      const style = getComputedStyle(canvas), known = {};
      return Object.assign((name) => known[name] ??= style.getPropertyValue('--' + name).trim(), { font: style.fontFamily });
    };
    const light = () => {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(still, 0, 0);
      context.scale(canvas.width / width, canvas.width / width);
      if (over && !paper) over(context, colours());
    };
    const draw = () => {
      width = canvas.clientWidth;
      height = canvas.clientHeight;
      if (!width || !height) return;
      const scale = paper ? 2 : Math.min(devicePixelRatio || 1, 3);
      for (const c of [canvas, still]) {
        c.width = Math.round(width * scale);
        c.height = Math.round(height * scale);
      }
      const on = still.getContext('2d');
      on.scale(scale, scale);
      paint(on, width, height, colours());
      light();
    };
    // soon lets many moves of a pointer be one picture.
    const soon = (what) => () => {
      cancelAnimationFrame(asked);
      asked = requestAnimationFrame(what);
    };
    new ResizeObserver(() => { if (canvas.clientWidth !== width || canvas.clientHeight !== height) draw(); }).observe(canvas);
    for (const query of ['(prefers-color-scheme: dark)', 'print', '(resolution: 1dppx)']) matchMedia(query).addEventListener('change', draw);
    sheets.add(draw);
    return { draw, light: soon(light) };
  };

  // fitted cuts text to a width. Measuring is what takes the time of a picture
  // with thousands of names: it guesses by the mean of the letters first.
  const fitted = (context, text, width) => {
    const whole = context.measureText(text).width;
    if (whole <= width) return text;
    let n = Math.floor((width - 8) / whole * text.length);
    while (n > 1 && context.measureText(text.slice(0, n) + '…').width > width) n--;
    return n > 1 ? text.slice(0, n) + '…' : '';
  };

  // tip is what is told beside the pointer; lines are texts, the first its name.
  const tip = (stage) => {
    const box = make('div', { className: 'tip', hidden: true, ariaHidden: 'true' });
    stage.append(box);
    return (event, lines) => {
      box.hidden = !event || !lines || event.pointerType === 'touch';
      if (box.hidden) return;
      box.replaceChildren(...lines.filter(Boolean).map((text) => make('span', { textContent: text })));
      const around = stage.getBoundingClientRect(), own = box.getBoundingClientRect();
      const x = event.clientX - around.x, y = event.clientY - around.y;
      const left = Math.max(0, Math.min(x + 14, around.width - own.width));
      const top = y + 20 + own.height > around.height ? y - own.height - 12 : y + 20;
      box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    };
  };

  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = make('textarea', { className: 'hidden', value: text });
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      return done;
    }
  };
  const copier = (label, text) => {
    const button = make('button', { type: 'button', textContent: label });
    button.addEventListener('click', async () => { button.textContent = await copied(text()) ? 'Copied' : 'Not allowed to copy'; });
    return button;
  };

  return { make, count, counted, bytes, percent, duration, each, everything, sheet, fitted, tip, copier };
})();
