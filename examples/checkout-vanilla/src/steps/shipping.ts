import { element, field, formValues } from '../elements';
import { truckIcon } from '../icons';
import { formatMoney } from '../money';
import { getCountries, type Checkout, type Country, type Draft } from '../store';
import { translate } from '../translate';

import './shipping.css';

import { step } from './step';

export async function shippingStep(
  steps: HTMLElement,
  checkout: Checkout,
): Promise<Pick<Draft, 'address' | 'shippingOption'>> {
  const countries = await getCountries();
  const form = step(steps, 'shipping', translate('shipping'), [
    ...addressFields(countries),
    shippingOptions(checkout),
  ]);

  for (;;) {
    await form.submitted();

    const { shippingOption, ...address } = formValues(form.element);
    const country = countries.find(({ code }) => code === address.country);

    if (country && new RegExp(country.postcode).test(address.postcode)) {
      return { address, shippingOption: checkout.shippingOptions.find(({ id }) => id === shippingOption) };
    }

    const problem = translate('badPostcode', { country: country?.name ?? address.country });

    form.element.querySelector('.shipping__problem')?.remove();
    form.element.append(element('p', { class: 'shipping__problem' }, problem));
  }
}

function addressFields(countries: Country[]): Node[] {
  const choices = countries.map(({ code, name }) => element('option', { value: code }, name));

  return [
    field(translate('name'), { name: 'name', autocomplete: 'name' }),
    field(translate('street'), { name: 'street', autocomplete: 'address-line1' }),
    field(translate('postcode'), { name: 'postcode', autocomplete: 'postal-code' }),
    field(translate('city'), { name: 'city', autocomplete: 'address-level2' }),
    element(
      'label',
      { class: 'field' },
      translate('country'),
      element('select', { name: 'country', autocomplete: 'country' }, ...choices),
    ),
  ];
}

function shippingOptions({ shippingOptions: options, currency }: Checkout): Node {
  const rows = options.map(({ id, name, price }, index) =>
    element(
      'label',
      { class: 'shipping__option' },
      element('input', { type: 'radio', name: 'shippingOption', value: id, checked: index === 0 }),
      truckIcon(),
      `${name}: ${formatMoney(price, currency)}`,
    ),
  );

  return element('fieldset', {}, ...rows);
}
