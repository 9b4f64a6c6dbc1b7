'use strict';

var brands = require('./brands');

function passesLuhn(cardNumber) {
  var digits = String(cardNumber).replace(/[ -]/g, '');
  var sum = 0;

  if (!/^\d{12,19}$/.test(digits)) {
    return false;
  }

  for (var i = 0; i < digits.length; i++) {
    var digit = Number(digits[digits.length - 1 - i]) * (i % 2 ? 2 : 1);

    sum += digit > 9 ? digit - 9 : digit;
  }

  return sum % 10 === 0;
}

module.exports = passesLuhn;
module.exports.brandOf = brands.default;
module.exports.version = require('./package.json').version;
