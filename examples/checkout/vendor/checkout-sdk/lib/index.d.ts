export * from './extension';

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

export interface Order {
  number: string;
  status: string;
}

export interface Draft {
  email: string;
  address: Record<string, string>;
  shippingOption?: ShippingOption;
}

export interface StoreClient {
  checkout(): Promise<Checkout>;
  countries(): Promise<Country[]>;
  paymentMethods(): Promise<PaymentMethod[]>;
  order(): Promise<Order>;
  placeOrder(draft: Draft, payment: object): Promise<Order>;
}

export declare function createStoreClient(base?: string): StoreClient;
/** In the currency's smallest unit. */
export declare function orderTotal(checkout: Checkout, draft: Draft): number;
