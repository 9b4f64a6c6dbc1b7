/** What the page around the checkout says; it owns `window.checkoutConfig`. */
export interface CheckoutConfig {
  containerId: string;
  checkoutId: string;
  locale?: string;
  /** Where the built files are served from, when that is not the page's own folder. */
  publicPath?: string;
  /** The page's Content-Security-Policy nonce. */
  nonce?: string;
}

declare global {
  /* Free variables of the bundler: assigning them sets where and how later files are loaded. */
  let __webpack_public_path__: string;
  let __webpack_nonce__: string;
}

export function configureLoading({ publicPath, nonce }: CheckoutConfig): void {
  if (publicPath) {
    __webpack_public_path__ = publicPath.endsWith('/') ? publicPath : `${publicPath}/`;
  }

  if (nonce) {
    __webpack_nonce__ = nonce;
  }
}
