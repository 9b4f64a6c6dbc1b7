export interface ShippingOption {
  id: string;
  name: string;
  price: number;
}

export interface Checkout {
  id: string;
  currency: string;
  lines: Array<{ id: string; name: string; quantity: number; price: number }>;
  shippingOptions: ShippingOption[];
}

export interface Country {
  code: string;
  name: string;
  postcode: string;
}

export interface PaymentMethod {
  id: string;
  name: string;
  iban?: string;
  days?: number;
}

/** What the shopper has entered so far. */
export interface Draft {
  email: string;
  address: Record<string, string>;
  shippingOption?: ShippingOption;
}

async function request<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`/api/${path}`, init);

  if (!response.ok) {
    throw new Error(`the store answered ${response.status} for ${path}`);
  }

  return response.json();
}

export const getCheckout = (): Promise<Checkout> => request('checkout');
export const getCountries = (): Promise<Country[]> => request('countries');
export const getPaymentMethods = (): Promise<PaymentMethod[]> => request('payment-methods');

export const placeOrder = (draft: Draft, payment: object): Promise<{ number: string }> =>
  request('orders', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...draft, payment }),
  });

/** Prices are in the currency's smallest unit. */
export function orderTotal(checkout: Checkout, draft: Draft): number {
  const goods = checkout.lines.reduce((sum, line) => sum + line.quantity * line.price, 0);

  return goods + (draft.shippingOption?.price ?? 0);
}
