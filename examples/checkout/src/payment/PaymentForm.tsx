import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

import type { PaymentMethod } from '@example/checkout-sdk';

import { LazyStep } from '../ui';

export interface PaymentFormProps {
  method: PaymentMethod;
  total: string;
}

const forms: Record<string, LazyExoticComponent<ComponentType<PaymentFormProps>>> = {
  card: lazy(() =>
    import(/* webpackChunkName: "payment-card" */ './card/CardPayment').then((m) => ({ default: m.CardPayment })),
  ),
  bank: lazy(() =>
    import(/* webpackChunkName: "payment-bank" */ './bank/BankPayment').then((m) => ({ default: m.BankPayment })),
  ),
  wallet: lazy(() =>
    import(/* webpackChunkName: "payment-wallet" */ './wallet/WalletPayment').then((m) => ({
      default: m.WalletPayment,
    })),
  ),
  invoice: lazy(() => import(/* webpackChunkName: "payment-invoice" */ './invoice/InvoicePayment')),
};

/** The form of one payment method, loaded when it is first chosen. */
export function PaymentForm({ method, total }: PaymentFormProps) {
  const Form = forms[method.id];

  if (!Form) {
    throw new Error(`no form is known for the payment method "${method.id}"`);
  }

  return (
    <LazyStep name={method.id}>
      <Form method={method} total={total} />
    </LazyStep>
  );
}
