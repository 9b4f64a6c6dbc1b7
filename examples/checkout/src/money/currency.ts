import type { Checkout } from '@example/checkout-sdk';

import { formatMoney } from './money';

/** The currency amounts are shown in; importers see it change. */
export let currency = 'USD';

export function setCurrency(code: string): void {
  currency = code;
}

export function currencyOf(checkout: Checkout): string {
  return checkout.currency;
}

/* A cycle on purpose: money.ts imports this module, which calls back into it. */
export function example(): string {
  return formatMoney(100);
}
