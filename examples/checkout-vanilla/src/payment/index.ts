import type { PaymentMethod } from '../store';

export interface PaymentForm {
  fields: Node[];
  /** Says what is wrong with the values entered, or nothing. */
  problem(values: Record<string, string>): string | undefined;
}

export type PaymentFormFactory = (method: PaymentMethod, total: string) => PaymentForm;

const factories: Record<string, () => Promise<PaymentFormFactory>> = {
  card: () => import(/* webpackChunkName: "payment-card" */ './card').then(({ cardForm }) => cardForm),
  transfer: () =>
    import(/* webpackChunkName: "payment-transfer" */ './transfer').then(({ transferForm }) => transferForm),
  invoice: () =>
    import(/* webpackChunkName: "payment-invoice" */ './invoice').then(({ invoiceForm }) => invoiceForm),
};

export async function loadPaymentForm(method: PaymentMethod, total: string): Promise<PaymentForm> {
  const factory = factories[method.id];

  if (!factory) {
    throw new Error(`no form is known for the payment method "${method.id}"`);
  }

  return (await factory())(method, total);
}
