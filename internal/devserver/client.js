// The development server's client. It stands before an entry's code, and speaks
// to the server that the entry came from. It is ES5 but for what it tests for.
// Client() makes one line of it: a statement ends with ";", a comment has a
// line of its own. "__SRC__" and "__CSS__" are replaced.
(function (src) {
  var at = /^(https?:\/\/[^\/]+)\/([^?#]*)/.exec(src || "");
  if (!at || !self.document || !self.EventSource) return;
  var D = document, origin = at[1], flag = "checkout-deploy " + origin;
  // Several entries in one page: one client.
  if (self[flag]) return;
  self[flag] = 1;
  var own = "__checkout-deploy/", known, moved = {}, panel, source, timer, going, heard, blocked;

  function warn(text) { console.warn("[checkout-deploy] " + text); }

  function reload() {
    if (!going) location.reload();
    going = 1;
  }

  // A page may name an old script for good: it gets one new try for a build.
  function reloadOnce(id) {
    try {
      if (sessionStorage[flag] == id) return;
      sessionStorage[flag] = id;
      reload();
    } catch (e) { warn("reload the page: its scripts are of an older build"); }
  }

  function release(d) {
    // The server has no build yet: this page is about that.
    if (!d.id) return known = known || "none";
    close();
    if (!known && d.stale) reloadOnce(d.id);
    if (known && known != d.id) {
      if (!d.styles || d.from != known) return reload();
      d.styles.forEach(move);
      [].slice.call(D.querySelectorAll("link")).forEach(swap);
    }
    known = d.id;
  }

  // moved leads from every address that a style sheet had to the one it has.
  function move(style) {
    var to = { href: origin + "/" + style.to, integrity: style.integrity };
    style.from.forEach(function (name) {
      var from = origin + "/" + name;
      for (var k in moved) if (moved[k].href == from) moved[k] = to;
      moved[from] = to;
    });
    delete moved[to.href];
  }

  // The old style sheet goes when the new one is there.
  function swap(link) {
    var to = /\bstylesheet\b/i.test(link.rel) && moved[link.href.replace(/[?#].*/, "")];
    if (!to || link.cdNext) return;
    var next = link.cdNext = link.cloneNode();
    if (link.nonce) next.setAttribute("nonce", link.nonce);
    next.integrity = to.integrity;
    next.crossOrigin = "anonymous";
    next.href = to.href;
    next.onload = function () { drop(link); };
    next.onerror = reload;
    next.cdOld = link;
    link.parentNode.insertBefore(next, link.nextSibling);
  }
  function drop(link) {
    if (link.cdOld) drop(link.cdOld);
    link.cdOld = 0;
    if (link.parentNode) link.parentNode.removeChild(link);
  }
  // A chunk that loads later asks for the style sheet as it was.
  D.addEventListener("load", function (e) { if (e.target.rel) swap(e.target); }, true);

  function close() {
    if (panel && panel.parentNode) panel.parentNode.removeChild(panel);
    panel = 0;
  }
  function add(parent, name, text) {
    var el = D.createElement(name);
    if (text) el.textContent = text;
    return parent.appendChild(el);
  }
  // Text only, and a style sheet that is an object: no policy objects to it.
  function show(d) {
    close();
    panel = D.createElement("checkout-deploy-errors");
    var root = panel.attachShadow({ mode: "open" });
    try {
      var sheet = new CSSStyleSheet();
      sheet.replaceSync("__CSS__");
      root.adoptedStyleSheets = [sheet];
    } catch (e) { panel.style.cssText = "position:fixed;inset:0;overflow:auto;background:#fff;color:#000;z-index:2147483647"; }
    var box = add(root, "section"), head = add(box, "header"), n = d.found.length + d.more;
    box.setAttribute("role", "alertdialog");
    box.setAttribute("aria-label", "The build failed");
    add(head, "h1", "The build failed");
    add(head, "span", n > 1 ? n + " errors" : "");
    var button = add(head, "button", "Close");
    button.title = "Escape";
    button.onclick = close;
    d.found.forEach(function (f) {
      var one = add(box, "article");
      if (f.place) add(one, "b", f.place);
      add(one, "p", f.message);
      if (f.code) code(add(one, "pre"), f.code);
      if (f.hint) add(one, "small", f.hint);
    });
    if (d.more) add(box, "small", "and " + d.more + " more");
    add(box, "footer", known && known != "none" ? "The page still runs the last good build." : "");
    D.documentElement.appendChild(panel);
    // Above the page's dialogs too.
    if (panel.showPopover) {
      panel.popover = "manual";
      panel.showPopover();
    }
  }
  function code(pre, lines) {
    lines.forEach(function (l) {
      var row = add(pre, "div"), number = add(row, "i", l.number);
      number.setAttribute("aria-hidden", "true");
      add(row, "span", l.text.slice(0, l.from));
      if (l.to > l.from) add(row, "mark", l.text.slice(l.from, l.to) || " ");
      add(row, "span", l.text.slice(l.to) || " ");
    });
  }
  self.addEventListener("keydown", function (e) {
    if (!panel || e.key != "Escape") return;
    e.preventDefault();
    e.stopPropagation();
    close();
  }, true);

  function connect() {
    var file = at[2].indexOf(own) ? at[2] : "";
    source = new EventSource(origin + "/" + own + "events?script=" + encodeURIComponent(file));
    source.addEventListener("release", function (e) { heard = 1; release(JSON.parse(e.data)); });
    source.addEventListener("errors", function (e) { heard = 1; show(JSON.parse(e.data)); });
    source.onerror = function () {
      // It tries again by itself where the server is only away.
      if (!source || source.readyState != 2 || blocked) return;
      if (!heard) warn("no events from " + origin + "; does the server allow the origin " + location.origin + "?");
      heard = 1;
      timer = setTimeout(connect, 2000);
    };
  }
  // A browser has six connections to a server: a hidden page needs none.
  function look() {
    clearTimeout(timer);
    if (source) source.close();
    source = 0;
    if (!D.hidden && !blocked) connect();
  }
  D.addEventListener("visibilitychange", look);
  D.addEventListener("securitypolicyviolation", function (e) {
    if (blocked || e.disposition == "report" || !/^connect/.test(e.effectiveDirective) || e.blockedURI.indexOf(origin)) return;
    blocked = 1;
    warn("the page's Content-Security-Policy blocks live reload: in development, add " + origin + " to its connect-src");
  });
  look();
})("__SRC__");
