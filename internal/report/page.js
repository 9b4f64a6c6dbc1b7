
// Without this script the page says the same: it only adds sorting and
// filtering to tables, and opens what is closed before printing.
(() => {
  'use strict';
  const collator = new Intl.Collator('en', { numeric: true });
  const make = (name, set) => Object.assign(document.createElement(name), set);

  const key = (row, i) => {
    const cell = row.cells[i];
    return cell ? cell.dataset.key ?? cell.textContent : '';
  };
  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    return a !== '' && b !== '' && !isNaN(x) && !isNaN(y) ? x - y : collator.compare(a, b);
  };

  const sortable = (table, rows) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, i) => {
      const button = make('button', { type: 'button' });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        // Numbers are looked at for the largest first.
        const first = head.classList.contains('right') ? 'descending' : 'ascending';
        const other = first === 'ascending' ? 'descending' : 'ascending';
        const order = head.ariaSort === first ? other : first;
        for (const h of heads) h.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', order);
        const sign = order === 'ascending' ? 1 : -1;
        const keyed = rows.map((row) => [key(row, i), row]);
        keyed.sort((a, b) => (a[0] === '') - (b[0] === '') || sign * compare(a[0], b[0]));
        table.tBodies[0].append(...keyed.map(([, row]) => row));
      });
    });
  };

  const filterable = (box, table, rows) => {
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const bar = make('div', { className: 'filter' });
    const label = make('label', { textContent: 'Filter ' });
    const input = make('input', { type: 'search', autocomplete: 'off', spellcheck: false });
    const count = make('output', {});
    input.setAttribute('aria-label', 'Filter: ' + table.caption.textContent);
    label.append(input);
    bar.append(label, count);
    box.prepend(bar);
    input.addEventListener('input', () => {
      const words = input.value.toLowerCase().split(/\s+/);
      let shown = 0;
      for (const row of rows) {
        const text = texts.get(row);
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) shown++;
      }
      count.textContent = input.value.trim() ? `${shown} of ${rows.length} rows` : '';
    });
  };

  for (const box of document.querySelectorAll('[data-sortable]')) {
    const table = box.querySelector('table');
    const rows = [...table.tBodies[0].rows];
    if (rows.length > 1) sortable(table, rows);
    if (rows.length > 7 && !box.closest('.drawing')) filterable(box, table, rows);
  }

  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const d of opened) d.open = true;
  });
  addEventListener('afterprint', () => {
    for (const d of opened) d.open = false;
  });
})();
