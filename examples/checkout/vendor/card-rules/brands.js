'use strict';

Object.defineProperty(exports, '__esModule', { value: true });

exports.patterns = { visa: /^4/, mastercard: /^(5[1-5]|2[2-7])/, amex: /^3[47]/ };

exports.default = function brandOf(cardNumber) {
  for (var brand in exports.patterns) {
    if (exports.patterns[brand].test(cardNumber)) {
      return brand;
    }
  }

  return 'unknown';
};
