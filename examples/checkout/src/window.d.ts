/* The page owns it; see index.html. */
interface Window {
  checkoutConfig: {
    containerId: string;
    checkoutId?: string;
    orderId?: string;
    locale?: string;
    publicPath?: string;
    nonce?: string;
  };
}
