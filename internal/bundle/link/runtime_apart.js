  // What modules need that are kept apart. x is what a module exports so far.
  R.x = function (id) { return done[id] ? done[id].e : {}; };
  // c runs a CommonJS module: one that throws is forgotten, as Node.js does.
  R.c = function (m, f) {
    m.c = 1;
    f.call(m.e, { get exports() { return m.e; }, set exports(e) { m.e = e; } }, m.e, R.r);
  };
  R.r = function (id) {
    var e = new Error("Cannot find module '" + id + "'");
    e.code = "MODULE_NOT_FOUND";
    throw e;
  };
  function copy(to, from, except) {
    if (from && typeof from == "object" || typeof from == "function") Object.getOwnPropertyNames(from).forEach(function (k) {
      if (k === except || Object.prototype.hasOwnProperty.call(to, k)) return;
      var d = Object.getOwnPropertyDescriptor(from, k);
      Object.defineProperty(to, k, { enumerable: !d || d.enumerable, get: function () { return from[k]; } });
    });
    return to;
  }
  // i is a CommonJS module as an ES module imports it, q the reverse, s is
  // `export * from` where names come at run time.
  R.i = function (m, node) {
    var to = m != null ? Object.create(Object.getPrototypeOf(m)) : {};
    if (node || !m || !m.__esModule) Object.defineProperty(to, "default", { value: m, enumerable: true });
    return copy(to, m);
  };
  var asCommon = {};
  R.q = function (id) {
    var e = R(id);
    return asCommon[id] || (asCommon[id] = copy(Object.defineProperty({}, "__esModule", { value: true }), e));
  };
  R.s = function (to, from) { copy(to, from, "default"); };
