import { element } from '../elements';
import { receiptIcon } from '../icons';
import type { Draft } from '../store';
import { translate } from '../translate';

import './confirmation.css';
import type { Order } from './payment';

export function showConfirmation(container: HTMLElement, { number }: Order, { address }: Draft): void {
  container.replaceChildren(
    element(
      'section',
      { class: 'confirmation', 'data-step': 'confirmation' },
      element('h1', {}, receiptIcon(), translate('thanks', { name: address.name })),
      element('p', { 'data-order': number }, translate('orderNumber', { number })),
    ),
  );
}
