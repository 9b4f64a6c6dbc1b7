// What every graph finds in its global scope, in Node and in the page alike: the trace, and the driver that walks the
// steps. It keeps its own references to the built-ins, and reads nothing global after the graph's code has run.
(() => {
  "use strict";
  const g = globalThis;
  const { keys } = Object;
  const isArray = Array.isArray;
  const quote = JSON.stringify;
  const text = String;
  let errors = [];
  let trace = [];

  // show prints a value so that equal meanings give equal text: functions without their names (minifiers change them),
  // objects and namespaces by sorted enumerable keys, errors with an identity, so that "the same error again" is seen.
  const show = (v, depth) => {
    if (v === null || v === undefined || typeof v === "number" || typeof v === "boolean") return text(v);
    if (typeof v === "string") return quote(v);
    if (v instanceof Error) {
      if (errors.indexOf(v) < 0) errors.push(v);
      return "error#" + errors.indexOf(v) + "(" + v.message + ")";
    }
    if (typeof v !== "object" && typeof v !== "function") return typeof v;
    const names = keys(v).filter((k) => k !== "__esModule").sort();
    if (typeof v === "function") return names.length && depth < 3 ? "fn" + fields(v, names, depth) : "fn";
    if (depth >= 3) return isArray(v) ? "[…]" : "{…}";
    if (isArray(v)) return "[" + v.map((x) => show(x, depth + 1)).join(", ") + "]";
    return fields(v, names, depth);
  };
  const fields = (v, names, depth) =>
    "{" + names.map((k) => {
      try { return k + ": " + show(v[k], depth + 1); } catch (e) { return k + ": throws"; }
    }).join(", ") + "}";

  const t = (...xs) => { trace.push(xs.map((x, i) => (i === 0 && typeof x === "string" ? x : show(x, 0))).join(" ")); };

  // Short and long names for one function: a minifier that reuses the free name `t` or `$` breaks the graph.
  const names = ["__t", "t", "n", "$"];

  g.__reset = () => {
    errors = [];
    trace = [];
    for (const k of names) g[k] = t;
    g.__steps = {};
    g.__pending = [];
    return trace;
  };
  g.__reset();

  // settle waits for imports that modules started while they were evaluated.
  const settle = async () => {
    while (g.__pending.length) {
      try { await g.__pending.shift(); } catch (e) { t("pending rejected", e); }
    }
  };

  const styles = () => t("css [" + g.__css().join(" ") + "]");

  // __drive takes what the entry exports and walks the steps: "call f" calls the export f, "run k" a function that a
  // module left in __steps. Each is awaited, and what it gives is shown only when nothing is under way any more.
  g.__drive = async (library, steps) => {
    await settle();
    t("library", library);
    styles();
    for (const step of steps) {
      const [verb, ...rest] = step.split(" ");
      const name = rest.join(" ");
      const f = verb === "call" ? library[name] : g.__steps[name];
      let outcome;
      try {
        outcome = typeof f === "function" ? [" gives", await f()] : [" is absent"];
      } catch (e) {
        outcome = [" rejects", e];
      }
      await settle();
      t("> " + step + outcome[0], ...outcome.slice(1));
      styles();
    }
    t("library at the end", library);
    return trace;
  };
})();
