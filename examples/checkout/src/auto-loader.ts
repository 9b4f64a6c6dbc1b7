import { loadFiles } from './loader';

/** Starts the checkout that `window.checkoutConfig` asks for. */
async function start(): Promise<void> {
  const { checkoutId, orderId, ...options } = window.checkoutConfig;
  const { renderCheckout, renderOrderConfirmation } = await loadFiles(options);

  if (orderId) {
    renderOrderConfirmation({ ...options, orderId });
  } else if (checkoutId) {
    renderCheckout({ ...options, checkoutId });
  } else {
    throw new Error('window.checkoutConfig has neither a checkoutId nor an orderId');
  }
}

start().catch((problem: Error) => {
  const notice = document.createElement('p');

  notice.setAttribute('role', 'alert');
  notice.dataset.error = problem.name;
  notice.textContent = problem.message;
  document.getElementById(window.checkoutConfig.containerId)?.replaceChildren(notice);
});
