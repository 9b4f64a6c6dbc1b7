import { language } from './translate';

/** Formats an amount in the currency's smallest unit, e.g. 4900 EUR as €49.00. */
export function formatMoney(amount: number, currency: string): string {
  return new Intl.NumberFormat(language, { style: 'currency', currency }).format(amount / 100);
}
