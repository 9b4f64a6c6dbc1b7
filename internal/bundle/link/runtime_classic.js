// The run time of the classic format: a registry of units (functions), the
// table of the files that hold them, and a loader that pins every file.
// __KEY__, __TABLE__ are replaced at build time; the text is ES2017.
//
// Files hand their units to self[KEY], an array until the first run time comes.
// Entries of one pass share lazy files, so several run times may listen; each
// takes units only from files that it lists: their names hold their hash.
(function (KEY, T) {
  var W = self, D = document, script = D.currentScript;
  var hub = W[KEY] = W[KEY] || [];
  if (!hub.takers) {
    hub.takers = {};
    hub.push = function (file) {
      var from = nameOf(D.currentScript);
      Array.prototype.push.call(hub, [from, file]);
      for (var k in hub.takers) hub.takers[k](from, file);
    };
    hub.forEach(function (file, i) { hub[i] = ["", file]; });
  }
  if (hub.takers[T.h]) return; // the page included the file twice
  var own = nameOf(script), units = {}, done = {}, files = {}, hinted = {}, waiting = T.n;

  function nameOf(el) {
    return el && el.src ? el.src.replace(/[?#].*$/, "").replace(/^.*\//, "") : "";
  }

  // A unit runs once, when first asked for. An error is kept, as the module
  // records of ECMA-262 keep theirs.
  function R(id) {
    var m = done[id];
    if (!m) {
      var f = units[id];
      if (!f) throw new Error(KEY + ": unit " + id + " is not loaded");
      m = done[id] = { e: {} };
      units[id] = 1;
      try { f(R, m.e); } catch (x) { m.x = [x]; }
    }
    if (m.x) throw m.x[0];
    return m.e;
  }
  R.e = function (e, get) {
    for (var k in get) Object.defineProperty(e, k, { enumerable: true, get: get[k] });
  };
  R.u = script && script.src || location.href;
  R.p = T.p != null ? T.p : R.u.replace(/[?#].*$/, "").replace(/[^/]*$/, "");
  R.n = script && (script.nonce || script.getAttribute("nonce")) || "";

  // evaluate runs a root's units in the order of the source, and gives its
  // namespace object.
  function evaluate(root) {
    root[2].forEach(R);
    return R(root[0])[root[1]];
  }
  // t is require() of an ES module (__toCommonJS of other tools).
  R.t = function (id) {
    var root = T.r[id];
    if (!root.c) {
      var ns = evaluate(root), c = Object.defineProperty({}, "__esModule", { value: true });
      Object.getOwnPropertyNames(ns).forEach(function (k) {
        if (k != "__esModule") Object.defineProperty(c, k, { enumerable: true, get: function () { return ns[k]; } });
      });
      root.c = c;
    }
    return root.c;
  };
  // l is import(): files first, then evaluation in a task of its own.
  R.l = function (id) {
    var root = T.r[id];
    var needed = filesOf(root);
    hint(root[4], "preload");
    return Promise.all(needed.map(load)).then(function () {
      var ns = evaluate(root);
      hint(root[3], "prefetch");
      return ns;
    });
  };

  // filesOf lists what a root needs and the page lacks: styles in the order of
  // the cascade, then scripts.
  function filesOf(root) {
    var out = root[5].slice();
    root[2].forEach(function (u) {
      var f = T.u[u];
      if (!units[u] && out.indexOf(f) < 0) out.push(f);
    });
    return out;
  }

  function ChunkLoadError(name, type, url) {
    var style = /\.css$/.test(name);
    var e = new Error("Loading " + (style ? "CSS " : "") + "chunk " + name + " failed.\n(" + type + ": " + url + ")");
    e.name = "ChunkLoadError";
    e.code = style ? "CSS_CHUNK_LOAD_FAILED" : "CHUNK_LOAD_FAILED";
    e.type = type;
    e.request = url;
    e.chunk = name;
    return e;
  }

  // load fetches a file once; after an error once more, past caches; after
  // that the next import() may try again.
  function load(i) {
    return files[i] || (files[i] = attempt(i, 0).catch(function () { return attempt(i, 1); }).catch(function (e) {
      delete files[i];
      throw e;
    }));
  }
  function attempt(i, again) {
    var name = T.f[i][0], url = R.p + name + (again ? "?retry" : "");
    return new Promise(function (resolve, reject) {
      var style = /\.css$/.test(name), el = D.createElement(style ? "link" : "script"), timer;
      function fail(type) { end(); el.remove(); reject(ChunkLoadError(name, type, url)); }
      function end() { clearTimeout(timer); el.onload = el.onerror = null; }
      el.onload = function () { if (style || ready(i)) { end(); resolve(); } else fail("missing"); };
      el.onerror = function () { fail("error"); };
      timer = setTimeout(function () { fail("timeout"); }, 12e4);
      pin(el, i);
      if (style) el.rel = "stylesheet", el.href = url, place(el, i);
      else el.src = url, D.head.appendChild(el);
    });
  }
  // place keeps lazy styles in the order in which they were asked for, also
  // when one is tried again.
  var order = [];
  function place(el, i) {
    var at = order.indexOf(i), next = null;
    if (at < 0) order.push(i);
    else for (var j = at + 1; j < order.length && !next; j++) next = D.head.querySelector('link[data-chunk="' + T.f[order[j]][0] + '"]');
    el.setAttribute("data-chunk", T.f[i][0]);
    D.head.insertBefore(el, next);
  }
  function pin(el, i) {
    el.integrity = T.f[i][1];
    el.crossOrigin = "anonymous";
    if (R.n) el.setAttribute("nonce", R.n);
  }
  function ready(i) {
    for (var u in T.u) if (T.u[u] == i && !units[u]) return false;
    return true;
  }
  function hint(roots, rel) {
    roots.forEach(function (id) {
      filesOf(T.r[id]).forEach(function (i) {
        if (hinted[i] || files[i]) return;
        hinted[i] = 1;
        var el = D.createElement("link");
        el.rel = rel;
        el.as = /\.css$/.test(T.f[i][0]) ? "style" : "script";
        pin(el, i);
        el.href = R.p + T.f[i][0];
        D.head.appendChild(el);
      });
    });
  }

  function take(from, file) {
    if (from && from != own && T.i.indexOf(from) < 0 && !T.f.some(function (f) { return f[0] == from; })) return;
    var fresh = !Object.keys(file).length; // a file that comes twice counts once
    for (var u in file) if (!units[u]) fresh = true, units[u] = file[u];
    if (waiting && fresh && (!from || from == own || T.i.indexOf(from) >= 0) && !--waiting) start();
  }
  function start() {
    var root = T.r[T.e];
    hint(root[4], "preload");
    var ns = evaluate(root);
    if (T.l) W[T.l] = ns;
    hint(root[3], "prefetch");
  }
  hub.takers[T.h] = take;
  hub.forEach(function (entry) { take(entry[0], entry[1]); });
})("__KEY__", "__TABLE__");
