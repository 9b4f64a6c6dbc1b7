import { useEffect } from 'react';

import { drawn, IconWallet } from '@example/icons';

import { useTranslate } from '../../translation';
import { report } from '../../traps';
import type { PaymentFormProps } from '../PaymentForm';

import './WalletPayment.scss';

export function WalletPayment({ method, total }: PaymentFormProps) {
  const t = useTranslate();

  /* Nothing but this chunk uses the wallet, and nothing at all uses the globe. */
  useEffect(() => report('barrel-lazy', `${drawn.includes('wallet')} ${drawn.includes('globe')}`, 'true false'), []);

  return (
    <div data-method={method.id} data-ready>
      <p className="wallet">
        <IconWallet /> {t('walletHint', { total })}
      </p>
    </div>
  );
}
