import { field, formValues } from '../elements';
import { translate } from '../translate';

import { step } from './step';

/** Resolves to the shopper's email address. */
export async function customerStep(steps: HTMLElement): Promise<string> {
  const form = step(steps, 'customer', translate('customer'), [
    field(translate('email'), { name: 'email', type: 'email', autocomplete: 'email' }),
  ]);

  await form.submitted();

  return formValues(form.element).email;
}
