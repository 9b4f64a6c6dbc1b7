import { createRoot } from 'react-dom/client';

import { findContainer, type RenderCheckoutOptions } from './options';
import { configurePublicPath } from './publicPath';

type CheckoutAppModule = typeof import('./CheckoutApp');

export function renderCheckout({ containerId, publicPath, nonce, ...props }: RenderCheckoutOptions): void {
  configurePublicPath(publicPath, nonce);

  /* Not an import: modules below it read the public path while they are evaluated. */
  const { default: CheckoutApp } = require('./CheckoutApp') as CheckoutAppModule;

  createRoot(findContainer(containerId)).render(<CheckoutApp {...props} />);
}
