// The run time of format esm: lazy styles in place before their module runs,
// hints, and errors that say which file failed. The browser pins scripts by the
// import map; styles are pinned here. __TABLE__ is replaced at build time.
var T = "__TABLE__", D = document, files = {}, hinted = {}, order = [];
var R = {
  p: T.p != null ? T.p : new URL("./", import.meta.url).href,
  n: (D.querySelector("script[nonce]") || {}).nonce || "",
  l: function (id) {
    var root = T.r[id];
    hint(root[3], "modulepreload");
    return Promise.all(root[1].map(load)).then(function () { return request(root[0]); }).then(function (m) {
      hint(root[2], "prefetch");
      return m.ns;
    });
  }
};

// request imports a module; where the network failed, once more. An error that
// the module itself throws is the module's, and stays as it is.
function request(name) {
  return import(name).catch(function (e) {
    if (!network(e)) throw e;
    return import(name).catch(function (e) {
      throw network(e) ? chunkLoadError(name, "error", name) : e;
    });
  });
}
function network(e) {
  return e instanceof TypeError && /module script|imported module/i.test(e.message);
}
function chunkLoadError(name, type, url) {
  var style = /\.css$/.test(name);
  var e = new Error("Loading " + (style ? "CSS " : "") + "chunk " + name + " failed.\n(" + type + ": " + url + ")");
  e.name = "ChunkLoadError";
  e.code = style ? "CSS_CHUNK_LOAD_FAILED" : "CHUNK_LOAD_FAILED";
  e.type = type;
  e.request = url;
  e.chunk = name;
  return e;
}
function load(i) {
  return files[i] || (files[i] = attempt(i, 0).catch(function () { return attempt(i, 1); }).catch(function (e) {
    delete files[i];
    throw e;
  }));
}
function attempt(i, again) {
  var name = T.f[i][0], url = R.p + name + (again ? "?retry" : "");
  return new Promise(function (resolve, reject) {
    var el = D.createElement("link"), timer;
    function fail(type) { end(); el.remove(); reject(chunkLoadError(name, type, url)); }
    function end() { clearTimeout(timer); el.onload = el.onerror = null; }
    el.onload = function () { end(); resolve(); };
    el.onerror = function () { fail("error"); };
    timer = setTimeout(function () { fail("timeout"); }, 12e4);
    pin(el, i);
    el.rel = "stylesheet";
    el.href = url;
    place(el, i);
  });
}
// place keeps lazy styles in the order in which they were asked for.
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
function hint(roots, rel) {
  roots.forEach(function (id) {
    T.r[id][4].forEach(function (i) {
      if (hinted[i] || files[i]) return;
      hinted[i] = 1;
      var el = D.createElement("link"), style = /\.css$/.test(T.f[i][0]);
      el.rel = style && rel == "modulepreload" ? "preload" : rel;
      el.as = style ? "style" : "script";
      pin(el, i);
      el.href = R.p + T.f[i][0];
      D.head.appendChild(el);
    });
  });
}
R.start = function (id) { var r = T.r[id]; hint(r[3], "modulepreload"); hint(r[2], "prefetch"); };
export default R;
