import { element, formValues } from '../elements';
import { formatMoney } from '../money';
import { loadPaymentForm, type PaymentForm } from '../payment';
import { showProblem } from '../problem';
import { getPaymentMethods, orderTotal, placeOrder, type Checkout, type Draft } from '../store';
import { translate } from '../translate';

import { step } from './step';

export interface Order {
  number: string;
}

/** Resolves to the order once the shopper has paid. */
export async function paymentStep(steps: HTMLElement, checkout: Checkout, draft: Draft): Promise<Order> {
  const total = formatMoney(orderTotal(checkout, draft), checkout.currency);
  const methods = await getPaymentMethods();
  const choices = methods.map(({ id, name }) =>
    element('label', { class: 'method' }, element('input', { type: 'radio', name: 'method', value: id, required: true }), name),
  );
  const panel = element('div', { class: 'panel' });
  const form = step(
    steps,
    'payment',
    translate('payment'),
    [element('fieldset', {}, ...choices), panel],
    translate('placeOrder', { total }),
  );
  let current: PaymentForm | undefined;

  form.element.addEventListener('change', async ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.name !== 'method') {
      return;
    }

    const method = methods.find(({ id }) => id === target.value);
    const shown = element('div', { 'data-method': target.value });

    current = undefined;
    panel.replaceChildren(shown);

    try {
      const loaded = method && (await loadPaymentForm(method, total));

      /* Another method may have been chosen meanwhile. */
      if (shown.isConnected && loaded) {
        current = loaded;
        shown.append(...loaded.fields);
        shown.setAttribute('data-ready', '');
      }
    } catch (problem) {
      showProblem(shown, problem);
    }
  });

  for (;;) {
    await form.submitted();

    const values = formValues(form.element);
    const problem = current?.problem(values);

    if (problem) {
      showProblem(panel, new Error(problem));
    } else if (current) {
      return placeOrder(draft, values);
    }
  }
}
