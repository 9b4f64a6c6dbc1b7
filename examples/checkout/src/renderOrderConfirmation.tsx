import { createRoot } from 'react-dom/client';

import { findContainer, type RenderOrderConfirmationOptions } from './options';
import { configurePublicPath } from './publicPath';

type ConfirmationAppModule = typeof import('./order/ConfirmationApp');

export function renderOrderConfirmation({
  containerId,
  publicPath,
  nonce,
  ...props
}: RenderOrderConfirmationOptions): void {
  configurePublicPath(publicPath, nonce);

  const { ConfirmationApp } = require<ConfirmationAppModule>('./order/ConfirmationApp');

  createRoot(findContainer(containerId)).render(<ConfirmationApp {...props} />);
}
