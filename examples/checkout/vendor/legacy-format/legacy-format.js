// The way libraries were written for script tags: it finds its surroundings by
// looking at `this`, `define`, `module` and `global`, and it is sloppy code.
(function (root, factory) {
  if (typeof define === 'function' && define.amd) {
    define(['exports'], factory);
  } else if (typeof exports === 'object' && typeof module !== 'undefined') {
    // In CommonJS `this` at the top of a file is `exports`.
    factory(root);
  } else {
    factory((root.legacyFormat = {}));
  }
})(this, function (exported) {
  exported.money = function (amount, currency) {
    return (amount / 100).toFixed(2) + ' ' + currency;
  };

  // A plain call has the global object as `this`, unless the code is strict.
  exported.surroundings = (function () {
    return this;
  })();

  exported.page = function () {
    return global.document;
  };

  exported.remember = function (locale) {
    legacyFormatLocale = locale;

    return legacyFormatLocale;
  };
});
