import { useState } from 'react';

import passesLuhn, { brandOf } from '@example/card-rules';
import brandOfNumber, { patterns } from '@example/card-rules/brands';

import { reportResult } from '../../traps';

import { TextField } from './TextField';

reportResult('commonjs-default', () => passesLuhn('4111 1111 1111 1111'), true);
reportResult('commonjs-named', () => brandOf('5555555555554444'), 'mastercard');
reportResult('commonjs-es-default', () => brandOfNumber('340000000000009'), 'amex');

const KNOWN_BRANDS = Object.keys(patterns);

export function CardNumberField({ label, invalid }: { label: string; invalid: string }) {
  const [brand, setBrand] = useState('unknown');

  return (
    <TextField
      label={label}
      name="cardNumber"
      inputMode="numeric"
      autoComplete="cc-number"
      className={KNOWN_BRANDS.includes(brand) ? `brand brand--${brand}` : 'brand'}
      onChange={({ target }) => {
        setBrand(brandOf(target.value));
        target.setCustomValidity(passesLuhn(target.value) ? '' : invalid);
      }}
    />
  );
}
