import { configureLoading, type CheckoutConfig } from './config';
import { element } from './elements';
import { lockIcon } from './icons';
import { formatMoney } from './money';
import { showProblem } from './problem';
import { customerStep } from './steps/customer';
import { getCheckout, orderTotal, type Draft } from './store';
import { translate, useLanguage } from './translate';

/** Renders the checkout into the container; problems are shown in the page. */
export async function renderCheckout(config: CheckoutConfig): Promise<void> {
  configureLoading(config);

  const container = document.getElementById(config.containerId);

  if (!container) {
    throw new Error(`no element has the id "${config.containerId}"`);
  }

  try {
    await run(container, config);
  } catch (problem) {
    showProblem(container, problem);
  }
}

async function run(container: HTMLElement, config: CheckoutConfig): Promise<void> {
  await useLanguage(config.locale ?? 'en');

  const checkout = await getCheckout();
  const draft: Draft = { email: '', address: {} };
  const steps = element('div', { class: 'steps' });
  const total = element('output', { class: 'total', 'data-total': true });
  const showTotal = () => {
    total.textContent = `${translate('total')} ${formatMoney(orderTotal(checkout, draft), checkout.currency)}`;
  };

  showTotal();
  container.replaceChildren(
    element('h1', {}, translate('title')),
    element('p', { class: 'secure' }, lockIcon(), translate('secure')),
    steps,
    total,
  );

  draft.email = await customerStep(steps);

  const { shippingStep } = await import(/* webpackChunkName: "shipping" */ './steps/shipping');

  Object.assign(draft, await shippingStep(steps, checkout));
  showTotal();

  const { paymentStep } = await import(
    /* webpackChunkName: "payment" */ './steps/payment'
  );
  const order = await paymentStep(steps, checkout, draft);
  const { showConfirmation } = await import(
    /* webpackChunkName: "confirmation", webpackPrefetch: true */ './steps/confirmation'
  );

  showConfirmation(container, order, draft);
}
