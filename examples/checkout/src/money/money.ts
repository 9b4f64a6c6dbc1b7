import { language } from '../translation/language';

import { currency, example } from './currency';

/** Formats an amount in the currency's smallest unit, e.g. 4900 as €49.00. */
export function formatMoney(amount: number): string {
  return new Intl.NumberFormat(language(), { style: 'currency', currency }).format(amount / 100);
}

export function moneyLabel(): string {
  return example() ? `amounts in ${currency}` : '';
}
