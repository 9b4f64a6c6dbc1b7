import './polyfill';

export { renderCheckout } from './renderCheckout';
export { renderOrderConfirmation } from './renderOrderConfirmation';
