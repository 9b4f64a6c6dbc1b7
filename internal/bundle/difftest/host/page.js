// The page's side: which style rules are in force, in the order of the document's style sheets. Each style sheet of a
// graph has one marker rule `.m-<name>{--m:1}`.
(() => {
  "use strict";
  const markers = (rules, out) => {
    for (const rule of rules) {
      if (rule.styleSheet) markers(rule.styleSheet.cssRules, out);
      else if (rule.selectorText && rule.selectorText.startsWith(".m-")) out.push(rule.selectorText.slice(3));
      else if (rule.cssRules) markers(rule.cssRules, out);
    }
    return out;
  };
  globalThis.__css = () => {
    const out = [];
    for (const sheet of document.styleSheets) markers(sheet.cssRules, out);
    return out;
  };
  const problems = [];
  addEventListener("error", (e) => {
    problems.push(e.message || "loading " + ((e.target && (e.target.src || e.target.href)) || "something"));
  }, true);
  addEventListener("unhandledrejection", (e) => problems.push("unhandled rejection: " + String(e.reason)));

  const { __drive: drive } = globalThis;
  const done = parent.__done;
  const globals = Object.getOwnPropertyNames;
  let before;
  const leaks = () => globals(globalThis).filter((k) => !before.has(k));

  // __finish reports to the runner around this frame.
  globalThis.__finish = async (load, steps) => {
    let answer;
    try {
      const library = await load();
      if (library === undefined) throw new Error("the initial files left no library; " + problems.join("; "));
      answer = { trace: await drive(library, steps), leaks: leaks() };
    } catch (e) {
      answer = { error: String((e && e.stack) || e), problems };
    }
    answer.problems = problems;
    done(location.pathname, answer);
  };
  before = new Set(globals(globalThis));
})();
