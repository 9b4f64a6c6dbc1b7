import { lazy, useEffect, useState } from 'react';

import { createStoreClient, type Order } from '@example/checkout-sdk';

import { TranslationProvider } from '../translation';
import { ErrorBoundary, LazyStep } from '../ui';

import '../styles/checkout.scss';

const Confirmation = lazy(() =>
  import(/* webpackChunkName: "confirmation" */ './Confirmation').then(({ Confirmation }) => ({
    default: Confirmation,
  })),
);
const store = createStoreClient();

/** The page shown when the shopper comes back to an order that is already placed. */
export function ConfirmationApp({ orderId, locale = 'en' }: { orderId: string; locale?: string }) {
  const [order, setOrder] = useState<Order>();

  useEffect(() => {
    store.order().then(setOrder);
  }, [orderId]);

  return (
    <ErrorBoundary>
      <TranslationProvider locale={locale}>
        {order && (
          <LazyStep name="confirmation">
            <Confirmation order={order} />
          </LazyStep>
        )}
      </TranslationProvider>
    </ErrorBoundary>
  );
}
