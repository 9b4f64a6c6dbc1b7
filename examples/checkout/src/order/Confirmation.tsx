import type { Order } from '@example/checkout-sdk';
import { IconReceipt } from '@example/icons';

import { useTranslate } from '../translation';

import './Confirmation.scss';

export function Confirmation({ order, name }: { order: Order; name?: string }) {
  const t = useTranslate();

  return (
    <section className="confirmation" data-step="confirmation">
      <h1>
        <IconReceipt /> {name ? t('thanks', { name }) : t('order')}
      </h1>
      <p data-order={order.number}>{t('orderNumber', { number: order.number })}</p>
    </section>
  );
}
