import { element } from '../elements';
import { translate } from '../translate';

export interface Step {
  element: HTMLFormElement;
  /** Resolves at the next submission that the browser finds valid. */
  submitted(): Promise<void>;
}

/** Adds a step with a form to the page; earlier steps can't be edited any more. */
export function step(
  steps: HTMLElement,
  name: string,
  title: string,
  fields: Node[],
  button = translate('continue'),
): Step {
  const form = element('form', { class: 'step', 'data-step': name }, element('h2', {}, title));

  for (const earlier of steps.querySelectorAll('input, select, button')) {
    earlier.setAttribute('disabled', '');
  }

  form.append(...fields, element('button', { type: 'submit' }, button));
  steps.append(form);

  return {
    element: form,
    submitted: () =>
      new Promise((resolve) => {
        form.addEventListener(
          'submit',
          (event) => {
            event.preventDefault();
            resolve();
          },
          { once: true },
        );
      }),
  };
}
