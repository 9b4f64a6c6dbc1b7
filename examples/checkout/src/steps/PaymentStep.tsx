import { lazy, useEffect, useState, type FormEvent } from 'react';

import type { PaymentMethod, StoreClient } from '@example/checkout-sdk';

import { PaymentForm } from '../payment';
import { useTranslate } from '../translation';
import { report } from '../traps';
import { LazyStep, Notice } from '../ui';

const Terms = lazy(() =>
  import(/* webpackChunkName: "terms", webpackPreload: true */ './Terms').then(({ Terms }) => ({ default: Terms })),
);

export interface PaymentStepProps {
  store: StoreClient;
  total: string;
  onPay(payment: object): Promise<void>;
}

export function PaymentStep({ store, total, onPay }: PaymentStepProps) {
  const t = useTranslate();
  const [methods, setMethods] = useState<PaymentMethod[]>([]);
  const [method, setMethod] = useState<PaymentMethod>();
  const [error, setError] = useState<Error>();

  useEffect(() => {
    store.paymentMethods().then(setMethods);
    reportHints();
  }, [store]);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onPay(Object.fromEntries(new FormData(event.currentTarget))).catch(setError);
  };

  return (
    <form className="step" data-step="payment" onSubmit={submit}>
      <h2>{t('payment')}</h2>
      <fieldset>
        {methods.map((each) => (
          <label key={each.id} className="method">
            <input type="radio" name="method" value={each.id} required onChange={() => setMethod(each)} />
            {each.name}
          </label>
        ))}
      </fieldset>
      {method && <PaymentForm key={method.id} method={method} total={total} />}
      <LazyStep name="terms">
        <Terms />
      </LazyStep>
      {error && <Notice error={error}>{t('error', { message: error.message })}</Notice>}
      <button type="submit">{t('placeOrder', { total })}</button>
    </form>
  );
}

/* Preload and prefetch are `<link>`s that the bundler's runtime puts into the page. */
function reportHints(): void {
  const links = Array.from(document.querySelectorAll<HTMLLinkElement>('link[href]'));
  const has = (name: string, ...relations: string[]) =>
    links.some(({ href, rel, crossOrigin }) => {
      const file = href.slice(href.lastIndexOf('/') + 1);

      return relations.includes(rel) && file.startsWith(name) && crossOrigin === 'anonymous';
    });

  report('prefetch', has('confirmation', 'prefetch'), true);
  report('preload', has('terms', 'preload', 'modulepreload'), true);
}
