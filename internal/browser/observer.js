// Runs in an isolated world before any script of a document. It keeps a list of
// the script, style and hint elements that were ever inserted.
(() => {
  const seen = new Map();
  const hint = /^(preload|modulepreload|prefetch)$/;

  const kindOf = (e) => {
    if (e.localName === 'style') return 'style';
    if (e.localName === 'link') {
      const rels = [...e.relList].map((rel) => rel.toLowerCase());
      return rels.includes('stylesheet') ? 'style' : rels.some((rel) => hint.test(rel)) ? 'hint' : '';
    }
    if (e.localName !== 'script') return '';
    const type = e.type.trim().toLowerCase();
    if (type === 'importmap') return 'importmap';
    if (type === '' || type === 'module' || /^(text|application)\/(x-)?(java|ecma)script$/.test(type)) return 'script';
    return 'data';
  };

  const read = (e) => ({
    kind: kindOf(e),
    module: e.localName === 'script' && e.type.trim().toLowerCase() === 'module',
    rel: e.localName === 'link' ? e.rel : '',
    url: (e.localName === 'link' ? e.href : e.src) || '',
    integrity: e.integrity || '',
    crossOrigin: e.crossOrigin || '',
    nonce: e.nonce || '',
  });

  const note = (e) => {
    if (seen.has(e) || !kindOf(e)) return;
    seen.set(e, { ...read(e), parsing: document.readyState === 'loading', state: '' });
  };

  const walk = (n) => {
    if (n.nodeType !== Node.ELEMENT_NODE) return;
    note(n);
    for (const e of n.querySelectorAll('script, style, link')) note(e);
  };

  // A change of address or use makes a new resource of the element. Other
  // attributes count only until it has loaded: what was checked was checked.
  const changed = (e, name) => {
    const s = seen.get(e);
    if (!s) return note(e);
    if (name === 'src' || name === 'href' || name === 'rel') Object.assign(s, read(e), { state: '' });
    else if (!s.state) Object.assign(s, read(e));
  };

  new MutationObserver((records) => {
    for (const r of records) {
      if (r.type === 'attributes') changed(r.target, r.attributeName);
      else r.addedNodes.forEach(walk);
    }
  }).observe(document, {
    childList: true, subtree: true, attributes: true,
    attributeFilter: ['src', 'href', 'rel', 'integrity', 'crossorigin', 'type'],
  });

  for (const [event, state] of [['load', 'loaded'], ['error', 'failed']]) {
    document.addEventListener(event, ({ target }) => {
      if (target.nodeType !== Node.ELEMENT_NODE) return;
      note(target);
      const s = seen.get(target);
      if (s && s.url) s.state = state;
    }, true);
  }

  globalThis.checkoutDeployResources = () => [...seen].map(([e, s]) => ({
    ...s, text: s.url ? '' : e.textContent, present: e.isConnected,
  }));
})();
