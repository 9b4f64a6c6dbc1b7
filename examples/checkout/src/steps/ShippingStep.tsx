import { useEffect, useLayoutEffect, useRef, useState, type FormEvent } from 'react';

import {
  ExtensionRegion,
  ExtensionRight,
  type Checkout,
  type Country,
  type Draft,
  type StoreClient,
} from '@example/checkout-sdk';
import { IconTruck } from '@example/icons';

import { formatMoney } from '../money/money';
import { useTranslate } from '../translation';
import { report } from '../traps';

import { ExtensionSlot } from './ExtensionSlot';
import styles from './ShippingStep.module.scss';

export interface ShippingStepProps {
  checkout: Checkout;
  store: StoreClient;
  done: boolean;
  onDone(shipping: Pick<Draft, 'address' | 'shippingOption'>): void;
}

const TEXT_FIELDS = ['name', 'street', 'postcode', 'city'] as const;

export function ShippingStep({ checkout, store, done, onDone }: ShippingStepProps) {
  const t = useTranslate();
  const [countries, setCountries] = useState<Country[]>();
  const [problem, setProblem] = useState('');
  const grid = useRef<HTMLDivElement>(null);

  useEffect(() => {
    store.countries().then(setCountries);
  }, [store]);

  useLayoutEffect(() => {
    if (grid.current) {
      report('css-module', getComputedStyle(grid.current).display, 'grid');
    }
  }, [countries]);

  if (!countries) {
    return null;
  }

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();

    const { option, ...address } = Object.fromEntries(
      Array.from(new FormData(event.currentTarget), ([name, value]) => [name, String(value)]),
    );
    const country = countries.find(({ code }) => code === address.country);

    if (!country || !new RegExp(country.postcode).test(address.postcode)) {
      return setProblem(t('badPostcode', { country: country?.name ?? address.country }));
    }

    onDone({ address, shippingOption: checkout.shippingOptions.find(({ id }) => id === option) });
  };

  return (
    <form className="step" data-step="shipping" onSubmit={submit}>
      <h2>{t('shipping')}</h2>
      <ExtensionSlot region={ExtensionRegion.ShippingAddressBefore} rights={ExtensionRight.All} />
      <fieldset disabled={done}>
        <div ref={grid} className={styles.address}>
          {TEXT_FIELDS.map((name) => (
            <label key={name} className="field">
              {t(name)}
              <input name={name} required />
            </label>
          ))}
          <label className="field">
            {t('country')}
            <select name="country">
              {countries.map(({ code, name }) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
        {checkout.shippingOptions.map(({ id, name, price }, index) => (
          <label key={id} className={styles.option}>
            <input type="radio" name="option" value={id} defaultChecked={index === 0} />
            <IconTruck /> {name}: {formatMoney(price)}
          </label>
        ))}
      </fieldset>
      {problem && <p className={styles.problem}>{problem}</p>}
      {!done && <button type="submit">{t('continue')}</button>}
    </form>
  );
}
