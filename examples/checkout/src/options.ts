export interface RenderOptions {
  containerId: string;
  locale?: string;
  publicPath?: string;
  nonce?: string;
}

export interface RenderCheckoutOptions extends RenderOptions {
  checkoutId: string;
}

export interface RenderOrderConfirmationOptions extends RenderOptions {
  orderId: string;
}

/** What the library puts on the window. */
export interface CheckoutLibrary {
  renderCheckout(options: RenderCheckoutOptions): void;
  renderOrderConfirmation(options: RenderOrderConfirmationOptions): void;
}

export function findContainer(containerId: string): HTMLElement {
  const container = document.getElementById(containerId);

  if (!container) {
    throw new Error(`no element has the id "${containerId}"`);
  }

  return container;
}
