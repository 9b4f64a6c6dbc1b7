import './styles/checkout.css';

export { renderCheckout } from './checkout';
export type { CheckoutConfig } from './config';
