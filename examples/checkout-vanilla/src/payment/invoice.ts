import { element, field } from '../elements';
import { receiptIcon } from '../icons';
import { translate } from '../translate';

import type { PaymentFormFactory } from '.';

export const invoiceForm: PaymentFormFactory = ({ days = 14 }, total) => ({
  fields: [
    element('p', {}, receiptIcon(), translate('invoiceHint', { total, days })),
    field(translate('invoiceReference'), { name: 'reference', required: false }),
  ],
  problem: () => undefined,
});
