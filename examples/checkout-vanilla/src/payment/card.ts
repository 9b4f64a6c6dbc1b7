import { element, field } from '../elements';
import { cardIcon } from '../icons';
import { report } from '../traps';
import { translate } from '../translate';

import type { PaymentFormFactory } from '.';
import badge from './card-badge.png';
import { hint } from './hint';
import { passesLuhn } from './luhn';

import './card.css';

export const cardForm: PaymentFormFactory = () => {
  const image = element('img', { src: badge, alt: '', width: '48', height: '32' });

  image.addEventListener('load', () => report('lazy-image', image.naturalWidth, 48));
  image.addEventListener('error', () => report('lazy-image', 'not loaded', 48));

  return {
    fields: [
      element('p', {}, cardIcon(), image),
      hint('card', translate('cardHint'), 'rgb(27, 58, 107)'),
      field(translate('cardNumber'), { name: 'cardNumber', inputmode: 'numeric', autocomplete: 'cc-number' }),
      field(translate('cardExpiry'), { name: 'cardExpiry', pattern: '\\d\\d/\\d\\d', autocomplete: 'cc-exp' }),
      field(translate('cardCode'), { name: 'cardCode', pattern: '\\d{3,4}', autocomplete: 'cc-csc' }),
    ],
    problem: ({ cardNumber }) => (passesLuhn(cardNumber) ? undefined : translate('cardInvalid')),
  };
};
