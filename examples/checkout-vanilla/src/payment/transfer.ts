import { element, field } from '../elements';
import { bankIcon } from '../icons';
import { translate } from '../translate';

import type { PaymentFormFactory } from '.';
import { hint } from './hint';

import './transfer.css';

export const transferForm: PaymentFormFactory = ({ iban = '' }, total) => ({
  fields: [
    element('p', {}, bankIcon()),
    hint('transfer', translate('transferHint', { total, iban }), 'rgb(11, 110, 79)'),
    field(translate('transferOwner'), { name: 'owner' }),
  ],
  problem: () => undefined,
});
